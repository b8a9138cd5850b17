"""A Label Studio over HTTP: one project of it, and what may be asked to trust it. No answer of it is quoted."""

from __future__ import annotations

import ssl
from collections.abc import Generator, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Self

import httpx

from deploy.bridge import trust
from deploy.bridge.settings import MAX_TITLE, MOST_TASKS, TIMEOUT_S
from deploy.bridge.shown import Json
from deploy.places import check_place
from schemas.errors import AccessDenied, ConfigError, DependencyError
from streams.label.forms import LabelsView
from streams.label.studio.writing import configuration

_DOTS = 2
"""In a JSON Web Token, which personal tokens are; legacy ones have none."""
_PAGE = 100
_NOTHING: Mapping[str, str | int] = {}


class StudioUnavailable(DependencyError):
    """Label Studio does not answer; ask again."""


class StudioAuth(httpx.Auth):
    """An account's token, of either kind: a personal one opens sessions of minutes, a legacy one everything."""

    requires_response_body = True

    def __init__(self, token: str) -> None:
        self._token = token
        self._session = ""

    def __repr__(self) -> str:
        return "StudioAuth(<hidden>)"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """With a session where that takes one, and a new one where it is over."""
        if self._token.count(".") != _DOTS:
            request.headers["Authorization"] = f"Token {self._token}"
            yield request
            return
        if self._session:
            request.headers["Authorization"] = f"Bearer {self._session}"
            answer = yield request
            if answer.status_code != HTTPStatus.UNAUTHORIZED:
                return
        place = request.url.join("/api/token/refresh/")
        self._session = _access((yield httpx.Request("POST", place, json={"refresh": self._token})))
        request.headers["Authorization"] = f"Bearer {self._session}"
        yield request


class Server:
    """Calls as one account. Blocks; one thread. Raises StudioUnavailable; AccessDenied; ConfigError for what it
    refuses, or answers otherwise than Label Studio does.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        verify: ssl.SSLContext | bool = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        check_place("Label Studio", url)
        self._http = httpx.Client(
            base_url=url,
            auth=StudioAuth(token),
            timeout=TIMEOUT_S,
            verify=verify,
            transport=transport,
            trust_env=False,  # no proxy of the environment gets to see a text
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def account(self, email: str) -> int:
        """The number of the account that answers with this address."""
        found = [it["id"] for it in self.listed("/api/users/") if it.get("email") == email]
        if len(found) != 1 or not isinstance(found[0], int):
            raise ConfigError(
                "Label Studio: has no account of the address that --account gives; make it there first"
            )
        return found[0]

    def project(self, title: str, made_as: str) -> int:
        """The number of the project of that title, made with this configuration where there is none."""
        if len(title) > MAX_TITLE:
            raise ConfigError(f"a project of Label Studio has {MAX_TITLE} characters at most; give a --title")
        found = [it["id"] for it in self._projects() if it.get("title") == title]
        if len(found) > 1:
            raise ConfigError("Label Studio: has several projects of that title; rename them, or give a --title")
        if found:
            return int(found[0])
        body = {
            "title": title,
            "label_config": made_as,
            "maximum_annotations": 1,
            "show_skip_button": True,
            "enable_empty_annotation": True,  # nothing to mark is an answer, too
        }
        return int(_object(self.call("POST", "/api/projects/", body=body))["id"])

    def sign_in_page(self) -> str:
        """As anybody gets it."""
        return self._answer("GET", "/user/login/").text

    def listed(self, path: str, query: Mapping[str, str | int] = _NOTHING) -> list[Json]:
        """What is answered with a list."""
        found = self.call("GET", path, query=query)
        if not isinstance(found, list) or not all(isinstance(it, dict) for it in found):
            raise ConfigError(f"Label Studio: answers {path} otherwise than expected; which version is it?")
        return found

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        query: Mapping[str, str | int] = _NOTHING,
        missing_is_fine: bool = False,
    ) -> Any:  # noqa: ANN401 - JSON
        """What a call is answered with; None where that is nothing."""
        answer = self._answer(method, path, body, query, missing_is_fine=missing_is_fine)
        if answer.status_code in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND):
            return None
        try:
            return answer.json()
        except ValueError:
            raise ConfigError(f"Label Studio: answers {path} with no JSON; is it one?") from None

    def _projects(self) -> Iterator[Json]:
        at = 1
        while True:
            answer = _object(self.call("GET", "/api/projects/", query={"page": at, "page_size": _PAGE}))
            yield from (_object(it) for it in answer.get("results") or [])
            if not answer.get("next"):
                return
            at += 1

    def _answer(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Mapping[str, str | int] = _NOTHING,
        *,
        missing_is_fine: bool = False,
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, path, json=body, params=dict(query))
        except httpx.TransportError:
            raise StudioUnavailable("Label Studio does not answer; is it running at that address?") from None
        status = answer.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise StudioUnavailable(f"Label Studio answers {status} to {method} {path}; its own log says why")
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise AccessDenied(
                f"Label Studio answers {status}: the token is none of its accounts', or may not do this"
            )
        if not answer.is_success and not (missing_is_fine and status == HTTPStatus.NOT_FOUND):
            raise ConfigError(f"Label Studio answers {status} to {method} {path}; which version is it?")
        return answer


class StudioProject:
    """A `Studio`: one project of a server, in which the bridge is alone."""

    def __init__(self, server: Server, title: str, fields: Sequence[str], labels: LabelsView) -> None:
        self._server = server
        self._fields = fields
        self._labels = labels
        trust.check_analytics(server.sign_in_page())
        self._number = server.project(title, configuration(fields, labels))
        self.check(labels)

    def tasks(self) -> Sequence[object]:
        """All of its tasks with their annotations."""
        query: dict[str, str | int] = {"project": self._number, "fields": "all", "page_size": MOST_TASKS}
        answer = _object(self._server.call("GET", "/api/tasks/", query=query))
        found = answer.get("tasks")
        if not isinstance(found, list) or answer.get("total") != len(found):
            raise ConfigError(
                f"Label Studio: does not list the tasks of its project, or there are more than {MOST_TASKS};"
                " that project is the bridge's alone"
            )
        return found

    def check(self, labels: LabelsView) -> None:
        """Raise ConfigError where no text may go there any more, or where it asks for other labels."""
        project = {"project": self._number}
        trust.check_analytics(self._server.sign_in_page())
        hooks = self._server.listed("/api/webhooks/")
        trust.check_alone(
            [it for it in hooks if it.get("project") in (None, self._number)],
            self._server.listed("/api/ml/", project),
            self._server.listed("/api/storages/export", project),
        )
        there = _object(self._server.call("GET", f"/api/projects/{self._number}/")).get("label_config")
        trust.check_configuration(str(there), configuration(self._fields, labels))

    def show(self, task: Json) -> None:
        """Put a task there."""
        self._server.call("POST", "/api/tasks/", body=task | {"project": self._number})

    def remove(self, number: int) -> None:
        """Take a task out with all that was made of it; nothing where it is gone."""
        self._server.call("DELETE", f"/api/tasks/{number}/", missing_is_fine=True)


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _access(answer: httpx.Response) -> str:
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise StudioUnavailable(f"Label Studio answers {answer.status_code} to who signs in; its own log says why")
    try:
        return str(answer.json()["access"])
    except (ValueError, KeyError, TypeError):
        raise AccessDenied("Label Studio: takes the personal token for none; make a new one there") from None
