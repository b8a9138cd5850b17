"""A Label Studio over HTTP. No answer of it is quoted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from deploy.bridge.settings import ANSWER_S, MAX_ANSWER, MOST_PAGES, PAGE, TIMEOUT_S
from deploy.bridge.shown import Json
from deploy.places import check_place
from schemas.errors import AccessDenied, ConfigError, DependencyError
from schemas.tls import trusted_at

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


@dataclass(frozen=True, slots=True)
class Project:
    """One of those on a server, by its number."""

    number: int
    title: str
    description: str
    asks: str = ""
    """Its labeling configuration."""


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

    def project_of(self, task: int) -> Project:
        """That in which a task lies."""
        number = object_of(self.call("GET", f"/api/tasks/{task}/")).get("project")
        return _project(object_of(self.call("GET", f"/api/projects/{number}/")))

    def projects(self) -> list[Project]:
        """All of them."""
        return [_project(it) for it in self._listed_projects()]

    def new_project(self, title: str, description: str, asked: str) -> Project:
        """One that is made, with this configuration."""
        body = {
            "title": title,
            "description": description,
            "label_config": asked,
            "maximum_annotations": 1,
            "show_skip_button": True,
            "enable_empty_annotation": True,  # nothing to mark is an answer, too
        }
        return _project(object_of(self.call("POST", "/api/projects/", body=body)))

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
        if missing_is_fine and _is_missing(answer):
            return None
        return None if _checked(answer, method, path).status == HTTPStatus.NO_CONTENT else answer.json()

    def _listed_projects(self) -> Iterator[Json]:
        for at in range(1, MOST_PAGES + 1):
            answer = object_of(self.call("GET", "/api/projects/", query={"page": at, "page_size": PAGE}))
            found = answer.get("results")
            if not isinstance(found, list):
                raise StudioUnavailable("Label Studio: does not list its projects; which version is it?")
            yield from (object_of(it) for it in found)
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
        session = object_of(_checked(answer, "POST", REFRESH).json()).get("access")
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


def object_of(value: object) -> Json:
    """What is answered with an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _project(said: Json) -> Project:
    number = said.get("id")
    if not isinstance(number, int):
        raise StudioUnavailable("Label Studio: a project has no number; which version is it?")
    return Project(number, str(said.get("title")), str(said.get("description")), str(said.get("label_config")))


def _is_missing(answer: Answer) -> bool:
    """Whether Label Studio itself says so: a page of somebody in between says nothing of what lies there."""
    if answer.status != HTTPStatus.NOT_FOUND:
        return False
    said = object_of(answer.json())
    return said.get("status_code") == HTTPStatus.NOT_FOUND and "detail" in said


def _checked(answer: Answer, method: str, path: str) -> Answer:
    """The answer, unless it is an error."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AccessDenied(
            f"Label Studio answers {answer.status}: the token is none of its accounts', or may not do this"
        )
    raise StudioUnavailable(f"Label Studio answers {answer.status} to {method} {path}; its own log says why")
