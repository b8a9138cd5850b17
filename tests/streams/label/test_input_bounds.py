"""Every input of the API with too much in it: refused with a reason, nothing of it changes anything."""

from __future__ import annotations

import json

import pytest

from streams.label.commands import CountTasks
from streams.label.onboarding import practice_id
from streams.label.settings import ApiSettings
from tests.streams.label.conftest import GUIDANCE

SETTINGS = ApiSettings()
LEASE = f"{1:032x}-1"
PRACTICE = practice_id(GUIDANCE.onboarding[0])
LONG, MANY = "x" * 100_000, 100_000
SPAN = {"field": "text", "start": 0, "end": 1, "label": "NAME"}
BODIES = {
    f"/v1/leases/{LEASE}/heartbeat": {"fencing_token": 1},
    f"/v1/leases/{LEASE}/hint": {"fencing_token": 1, "placeholder": "[LOCATION_1]"},
    f"/v1/leases/{LEASE}/attempt": {"fencing_token": 1, "taking": "copy"},
    f"/v1/leases/{LEASE}/label": {"fencing_token": 1, "result": {"spans": [SPAN], "choices": {"tone": "calm"}}},
    f"/v1/leases/{LEASE}/skip": {"fencing_token": 1, "reason": "unclear"},
    f"/v1/leases/{LEASE}/release": {"fencing_token": 1, "reason": "break"},
    f"/v1/leases/{LEASE}/report": {"fencing_token": 1, "reason": "secret", "spans": []},
    f"/v1/projects/demo/onboarding/{PRACTICE}": {"result": {"spans": [SPAN], "choices": {}}},
}
GETS = ("/v1/me", "/v1/projects/demo/stats", "/v1/projects/demo/guide")


def nested(depth):
    return json.loads("[" * depth + "]" * depth)


def untouched(api):
    api.loop.requests.ask(CountTasks()).result(60)
    return api.loop.labels() == [] and api.loop.processor._queue.counts(api.clock.now()).leased == 1


@pytest.fixture
def api(api, make_task):
    api.loop.give(make_task(1))
    assert api.lease()["lease_id"] == LEASE
    return api


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"note": "x"}, 400),
        ({"note": LONG}, 413),
        ({"note": nested(SETTINGS.json_depth + 1)}, 400),
        ({"note": [0] * (SETTINGS.json_nodes + 1)}, 400),
        ({"note": "\x00"}, 400),
        ({"fencing_token": 2**63}, 400),
        ({"fencing_token": -1}, 400),
        ({"fencing_token": 1.0}, 400),
        ({"fencing_token": "1"}, 400),
        ({"fencing_token": True}, 400),
    ],
    ids=["key", "bytes", "depth", "nodes", "nul", "huge", "negative", "float", "text", "bool"],
)
def test_body_with_too_much_is_refused(api, path, more, status):
    answer = api.call(path, BODIES[path] | more, Idempotency_Key="k")
    assert answer.status_code == status, answer.text
    assert "x" * 50 not in answer.text
    assert untouched(api)


@pytest.mark.parametrize("path", [path for path in BODIES if path.endswith(("label", PRACTICE))])
@pytest.mark.parametrize(
    "result",
    [
        {"spans": [SPAN | {"field": "f" * 257}]},
        {"spans": [SPAN | {"label": "l" * 257}]},
        {"spans": [SPAN | {"start": -1}]},
        {"spans": [SPAN | {"end": 2**31 + 1}]},
        {"spans": [SPAN | {"text": "smuggled"}]},
        {"choices": {"c" * 257: "calm"}},
        {"choices": {"tone": "t" * 257}},
        {"choices": {"tone": ["calm"]}},
        {"choices": {"": "calm"}},
        {"spans": "many"},
    ],
)
def test_result_out_of_bounds_is_refused(api, path, result):
    answer = api.call(path, BODIES[path] | {"result": result}, Idempotency_Key="k")
    assert answer.status_code == 400, answer.text
    assert untouched(api)


@pytest.mark.parametrize("path", [*BODIES, "/v1/projects/demo/leases"])
def test_ten_megabytes_are_never_read(api, path):
    answer = api.call(path, b"[" + b"0," * 5_000_000 + b"0]", Idempotency_Key="k")
    assert answer.status_code in (400, 413, 200), answer.text
    assert api.loop.labels() == []


@pytest.mark.parametrize("path", GETS)
@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        ({"X-More": LONG}, (431,)),
        ({f"X-{number}": "x" * 100 for number in range(400)}, (431,)),
        ({"Authorization": "Bearer " + "x" * 5_000}, (401,)),
        ({"Authorization": "Bearer"}, (401,)),
        ({"Cookie": "veil=" + "x" * 15_000}, (400, 431)),
    ],
    ids=["long", "many", "token", "empty", "cookie"],
)
def test_headers_with_too_much_are_refused(api, path, headers, statuses):
    answer = api.http.get(api.url + path, headers=headers)
    assert answer.status_code in statuses, answer.text
    assert "xxxx" not in answer.text


@pytest.mark.parametrize("path", GETS)
def test_address_with_too_much_is_refused(api, path):
    assert api.call(f"{path}?{'q' * SETTINGS.target_chars}", method="GET").status_code == 414


@pytest.mark.parametrize("key", ["", "k" * 129, "a b", "é"])
def test_idempotency_key_out_of_bounds_is_refused(api, key):
    path = f"/v1/leases/{LEASE}/label"
    answer = api.call(path, json.dumps(BODIES[path]), **{"Idempotency-Key": key.encode()})
    assert answer.status_code == 400
    assert untouched(api)


@pytest.mark.parametrize(
    "name", ["%2e%2e%2f%2e%2e", "x" * 3_000, "%0d%0aSet-Cookie:%20a=b", "%00", "'--", "%F0%9F%99%8F"]
)
@pytest.mark.parametrize(
    "path", ["/v1/leases/{}/skip", "/v1/projects/{}/leases", "/v1/projects/demo/onboarding/{}"]
)
def test_name_in_a_path_that_is_none_leads_nowhere(api, path, name):
    body = {"result": {}} if "onboarding" in path else {"fencing_token": 1, "reason": "unclear"}
    answer = api.call(path.format(name), body)
    assert answer.status_code in (403, 404), answer.text
    assert "set-cookie" not in answer.headers
    assert untouched(api)


@pytest.mark.parametrize("person", ["", "x" * 65, "a b", "a/b", "../ada", "ada\n", "Zoë", "-ada"])
def test_token_for_a_name_out_of_bounds_is_no_token(api, person):
    assert api.call("/v1/me", person=person, method="GET").status_code == 401
