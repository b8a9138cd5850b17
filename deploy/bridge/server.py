"""A Label Studio over HTTP: one project of it, and what may be asked to trust it. No answer of it is quoted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from deploy.bridge import trust
from deploy.bridge.settings import (
    ANSWER_S,
    MAX_ANSWER,
    MAX_TITLE,
    MIN_TITLE,
    MOST_PAGES,
    MOST_TASKS,
    PAGE,
    TIMEOUT_S,
)
from deploy.bridge.shown import Json
from deploy.places import check_place
from schemas.errors import AccessDenied, ConfigError, DependencyError
from schemas.tls import trusted_at
from streams.label.forms import LabelsView
from streams.label.studio.writing import configuration

_DOTS = 2
"""In a JSON Web Token, which personal tokens are; legacy ones have none."""
SIGN_IN, REFRESH = "/user/login/", "/api/token/refresh/"
_NOTHING: Mapping[str, str | int] = {}


class StudioUnavailable(DependencyError):
    """Label Studio does not answer; ask again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says to one request."""

    status: int
    content: bytes

    def json(self) -> object:
        """Raises StudioUnavailable where it is none."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise StudioUnavailable(f"Label Studio answers no JSON, but {self.status}; is it one?") from None


class Server:
    """Calls as one account. Blocks; one thread. Raises StudioUnavailable, also for what Label Studio does not
    answer: a proxy of it may say anything for a while; AccessDenied; ConfigError for what we refuse.

    A personal token opens sessions of minutes, a legacy one everything.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        check_place("Label Studio", url)
        if any((parts := urlsplit(url))[3:]) or "@" in parts.netloc:
            raise ConfigError("Label Studio: its address has a host, a port and maybe a path, and nothing else")
        self._token = token
        self._session = ""
        self._http = httpx.Client(
            base_url=url,
            headers={"Accept-Encoding": "identity"},
            timeout=TIMEOUT_S,
            verify=trusted_at(url),
            transport=transport,
            trust_env=False,  # no proxy of the environment gets to see a text
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def account(self, email: str) -> int:
        """The number of the account that answers with this address."""
        found = [it.get("id") for it in self.listed("/api/users/") if it.get("email") == email]
        if len(found) != 1 or not isinstance(found[0], int):
            raise ConfigError(
                "Label Studio: has no account of the address that --account gives; make it there first"
            )
        return found[0]

    def projects(self, title: str) -> list[int]:
        """The numbers of all projects of that title."""
        return [_id(it) for it in self._projects() if it.get("title") == title]

    def new_project(self, title: str, made_as: str) -> int:
        """The number of one that is made with this configuration."""
        body = {
            "title": title,
            "label_config": made_as,
            "maximum_annotations": 1,
            "show_skip_button": True,
            "enable_empty_annotation": True,  # nothing to mark is an answer, too
        }
        return _id(_object(self.call("POST", "/api/projects/", body=body)))

    def sign_in_page(self) -> str:
        """As anybody gets it: whoever is signed in is led elsewhere."""
        return _checked(self._sent("GET", SIGN_IN), "GET", SIGN_IN).content.decode(errors="replace")

    def listed(self, path: str, query: Mapping[str, str | int] = _NOTHING) -> list[Json]:
        """What is answered with a list."""
        found = self.call("GET", path, query=query)
        if not isinstance(found, list) or not all(isinstance(it, dict) for it in found):
            raise StudioUnavailable(f"Label Studio: answers {path} otherwise than expected; which version is it?")
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
        answer = self._signed(method, path, body, query)
        if missing_is_fine and answer.status == HTTPStatus.NOT_FOUND:
            return None
        return None if _checked(answer, method, path).status == HTTPStatus.NO_CONTENT else answer.json()

    def _projects(self) -> Iterator[Json]:
        for at in range(1, MOST_PAGES + 1):
            answer = _object(self.call("GET", "/api/projects/", query={"page": at, "page_size": PAGE}))
            found = answer.get("results")
            if not isinstance(found, list):
                raise StudioUnavailable("Label Studio: does not list its projects; which version is it?")
            yield from (_object(it) for it in found)
            if not answer.get("next"):
                return
        raise ConfigError(f"Label Studio: has more than {MOST_PAGES * PAGE:,} projects; ours can't be told")

    def _signed(self, method: str, path: str, body: Json | None, query: Mapping[str, str | int]) -> Answer:
        answer = self._sent(method, path, body, query, self._authorization())
        if answer.status == HTTPStatus.UNAUTHORIZED and self._session:
            self._session = ""  # it is over
            answer = self._sent(method, path, body, query, self._authorization())
        return answer

    def _authorization(self) -> str:
        if self._token.count(".") != _DOTS:
            return f"Token {self._token}"
        self._session = self._session or self._opened()
        return f"Bearer {self._session}"

    def _opened(self) -> str:
        answer = self._sent("POST", REFRESH, {"refresh": self._token})
        if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise AccessDenied("Label Studio: takes the personal token for none; make a new one there")
        session = _object(_checked(answer, "POST", REFRESH).json()).get("access")
        if not isinstance(session, str) or not session.isascii() or not session.isprintable():
            raise StudioUnavailable("Label Studio: opens no session for the personal token; which version is it?")
        return session

    def _sent(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Mapping[str, str | int] = _NOTHING,
        authorization: str = "",
    ) -> Answer:
        self._http.cookies.clear()  # what an answer left would sign the next request in
        headers = {"Authorization": authorization} if authorization else {}
        ends = time.monotonic() + ANSWER_S
        content = bytearray()
        try:
            with self._http.stream(method, path, json=body, params=dict(query), headers=headers) as answer:
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > MAX_ANSWER or time.monotonic() > ends:
                        raise StudioUnavailable(f"Label Studio answers {method} {path} too long, or too slowly")
        except httpx.RequestError:
            raise StudioUnavailable("Label Studio does not answer; is it running at that address?") from None
        return Answer(answer.status_code, bytes(content))


class StudioProject:
    """A `Studio`: the project of that title, in which the bridge is alone. It is made at the first check."""

    def __init__(self, server: Server, title: str, fields: Sequence[str]) -> None:
        if not MIN_TITLE <= len(title) <= MAX_TITLE:
            raise ConfigError(
                f"a title of Label Studio's has {MIN_TITLE} to {MAX_TITLE} characters; give another --title"
            )
        self._server = server
        self._title = title
        self._fields = fields
        self._numbers: list[int] = []
        """More than one where others made one of that title: what lies there is found, and nothing is shown."""

    def tasks(self) -> Sequence[object]:
        """All of its tasks with their annotations."""
        self._numbers = self._numbers or self._server.projects(self._title)
        return [task for number in self._numbers for task in self._tasks_of(number)]

    def check(self, labels: LabelsView) -> None:
        """Raise ConfigError where no text may go there any more, or where it asks for other labels."""
        trust.check_analytics(self._server.sign_in_page())
        number = self._one(labels)
        hooks = self._server.listed("/api/webhooks/")
        trust.check_alone(
            [it for it in hooks if it.get("project") in (None, number)],
            self._server.listed("/api/ml/", {"project": number}),
            self._server.listed("/api/storages/export", {"project": number}),
        )
        if self._page(number, 1)[1] > MOST_TASKS:
            raise ConfigError(f"Label Studio: its project has more than {MOST_TASKS:,} tasks; it is ours alone")
        self.check_asked(labels)

    def check_asked(self, labels: LabelsView) -> None:
        """Raise ConfigError where it asks for other labels than these."""
        for number in self._numbers:
            there = _object(self._server.call("GET", f"/api/projects/{number}/")).get("label_config")
            trust.check_configuration(str(there), configuration(self._fields, labels))

    def show(self, task: Json) -> None:
        """Put a task there."""
        self._server.call("POST", "/api/tasks/", body=task | {"project": self._numbers[0]})

    def remove(self, number: int) -> None:
        """Take a task out with all that was made of it; nothing where it is gone."""
        self._server.call("DELETE", f"/api/tasks/{number}/", missing_is_fine=True)

    def last_activity(self, account: int) -> str:
        """When that account last did something in its page: what it sent by a token, or only read, is none."""
        last = _object(self._server.call("GET", f"/api/users/{account}/")).get("last_activity")
        return last if isinstance(last, str) else ""

    def _one(self, labels: LabelsView) -> int:
        self._numbers = self._server.projects(self._title)
        if len(self._numbers) > 1:
            raise ConfigError("Label Studio: has several projects of that title; rename them, or give a --title")
        if not self._numbers:
            self._numbers = [self._server.new_project(self._title, configuration(self._fields, labels))]
        return self._numbers[0]

    def _tasks_of(self, project: int) -> list[object]:
        found: list[object] = []
        for at in range(1, MOST_PAGES + 1):
            page, total = self._page(project, at)
            found += page
            if not page or len(found) >= total:
                break
        return found

    def _page(self, project: int, at: int) -> tuple[list[object], int]:
        """Tasks, and how many there are in all; none where the project is gone."""
        query: dict[str, str | int] = {"project": project, "fields": "all", "page": at, "page_size": PAGE}
        answer = self._server.call("GET", "/api/tasks/", query=query, missing_is_fine=True)
        if answer is None:
            return [], 0
        tasks, total = _object(answer).get("tasks"), _object(answer).get("total")
        if not isinstance(tasks, list) or not isinstance(total, int):
            raise StudioUnavailable("Label Studio: does not list the tasks of its project; which version is it?")
        return tasks, total


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _id(value: Json) -> int:
    number = value.get("id")
    if not isinstance(number, int):
        raise StudioUnavailable("Label Studio: a project has no number; which version is it?")
    return number


def _checked(answer: Answer, method: str, path: str) -> Answer:
    """The answer, unless it is an error."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AccessDenied(
            f"Label Studio answers {answer.status}: the token is none of its accounts', or may not do this"
        )
    raise StudioUnavailable(f"Label Studio answers {answer.status} to {method} {path}; its own log says why")
