"""Where people ask to sign, and where their signatures arrive. Used from one event loop."""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from schemas.audit import Event
from schemas.errors import Unparseable, VeilError
from schemas.records import ControlState
from streams.console import queries
from streams.console.settings import ConsoleSettings
from streams.console.signing import KINDS, Wish, Wishes
from streams.console.visitors import Visitors
from streams.engine.clock import Clock
from streams.web.bodies import SlowBody, read_json
from streams.web.problem import Problem
from topology.permissions.console import Look as Right
from topology.project import Project

FORM = ("project", "kind", "target")
TARGET = re.compile(r"[a-z0-9][a-z0-9.-]{0,80}")
"""A SHA-256 in hex, a signer's name, or a quarantined record."""
REQUEST_BYTES = 16
"""Names a signature under way: nobody guesses it."""


@dataclass(frozen=True, slots=True)
class Signing:
    """How people sign. `endpoint`: where, empty where nowhere; `client_id`: what we are called there. `wanted`:
    name and body of what waits for a person's signature, of a project, by kind and target; `lowest`: the lowest
    version of a record under a key; `pinned`: a person's public key; `publish`: puts a signed record on `control`
    with its event, blocking; raises VeilError.
    """

    endpoint: str
    client_id: str
    wanted: Callable[[Project, str, str, str], tuple[str, bytes] | None]
    lowest: Callable[[str], int]
    pinned: Callable[[str], bytes | None]
    publish: Callable[[ControlState, Event], None]


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody asks to sign."""

    project: str
    kind: str
    target: str


class SigningDesk:
    """`projects`: as their files stand now."""

    def __init__(
        self,
        signing: Signing,
        projects: Callable[[], Mapping[str, Project]],
        visitors: Visitors,
        settings: ConsoleSettings,
        clock: Clock,
    ) -> None:
        self._signing = signing
        self._projects = projects
        self._visitors = visitors
        self._settings = settings
        self._clock = clock
        self._wishes = Wishes(settings.signings_kept, settings.signing_ms)

    async def form(self, request: Request) -> Form:
        """The body of a call. Raises Problem."""
        try:
            content = await read_json(request, self._settings.http)
        except (Unparseable, SlowBody):
            raise queries.bad("the body is a small JSON object") from None
        if set(content) != set(FORM) or not all(isinstance(value, str) for value in content.values()):
            raise queries.bad(f"the body has {', '.join(FORM)}, each a text")
        if content["kind"] not in KINDS or TARGET.fullmatch(content["target"]) is None:
            message = "`target` a SHA-256 in hex, who has frozen something, or a record in quarantine"
            raise queries.bad(f"`kind` is one of {', '.join(sorted(KINDS))}, {message}")
        return Form(**content)

    def asked(self, form: Form, person: str) -> str:
        """Where the person goes to sign, who may in this project. Raises Problem where nothing waits for them."""
        project, signing = self._projects().get(form.project), self._signing
        found = signing.wanted(project, form.kind, form.target, person) if project else None
        if found is None or not signing.endpoint:
            message = "this does not wait for your signature (any more), or there is no place to sign here"
            raise Problem(HTTPStatus.CONFLICT, "not_waiting", message)
        wish = Wish(person, form.project, form.kind, form.target, *found, version=self._clock.now())
        wish = wish.at_least(signing.lowest(wish.key))
        name = secrets.token_hex(REQUEST_BYTES)
        self._wishes.add(name, wish)
        return f"{signing.endpoint}?{wish.query(name, signing.client_id)}"

    async def signed(self, request: Request) -> Response:
        """What the door sends the browser back with: the signature goes on `control`, if it is good."""
        wish = self._wishes.take(queries.text_of(request, "request", 64), self._clock.now())
        state = wish.signed(_signature(request), self._signing.pinned(wish.person)) if wish else None
        if wish is None or state is None:
            return _to("/?problem=bad_signature")
        project = self._projects().get(wish.project)
        if project is None or not self._visitors.may_sign(project, wish.person):
            self._visitors.denied("not_permitted", wish.person, wish.project, Right.SIGN)
            return _to("/?problem=not_permitted")
        try:
            await asyncio.to_thread(self._signing.publish, state, wish.event())
        except VeilError:
            return _to("/?problem=signing_in_doubt")
        return _to(f"/#signatures?project={wish.project}")


def _signature(request: Request) -> bytes:
    try:
        return base64.b64decode(queries.text_of(request, "signature", 128), validate=True)
    except ValueError:
        return b""


def _to(place: str) -> Response:
    """No address is ever taken from a request."""
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"location": place})
