from __future__ import annotations

import json
import re
import socket
import threading
from urllib.parse import urlparse

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from openapi_spec_validator import OpenAPIV31SpecValidator

from schemas.audit import EventType
from schemas.errors import AccessDenied, Reason, Refused, Undecryptable, VaultUnavailable
from schemas.records import Order, WorkOrder
from streams.label.calls import CALLS
from streams.label.description import FILE, openapi
from streams.label.settings import ApiSettings, QueueSettings

LEASES = "/v1/projects/demo/leases"


def error(answer):
    """Status and reason of an error; its body has nothing else but a sentence."""
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"reason", "message"}
    return answer.status_code, body["error"]["reason"]


def test_lease_label_and_the_next(api, make_task):
    api.loop.give(make_task(1), make_task(2))
    lease = api.lease()
    assert lease["fields"] == {"text": "[PERSON_1] a"}
    assert lease["placeholders"] == {"text": [{"start": 0, "end": 10, "category": "PERSON"}]}
    assert lease["labels"] == {"spans": ["NAME", "COMPLAINT"], "choices": {"tone": ["calm", "angry"]}}
    assert lease["expires_at"] == api.clock.now() + QueueSettings().lease_ms
    span = {"field": "text", "start": 0, "end": 10, "label": "NAME"}
    ended = api.label(lease, spans=[span], choices={"tone": "angry"})
    assert ended.status_code == 200
    assert ended.json()["label_id"] == lease["lease_id"]
    assert api.lease()["task_id"] != lease["task_id"]
    assert api.loop.labels()[0].choices == {"tone": "angry"}


def test_no_task_is_204(api):
    answer = api.call(LEASES)
    assert (answer.status_code, answer.content) == (204, b"")


def test_lease_asked_for_again_is_the_same(api, make_task):
    api.loop.give(make_task(1), make_task(2))
    assert api.lease() == api.lease()


def test_submit_repeated_is_answered_byte_for_byte(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    first = api.label(lease)
    api.clock.ms += 1_000
    api.loop.give(WorkOrder(lease["task_id"], Order.CLOSE))
    assert api.label(lease).content == first.content
    assert len(api.loop.labels()) == 1


def test_same_key_other_body_is_409(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    api.label(lease)
    assert error(api.label(lease, choices={"tone": "calm"})) == (409, "idempotency_conflict")


@pytest.mark.parametrize("key", ["", "x" * 129, "a b"])
def test_label_without_a_usable_key_is_400(api, make_task, key):
    api.loop.give(make_task(1))
    assert error(api.label(api.lease(), key=key)) == (400, "bad_request")


def test_stale_token_is_409(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    assert error(api.label(lease | {"fencing_token": 7})) == (409, "stale_token")


def test_expired_lease_is_409(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    api.clock.ms += QueueSettings().lease_ms
    assert error(api.label(lease)) == (409, "lease_expired")


def test_second_answer_to_a_lease_is_409(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    api.label(lease)
    assert error(api.label(lease, key="key-2")) == (409, "already_submitted")


def test_closed_task_is_409(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    api.loop.give(WorkOrder(lease["task_id"], Order.CLOSE))
    assert error(api.label(lease)) == (409, "task_closed")


@pytest.mark.parametrize("name", ["nothing", "0" * 32 + "-1", "%2e%2e-1", "é-1", "-", "0" * 3000])
def test_unknown_lease_is_404(api, name):
    body = {"fencing_token": 1}
    assert error(api.call(f"/v1/leases/{name}/heartbeat", body)) == (404, "unknown_lease")


def test_foreign_lease_is_403_and_audited(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    assert error(api.label(lease, "eve")) == (403, "not_permitted")
    assert api.loop.events[-1].type is EventType.ACCESS_DENIED
    assert api.loop.events[-1].person == "eve"


@pytest.mark.parametrize(
    ("span", "reason"),
    [
        ({"end": 13}, "span_out_of_range"),
        ({"start": 10}, "span_out_of_range"),
        ({"start": 11, "end": 10}, "span_out_of_range"),
        ({"field": "secret"}, "unknown_field"),
        ({"label": "SECRET"}, "unknown_label"),
    ],
)
def test_span_that_does_not_fit_is_422(api, make_task, span, reason):
    api.loop.give(make_task(1))
    spans = [{"field": "text", "start": 0, "end": 10, "label": "NAME"} | span]
    answer = api.label(api.lease(), spans=spans)
    assert error(answer) == (422, reason)
    assert "secret" not in answer.text.lower()


@pytest.mark.parametrize("choices", [{"tone": "secret"}, {"secret": "calm"}])
def test_choice_outside_the_schema_is_422(api, make_task, choices):
    api.loop.give(make_task(1))
    answer = api.label(api.lease(), choices=choices)
    assert error(answer) == (422, "unknown_choice")
    assert "secret" not in answer.text


def test_too_many_and_repeated_spans_are_422(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    span = {"field": "text", "start": 0, "end": 10, "label": "NAME"}
    assert error(api.label(lease, spans=[span, span])) == (422, "duplicate")
    assert error(api.label(lease, spans=[span] * 1001)) == (422, "too_many_spans")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "bad_request")),
        (b"{", (400, "bad_json")),
        (b"[]", (400, "not_an_object")),
        (b"\xff", (400, "bad_utf8")),
        (b'{"fencing_token": NaN}', (400, "bad_json")),
        (b'{"fencing_token": 1, "fencing_token": 2}', (400, "duplicate_key")),
        (b'{"fencing_token": true}', (400, "bad_request")),
        (b'{"fencing_token": "1"}', (400, "bad_request")),
        (b'{"fencing_token": 1.0}', (400, "bad_request")),
        (b'{"fencing_token": ' + b"9" * 5000 + b"}", (400, "bad_json")),
        (b'{"fencing_token": 1, "more": 1}', (400, "bad_request")),
        (b'{"fencing_token": "\\ud800"}', (400, "bad_utf8")),
        (b'{"\\udfff": 1}', (400, "bad_utf8")),
        (b'{"fencing_token": "\\u0000"}', (400, "nul_byte")),
        (b'{"fencing_token": ' + b"[" * 30000 + b"]" * 30000 + b"}", (400, "too_deep")),
        (b'{"fencing_token": ' + b"[" * 20 + b"]" * 20 + b"}", (400, "too_deep")),
        (b'{"fencing_token": [' + b"1," * 25000 + b"1]}", (400, "too_deep")),
        (b'{"fencing_token": "' + b"x" * 70000 + b'"}', (413, "too_large")),
    ],
)
def test_bad_body_is_refused_with_its_reason(api, body, expected):
    assert error(api.call("/v1/leases/x-1/heartbeat", body)) == expected


def test_body_without_a_length_is_counted_while_it_streams(api):
    def endless():
        for _ in range(100):
            yield b" " * 1024

    headers = {"Authorization": f"Bearer {api.token()}"}
    answer = api.http.post(f"{api.url}/v1/leases/x-1/heartbeat", content=endless(), headers=headers)
    assert error(answer) == (413, "too_large")


def test_body_that_does_not_arrive_is_let_go(api_with):
    api = api_with(ApiSettings(body_timeout_s=0.05))
    where = urlparse(api.url)
    with socket.create_connection((where.hostname, where.port), 5) as raw:
        raw.sendall(
            b"POST /v1/leases/x-1/heartbeat HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
            b"Authorization: Bearer " + api.token().encode() + b"\r\n\r\n{"
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 408")


def test_oversized_headers_are_refused(api):
    answer = api.call(LEASES, X_Filler="x" * 40_000)
    assert error(answer) == (431, "too_large")


def test_skip_release_and_report_take_their_reasons_only(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    for call in ("skip", "release", "report"):
        body = {"fencing_token": lease["fencing_token"], "reason": "because of secret"}
        answer = api.call(f"/v1/leases/{lease['lease_id']}/{call}", body)
        assert error(answer) == (400, "bad_request")
        assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("call", "reason"), [("skip", "unclear"), ("release", "break"), ("report", "personal_data")]
)
def test_lease_ended_otherwise_is_answered_alike_when_repeated(api, make_task, call, reason):
    api.loop.give(make_task(1))
    lease = api.lease()
    body = {"fencing_token": lease["fencing_token"], "reason": reason}
    first, second = (api.call(f"/v1/leases/{lease['lease_id']}/{call}", body) for _ in range(2))
    assert first.status_code == 200
    assert first.content == second.content
    assert first.json()["outcome"] == call


def test_report_in_other_words_is_409_and_says_which_one_stands(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()

    def report(*starts):
        spans = [{"field": "text", "start": start, "end": start + 2} for start in starts]
        body = {"fencing_token": lease["fencing_token"], "reason": "personal_data", "spans": spans}
        return api.call(f"/v1/leases/{lease['lease_id']}/report", body)

    first = report(0, 4)
    assert first.status_code == 200
    assert report(0, 4).content == report(4, 0).content == first.content
    for other in (report(0), report(), report(0, 6)):
        assert error(other) == (409, "already_submitted")
        assert "with a report, which stands" in other.json()["error"]["message"]
    assert [len(label.spans) for label in api.loop.labels()] == [2]


def test_report_marks_must_lie_in_the_task(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    body = {"fencing_token": 1, "reason": "secret", "spans": [{"field": "text", "start": 0, "end": 99}]}
    assert error(api.call(f"/v1/leases/{lease['lease_id']}/report", body)) == (422, "span_out_of_range")


def attempt(api, lease, person="ada", **said):
    body = {"fencing_token": lease["fencing_token"], "taking": "copy"} | said
    return api.call(f"/v1/leases/{lease['lease_id']}/attempt", body, person)


def attempts(api):
    return [event for event in api.loop.events if event.type is EventType.COPY_ATTEMPTED]


def test_an_attempt_to_copy_is_on_record_and_changes_nothing(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    assert attempt(api, lease, taking="print", times=3).status_code == 204
    (said,) = attempts(api)
    assert (said.person, said.resource) == ("ada", f"task/{lease['task_id']}")
    assert said.parents == (f"lease/{lease['lease_id']}",)
    assert said.details == {"taking": "print", "times": "3"}
    assert api.lease() == lease


@pytest.mark.parametrize("said", [{"taking": "photo"}, {"times": 0}, {"times": 101}, {"text": "it broke"}])
def test_of_attempts_only_how_and_how_often_may_be_told(api, make_task, said):
    api.loop.give(make_task(1))
    assert attempt(api, api.lease(), **said).status_code in (400, 422)
    assert attempts(api) == []


def test_attempts_on_a_lease_of_another_are_refused(api, make_task):
    api.loop.give(make_task(1))
    assert attempt(api, api.lease(), person="bea").status_code == 403
    assert attempts(api) == []


def test_many_attempts_are_counted_in_few_events(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    for _ in range(10):
        attempt(api, lease)
    api.clock.ms += 60_000
    attempt(api, lease)
    assert [event.details["times"] for event in attempts(api)] == ["1", "1", "1", "1", "1", "1", "5"]


def test_heartbeat_extends(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    api.clock.ms += 1_000
    beat = api.call(f"/v1/leases/{lease['lease_id']}/heartbeat", {"fencing_token": lease["fencing_token"]})
    assert beat.json()["expires_at"] == lease["expires_at"] + 1_000


def test_withdrawn_content_is_410_and_the_task_is_pulled(api, make_task):
    def content(_):
        raise Refused(Reason.WITHDRAWN)

    api.content = content
    api.loop.give(make_task(1, overlap=2))
    assert error(api.call(LEASES)) == (410, "withdrawn")
    assert api.call(LEASES).status_code == 204
    assert api.call(LEASES, person="bob").status_code == 204


def test_vault_down_is_503_and_the_retry_returns_the_open_lease(api, make_task):
    def content(_):
        raise VaultUnavailable("down")

    good, api.content = api.content, content
    api.loop.give(make_task(1), make_task(2))
    answer = api.call(LEASES)
    assert error(answer) == (503, "vault_unavailable")
    assert answer.headers["retry-after"] == "1"
    api.content = good
    assert api.lease()["task_id"] == f"{1:032x}"


def test_right_missing_in_vault_is_503_and_keeps_the_lease(api, make_task):
    def content(_):
        raise AccessDenied("view")

    api.content = content
    api.loop.give(make_task(1))
    assert api.call(LEASES).status_code == 503
    assert api.loop.processor._queue.status(f"{1:032x}") == "open"


def test_key_that_opens_nothing_does_not_empty_the_queue(api, make_task):
    def content(_):
        raise Undecryptable(Reason.UNDECRYPTABLE)

    api.content = content
    api.loop.give(*(make_task(number) for number in range(1, 9)))
    answers = [api.call(LEASES).status_code for _ in range(8)]
    assert answers == [410, 410, 503, 503, 503, 503, 503, 503]


def test_content_that_is_not_what_the_task_describes_is_not_shown(api, make_task):
    api.content = lambda _: {"text": "longer than described"}
    api.loop.give(make_task(1))
    answer = api.call(LEASES)
    assert error(answer) == (410, "geometry_mismatch")
    assert "longer" not in answer.text


def test_commit_in_doubt_is_503_and_the_retry_is_answered_from_what_was_committed(api, make_task):
    api.loop.give(make_task(1))
    lease = api.lease()
    api.loop.in_doubt = True
    answer = api.label(lease)
    assert error(answer) == (503, "in_doubt")
    assert "retry-after" in answer.headers
    api.loop.in_doubt = False
    api.loop.restart()
    assert api.label(lease).status_code == 200
    assert len(api.loop.labels()) == 1


def test_overloaded_and_late_loop_is_503(api_with):
    api = api_with(ApiSettings(pending_requests=0))
    assert error(api.call(LEASES)) == (503, "overloaded")
    held = threading.Event()
    late = api_with(ApiSettings(answer_timeout_s=0.05))
    late.loop.batch = lambda **_: held.wait(5)
    assert error(late.call(LEASES)) == (503, "in_doubt")
    held.set()


def test_policy_that_has_not_arrived_is_503(api, make_task):
    api.loop.give(make_task(1, policy="policy-2"))
    assert error(api.call(LEASES)) == (503, "no_policy")
    assert api.opened == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exp": 1_699_999_999, "iat": 1_699_999_000}, (401, "expired_token")),
        ({"exp": 1_700_009_999}, (401, "bad_token")),
        ({"iat": 1_700_000_100, "exp": 1_700_000_200}, (401, "bad_token")),
        ({"iat": "now"}, (401, "bad_token")),
        ({"jti": None}, (401, "bad_token")),
        ({"sub": "../../ada"}, (401, "bad_token")),
        ({"sub": 7}, (401, "bad_token")),
        ({"project": "other"}, (403, "wrong_project")),
        ({"aud": "label.other"}, (403, "wrong_project")),
        ({"aud": ["label.demo", "label.other"]}, (403, "wrong_project")),
        ({"role": "author"}, (403, "wrong_role")),
    ],
)
def test_token_that_does_not_hold_is_refused_and_audited(api, changes, expected):
    answer = api.http.get(f"{api.url}/v1/me", headers={"Authorization": f"Bearer {api.token(**changes)}"})
    assert error(answer) == expected
    assert ("www-authenticate" in answer.headers) == (expected[0] == 401)
    api.call(LEASES)
    denied = [event for event in api.loop.events if event.type is EventType.ACCESS_DENIED]
    assert [event.reason for event in denied] == [expected[1]]
    assert denied[0].resource == "project/demo"


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer x.y.z", "Bearer " + "x" * 9000])
def test_no_token_is_401(api, header):
    answer = api.http.get(f"{api.url}/v1/me", headers={"Authorization": header})
    assert answer.status_code == 401


def test_token_of_another_key_or_algorithm_is_401(api):
    own = api.token()
    api.key = Ed25519PrivateKey.generate()
    forged = [api.token(), own[:-4] + "AAAA", own.rsplit(".", 1)[0] + "."]
    for token in forged:
        answer = api.http.get(f"{api.url}/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert error(answer) == (401, "bad_token")


def test_refused_tokens_do_not_flood_the_audit(api):
    for _ in range(30):
        api.http.get(f"{api.url}/v1/me")
    api.call(LEASES)
    denied = [event for event in api.loop.events if event.type is EventType.ACCESS_DENIED]
    assert len(denied) == ApiSettings().denials_per_minute


def test_other_project_is_403_and_audited(api):
    assert error(api.call("/v1/projects/other/leases")) == (403, "wrong_project")
    api.call(LEASES)
    assert api.loop.events[-1].person == "ada"


def test_me_and_stats(api, make_task):
    me = api.call("/v1/me", method="GET").json()
    who = {"person": "ada", "project": "demo", "role": "annotator", "expires_at": 1_700_003_600}
    assert me == who | dict.fromkeys(("csrf", "idle_expires_at", "purpose", "batch"))
    api.loop.give(*(make_task(number) for number in range(12)))
    api.lease()
    stats = api.call("/v1/projects/demo/stats", method="GET").json()
    assert stats == {
        "available": 11,
        "leased": None,
        "awaiting": None,
        "parked": None,
        "paused": False,
        "suppressed_below": 10,
    }


def test_unknown_paths_and_methods_have_error_bodies(api):
    assert error(api.call("/v1/nothing")) == (404, "not_found")
    assert error(api.call(LEASES, method="GET")) == (405, "method_not_allowed")


def test_every_answer_forbids_storing(api, make_task):
    api.loop.give(make_task(1))
    for path, method in ((LEASES, "POST"), ("/v1/me", "GET"), ("/nothing", "GET"), ("/openapi.json", "GET")):
        assert api.call(path, method=method).headers["cache-control"] == "no-store"
    assert api.http.get(f"{api.url}/v1/me").headers["cache-control"] == "no-store"


def test_bug_inside_is_500_without_its_message(api, make_task):
    def content(_):
        raise RuntimeError("secret")

    api.content = content
    api.loop.give(make_task(1))
    answer = api.call(LEASES)
    assert error(answer) == (500, "internal")
    assert "secret" not in answer.text


def test_openapi_describes_every_call_and_its_body(api):
    paths = json.loads(api.http.get(f"{api.url}/openapi.json").content)["paths"]
    assert set(paths) == {
        "/v1/projects/{p}/leases",
        "/v1/projects/{p}/stats",
        "/v1/projects/{p}/batches",
        "/v1/projects/{p}/guide",
        "/v1/projects/{p}/onboarding/{task}",
        "/v1/projects/{p}/comments",
        "/v1/projects/{p}/tasks/{task_id}/comments",
        "/v1/me",
        *(
            f"/v1/leases/{{lease_id}}/{call}"
            for call in ("heartbeat", "label", "skip", "release", "report", "hint", "comments", "attempt")
        ),
    }
    label = paths["/v1/leases/{lease_id}/label"]["post"]
    assert "requestBody" in label
    assert "Idempotency-Key" in {parameter["name"] for parameter in label["parameters"]}
    assert all(call["description"] for path in paths.values() for call in path.values())


def test_openapi_is_what_the_table_of_calls_says():
    assert FILE.read_text(encoding="utf-8") == openapi(CALLS), "run `python -m streams.label.description`"


def test_openapi_holds_by_its_specification_and_every_reference_leads_somewhere(api):
    described = json.loads(api.http.get(f"{api.url}/openapi.json").content)
    assert list(OpenAPIV31SpecValidator(described).iter_errors()) == []
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(described)))
    assert references
    assert references <= set(described["components"]["schemas"])
    assert json.dumps(described).count('"$ref"') == json.dumps(described).count('"$ref": "#/components/schemas/')
    names = [call["operationId"] for path in described["paths"].values() for call in path.values()]
    assert len(set(names)) == len(names)
