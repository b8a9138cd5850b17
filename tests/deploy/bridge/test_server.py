"""What a Label Studio may answer, and what is made of it; none of it is quoted."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from deploy.bridge.server import Server, StudioAuth, StudioProject, StudioUnavailable
from schemas.errors import AccessDenied, ConfigError
from tests.deploy.bridge.memory import FIELDS, LABELS

SECRET = "somebody's secret text"
LEGACY, PERSONAL = "legacy", "a.personal.token"
PAGE = "window.APP_SETTINGS.collect_analytics = "


def server(answer: Callable[[httpx.Request], httpx.Response], token: str = LEGACY) -> Server:
    return Server("http://127.0.0.1:1", token, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, StudioUnavailable),
        (429, StudioUnavailable),
        (401, AccessDenied),
        (403, AccessDenied),
        (400, ConfigError),
        (404, ConfigError),
        (302, ConfigError),
    ],
)
def test_an_error_is_ours_and_quotes_nothing(status, error):
    headers = {"location": "https://elsewhere.example.org/"}
    with pytest.raises(error) as raised:
        server(lambda _: httpx.Response(status, headers=headers, text=SECRET)).listed("/api/users/")
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("answer", [{"json": {"detail": "x"}}, {"json": [1]}, {"text": SECRET}])
def test_another_form_of_answer_is_refused(answer):
    with pytest.raises(ConfigError):
        server(lambda _: httpx.Response(200, **answer)).listed("/api/users/")


def test_nothing_is_made_on_a_server_whose_analytics_are_on():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path))
        return httpx.Response(200, text=f"{PAGE}true;")

    with pytest.raises(ConfigError, match="analytics"):
        StudioProject(server(answer), "demo", FIELDS, LABELS)
    assert asked == [("GET", "/user/login/")]


def test_a_title_that_two_projects_have_and_one_that_is_too_long_are_refused():
    listed = {"next": None, "results": [{"id": 1, "title": "demo"}, {"id": 2, "title": "demo"}]}
    with pytest.raises(ConfigError, match="several projects"):
        server(lambda _: httpx.Response(200, json=listed)).project("demo", "<View/>")
    with pytest.raises(ConfigError, match="--title"):
        server(lambda _: httpx.Response(200, json=listed)).project("d" * 51, "<View/>")


def test_a_project_on_a_later_page_is_found():
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        more = {"next": "there" if page < 3 else None, "results": [{"id": page, "title": f"demo {page}"}]}
        return httpx.Response(200, json=more)

    assert server(answer).project("demo 3", "<View/>") == 3


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


@pytest.mark.parametrize(("status", "error"), [(401, AccessDenied), (503, StudioUnavailable)])
def test_a_personal_token_that_opens_nothing_is_told_from_a_server_that_is_away(status, error):
    with pytest.raises(error):
        server(lambda _: httpx.Response(status, json={}), PERSONAL).listed("/api/users/")


def test_a_token_is_not_shown():
    assert LEGACY not in repr(StudioAuth(LEGACY))


@pytest.mark.parametrize("url", ["http://studio.example.org", "http://127.0.0.1.example.org", "studio:8080"])
def test_a_token_and_texts_leave_this_machine_under_tls_only(url):
    with pytest.raises(ConfigError, match="https"):
        Server(url, LEGACY)
