"""Through a front to the real app and back: work, the end of a batch, another front."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from starlette.responses import JSONResponse

from deploy.behind import Behind
from deploy.local.authority import VAULT, ensure_certificates
from deploy.stages.front import open_front
from schemas.errors import ConfigError
from streams.label.forwarding import HEADER
from streams.label.front.front import Front
from streams.web.server import WebServer
from streams.web.settings import HttpSettings
from streams.web.shown_certificate import PemFiles, ShownCertificate
from tests.streams.label.front.conftest import SETTINGS, told
from tests.streams.label.site import LEASES, error
from tests.support.pipeline import free_port
from tests.support.waiting import wait_for


@pytest.fixture
def one(front, behind):
    return front(behind.api.url, behind.port)


def leased(browser, **query):
    answer = browser.post(LEASES + "".join(f"?{name}={value}" for name, value in query.items()))
    assert answer.status_code in {200, 204}, answer.text
    return answer.json() if answer.status_code == 200 else None


def labeled(browser, lease):
    path = f"/v1/leases/{lease['lease_id']}/label"
    body = {"fencing_token": lease["fencing_token"], "result": {"spans": [], "choices": {}}}
    return browser.post(path, body, idempotency_key="key-1")


def at(browser, running):
    """The same browser, whose next connection leads to another front."""
    browser.http.base_url = running.url
    return browser


def test_a_person_signs_in_works_and_signs_out_and_the_front_ends(one, behind, make_task):
    behind.api.loop.give(make_task(1))
    ann = behind.signed_in("ann")
    lease = leased(ann)
    assert labeled(ann, lease).status_code == 200
    assert [it.person for it in behind.api.loop.labels()] == ["ann"]
    assert one.thread.is_alive()
    assert ann.post("/signout").status_code == 204
    assert one.ended()


def test_a_front_ends_once_the_last_of_its_sessions_has_and_no_sooner(one, behind):
    ann, bob = behind.signed_in("ann"), behind.signed_in("bob")
    assert ann.post("/signout").status_code == 204
    assert leased(bob) is None
    assert one.health.read()[0] == "working"
    behind.api.revoked.add("bob")
    assert bob.get("/v1/me").status_code in {401, 403}
    behind.api.revoked.clear()
    bob.post("/signout")
    assert one.ended()


def test_a_front_ends_with_the_batch_that_a_session_was_for(one, behind, make_task):
    ann = behind.browser()
    location = ann.get("/signin?batch=b1").headers["location"]
    ann.come_back(location, behind.provider.vouch(location, "ann"))
    assert ann.get("/v1/me").json()["batch"] == "b1"
    behind.complete = "b1"
    ended = wait_for(lambda: None if (it := ann.get("/v1/me")).status_code == 200 else it, "the batch is complete")
    assert error(ended) == (401, "session_completed")
    assert one.ended()


def test_a_session_goes_on_at_another_front_and_loses_no_lease(front, behind, one, make_task):
    behind.api.loop.give(make_task(1))
    ann = behind.signed_in("ann")
    lease = leased(ann)
    one.stop.set()
    assert one.ended()
    ann = at(ann, front(behind.api.url, behind.port, listen_at=free_port()))
    assert ann.get("/v1/me").json()["person"] == "ann"
    assert leased(ann)["lease_id"] == lease["lease_id"]
    assert labeled(ann, lease).status_code == 200


def test_a_call_that_waits_for_a_task_is_not_cut_off_and_its_connection_is_closed_after_it(one, behind, make_task):
    ann = behind.signed_in("ann")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ann.post, f"{LEASES}?wait=30")
        wait_for(lambda: len(behind.api.loop.requests.waiters) or None, "it waits")
        one.stop.set()
        one.drains()
        behind.api.loop.give(make_task(1))
        answer = waiting.result(60)
    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"
    assert one.ended()


def test_while_it_drains_it_serves_those_it_has_and_sends_others_elsewhere(one, behind, make_task):
    ann, bob = behind.signed_in("ann"), behind.signed_in("bob")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bob.post, f"{LEASES}?wait=30")  # whose call is under way keeps it draining
        wait_for(lambda: len(behind.api.loop.requests.waiters) or None, "it waits")
        one.stop.set()
        one.drains()
        assert ann.get("/v1/me").status_code == 200
        stranger = behind.browser()
        assert error(stranger.get("/v1/me")) == (503, "leaving")
        answer = stranger.get("/signin?batch=b1")
        assert (answer.status_code, answer.headers["refresh"]) == (503, "1")
        assert answer.headers["connection"] == "close"
        assert stranger.get("/").status_code == 200
        assert ann.post("/signout").status_code == 204
        assert error(ann.get("/v1/me")) == (503, "leaving")
        behind.api.loop.give(make_task(1))
        assert waiting.result(60).status_code == 200
    assert one.ended()


def test_who_makes_up_cookies_or_only_looks_ends_no_front(one, behind):
    stranger = behind.browser()
    stranger.http.cookies.set("veil", "A" * 43)
    assert stranger.get("/v1/me").status_code == 401
    assert stranger.get("/openapi.json").status_code == 200
    assert stranger.get("/").status_code == 200
    assert stranger.get("/page/nothing.js").status_code == 404
    assert one.health.read()[0] == "working"


def test_the_page_has_the_headers_that_label_gives_it(one, behind):
    for path in ("/", "/page/app.js", "/openapi.json"):
        here, there = httpx.get(one.url + path), httpx.get(behind.api.url + path)
        assert (here.status_code, here.content) == (there.status_code, there.content)
        assert {**here.headers, "date": ""} == {**there.headers, "date": ""}
        assert len(here.headers.get_list("date")) == 1, "the page sets its clock by it"


def test_where_label_is_away_calls_wait_a_little_and_are_told_to_come_again(front, behind):
    settings = replace(SETTINGS, passing=replace(SETTINGS.passing, hold_s=0.1))
    one = front(f"http://127.0.0.1:{free_port()}", behind.port, settings)
    answer = httpx.get(f"{one.url}/v1/me")
    assert error(answer) == (503, "no_owner")
    assert answer.headers["retry-after"] == "1"


@pytest.fixture
def echo():
    """Says what it was asked, over TLS where it has a certificate."""
    servers = []

    def start(certificate=None):
        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                await receive()
                await send({"type": "lifespan.startup.complete"})
                await receive()
                await send({"type": "lifespan.shutdown.complete"})
                return
            said = {
                "target": scope["raw_path"].decode() + "?" + scope["query_string"].decode(),
                "headers": [[it.decode() for it in pair] for pair in scope["headers"]],
                "body": (await receive())["body"].decode(),
            }
            await JSONResponse(said, headers={"x-it": "y"})(scope, receive, send)

        servers.append(WebServer(app, HttpSettings(port=free_port()), certificate))
        return servers[-1].start()

    yield start
    for server in servers:
        server.stop()


def test_a_call_comes_through_as_it_was_sent_but_for_what_only_we_may_say(front, echo):
    one = front(echo(), free_port())
    headers = {
        HEADER: "10.0.0.1",
        "x-own": "a",
        "connection": "x-own-too",
        "x-own-too": "b",
        "host": "known.example",
    }
    answer = httpx.post(f"{one.url}/v1/..%2fx?a=%0d", content=b"body", headers=headers).json()
    seen = dict(answer["headers"])
    assert answer["target"] == "/v1/..%2fx?a=%0d"
    assert answer["body"] == "body"
    assert (seen["x-own"], seen["host"], seen["content-length"]) == ("a", "known.example", "4")
    assert not {HEADER, "x-own-too"} & seen.keys()


def authority(folder):
    folder.mkdir()
    return ensure_certificates(folder, folder / "ca.key", datetime.now(UTC))


def test_label_is_believed_by_the_certificate_of_its_authority_alone(tmp_path, echo):
    good, other = (authority(tmp_path / name) for name in ("good", "other"))
    url = echo(ShownCertificate(PemFiles(good.certificate(VAULT), good.key(VAULT)))).replace(
        "127.0.0.1", "localhost"
    )
    settings = replace(SETTINGS, passing=replace(SETTINGS.passing, hold_s=0.05))
    for files, status in ((good, 200), (other, 503)):
        root = told(tmp_path / str(status), free_port(), Behind(url, str(files.ca)))
        with open_front(root, "demo", free_port(), settings) as running:
            assert httpx.get(f"{running.url}/v1/me").status_code == status


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ('{"label": "http://label.example"}', "in clear on this machine only"),
        ('{"label": "ftp://127.0.0.1"}', "in clear on this machine only"),
        ("{", "can't be read"),
        ("[]", "can't be read"),
        ('{"label": "https://label.example", "ca": "/nothing"}', "can't be read as certificates"),
    ],
)
def test_what_it_is_told_is_checked_before_anybody_comes(tmp_path, said, match):
    root = told(tmp_path, free_port(), Behind(""))
    (root / "run" / "front.json").write_text(said)
    with pytest.raises(ConfigError, match=match), open_front(root, "demo", 0):
        pass


def test_who_is_told_nothing_listens_nowhere(tmp_path):
    with pytest.raises(ConfigError, match="does not say how browsers reach demo"), open_front(tmp_path, "demo", 0):
        pass


def test_a_front_whose_server_stands_still_ends_by_itself(tmp_path, monkeypatch):
    async def stands_still(_: Front) -> None:
        pass

    monkeypatch.setattr(Front, "_tick", stands_still)
    port = free_port()
    root = told(tmp_path, port, Behind(f"http://127.0.0.1:{free_port()}"))
    with (
        open_front(root, "demo", port, replace(SETTINGS, still_s=0.05)) as running,
        pytest.raises(RuntimeError, match="the server has stood still"),
    ):
        running.run(threading.Event())
