"""What a Label Studio may answer, and what is made of it; none of it is quoted."""

from __future__ import annotations

import httpx
import pytest

from deploy.bridge import server as server_module
from deploy.bridge.projects import StudioProjects
from deploy.bridge.server import Server, StudioUnavailable
from schemas.errors import AccessDenied, ConfigError
from tests.deploy.bridge.memory import FIELDS, MARK
from tests.deploy.bridge.served import LEGACY, server

SECRET = "somebody's secret text"
PERSONAL = "a.personal.token"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, StudioUnavailable),
        (429, StudioUnavailable),
        (401, AccessDenied),
        (403, AccessDenied),
        (400, StudioUnavailable),
        (404, StudioUnavailable),
        (302, StudioUnavailable),
    ],
)
def test_an_error_is_ours_and_quotes_nothing(status, error):
    headers = {"location": "https://elsewhere.example.org/"}
    with pytest.raises(error) as raised:
        server(lambda _: httpx.Response(status, headers=headers, text=SECRET)).listed("/api/users/")
    assert SECRET not in str(raised.value)


ODD = [{"json": {"detail": "x"}}, {"json": [1]}, {"text": SECRET}, {"text": "[" * 100_000}, {"content": b"\xff"}]


@pytest.mark.parametrize("answer", ODD)
def test_another_form_of_answer_is_waited_for_and_not_quoted(answer):
    odd = server(lambda _: httpx.Response(200, **answer))
    calls = [
        lambda: odd.listed("/api/users/"),
        lambda: odd.account("ann@example.org"),
        lambda: odd.new_project("demo", "", "<View/>"),
        odd.projects,
        StudioProjects(odd, MARK, "demo", FIELDS).tasks,
    ]
    for call in calls:
        with pytest.raises(StudioUnavailable) as raised:
            call()
        assert SECRET not in str(raised.value)


def test_a_project_or_an_account_without_a_number_is_waited_for_or_refused():
    unnumbered = {"next": None, "results": [{"title": "demo"}]}
    with pytest.raises(StudioUnavailable, match="no number"):
        server(lambda _: httpx.Response(200, json=unnumbered)).projects()
    with pytest.raises(ConfigError, match="no account"):
        server(lambda _: httpx.Response(200, json=[{"email": "a@b.example"}])).account("a@b.example")


def test_an_answer_that_is_too_long_or_too_slow_is_none(monkeypatch):
    long = server(lambda _: httpx.Response(200, text="[" + " " * 100 + "]"))
    assert long.listed("/api/users/") == []
    monkeypatch.setattr(server_module, "MAX_ANSWER", 100)
    with pytest.raises(StudioUnavailable, match="too long"):
        long.listed("/api/users/")
    monkeypatch.undo()
    monkeypatch.setattr(server_module, "ANSWER_S", -1.0)
    with pytest.raises(StudioUnavailable, match="too slowly"):
        long.listed("/api/users/")


def test_an_answer_that_can_not_be_unpacked_is_none():
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))

    with pytest.raises(StudioUnavailable):
        server(answer).listed("/api/users/")


def test_a_server_that_lists_projects_for_ever_is_not_followed():
    more = {"next": "there", "results": [{"id": 1, "title": "other"}]}
    with pytest.raises(ConfigError, match="projects"):
        server(lambda _: httpx.Response(200, json=more)).projects()


def test_projects_on_later_pages_are_found():
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        more = {"next": "there" if page < 3 else None, "results": [{"id": page, "title": f"demo {page}"}]}
        return httpx.Response(200, json=more)

    assert [it.number for it in server(answer).projects()] == [1, 2, 3]


def test_a_personal_token_opens_a_session_which_is_renewed_when_it_is_over():
    sent, made = [], []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/token/refresh/":
            made.append(f"session-{len(made)}")
            return httpx.Response(200, json={"access": made[-1]})
        sent.append(request.headers["authorization"])
        over = sent[-1] == "Bearer session-0" and len(sent) > 1
        return httpx.Response(401 if over else 200, json=[])

    with server(answer, PERSONAL) as opened:
        opened.listed("/api/users/")
        opened.listed("/api/users/")
    assert sent == ["Bearer session-0", "Bearer session-0", "Bearer session-1"]


REFRESHED = [(401, AccessDenied), (400, AccessDenied), (503, StudioUnavailable), (429, StudioUnavailable)]


@pytest.mark.parametrize(("status", "error"), [*REFRESHED, (200, StudioUnavailable), (404, StudioUnavailable)])
def test_a_personal_token_that_opens_nothing_is_told_from_a_server_that_is_away(status, error):
    with pytest.raises(error):
        server(lambda _: httpx.Response(status, json={}), PERSONAL).listed("/api/users/")


def test_a_token_is_not_shown():
    assert LEGACY not in repr(server(lambda _: httpx.Response(200), LEGACY))


def test_the_page_to_sign_in_is_asked_for_as_anybody_does():
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.path, request.headers.get("authorization"), request.headers.get("cookie")))
        signed = {"set-cookie": "sessionid=ann; Path=/"}
        body = {"access": "session"} if request.method == "POST" else []
        return httpx.Response(200, json=body, headers=signed)

    with server(answer, PERSONAL) as opened:
        opened.listed("/api/users/")
        opened.sign_in_page()
        opened.listed("/api/users/")
    assert seen[2] == ("/user/login/", None, None)
    assert {cookie for _, _, cookie in seen} == {None}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_server_below_a_path_is_asked_there_and_nowhere_else(slash):
    paths = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json={"access": "session"} if request.method == "POST" else [])

    below = Server(f"http://127.0.0.1:1/studio{slash}", PERSONAL, transport=httpx.MockTransport(answer))
    below.listed("/api/users/")
    assert paths == ["/studio/api/token/refresh/", "/studio/api/users/"]


@pytest.mark.parametrize("rest", ["?a=b", "#a", "/a?b"])
def test_an_address_with_more_than_a_path_is_refused(rest):
    with pytest.raises(ConfigError, match="nothing else"):
        Server(f"http://127.0.0.1:1{rest}", LEGACY)


def test_an_address_with_somebody_in_it_is_refused_and_not_quoted():
    with pytest.raises(ConfigError) as raised:
        Server("https://ann:secret@studio.example.org", LEGACY)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://studio.example.org", "http://127.0.0.1.example.org", "studio:8080"])
def test_a_token_and_texts_leave_this_machine_under_tls_only(url):
    with pytest.raises(ConfigError, match="https"):
        Server(url, LEGACY)
