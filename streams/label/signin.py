"""Who may sign in to label, and what their session is for: the host of `streams.web.signin`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request

from schemas.routing import is_name
from streams.label.gate import Gate
from streams.label.session_desk import SessionDesk
from streams.web.oidc import Vouched
from streams.web.problem import Problem
from streams.web.provider import IdentityProvider
from streams.web.sessions import Ending, Purpose, Scope, Session, SessionsFull
from streams.web.settings import SessionSettings, SignInSettings
from streams.web.signin import Entrance, SignInFault, SignInRefused
from topology import permissions
from topology.permissions import Action, Denial
from topology.project import Project

COOKIE = "veil"


@dataclass(frozen=True, slots=True)
class SignInSeams:
    """What signing in needs from the outside. `origin`: scheme, host and port by which browsers know this process.

    `frozen`: whether label is stopped. `is_complete`: whether nothing is left to do in a batch; asked once a
    second for each session that has one, from the API's thread.
    """

    origin: str
    provider: IdentityProvider | None
    frozen: Callable[[], bool]
    randomness: Callable[[int], bytes] = os.urandom
    sessions: SessionSettings = field(default_factory=SessionSettings)
    settings: SignInSettings = field(default_factory=SignInSettings)
    is_complete: Callable[[str], bool] = lambda _: False

    @property
    def entrance(self) -> Entrance:
        """The part that is like everywhere."""
        return Entrance(self.origin, self.provider, COOKIE, self.randomness, self.settings)


NO_SIGN_IN = SignInSeams("", None, lambda: False)
"""Where nobody can sign in: bearer tokens only."""


class LabelHost:
    """Implements `streams.web.signin.Host`. `deny` has a refusal audited: its reason, the person, the rules."""

    parameter = "batch"

    def __init__(
        self,
        seams: SignInSeams,
        gate: Gate,
        desk: SessionDesk,
        deny: Callable[[SignInFault, str, tuple[str, ...]], None],
    ) -> None:
        self._seams = seams
        self._gate = gate
        self._desk = desk
        self._deny = deny

    def wanted(self, request: Request) -> str:
        """The batch that a person wants to work on; all, where they name none. Raises SignInRefused."""
        names = request.query_params.getlist(self.parameter)
        if not names:
            return ""
        if len(names) > 1 or not is_name(names[0]):
            raise SignInRefused(SignInFault.BAD_BATCH)
        return str(names[0])

    def admit(self, vouched: Vouched, wanted: str) -> tuple[str, ...]:
        """The rules by which somebody may have a session now. Raises SignInRefused."""
        person = vouched.person
        self._check_batch(wanted, person)
        found = self._gate.decide(permissions.Asked(person, Action.SIGN_IN, devices=vouched.devices, batch=wanted))
        if found.reason is not None:
            raise SignInRefused(SignInFault(found.reason.value), person, found.rules)
        if self._seams.frozen():
            raise SignInRefused(SignInFault.FROZEN, person)
        return found.rules

    async def begin(self, vouched: Vouched, wanted: str, before: str | None, rules: tuple[str, ...]) -> str:
        """The cookie of a new session, once its beginning is on the audit. Raises SignInRefused."""
        person = vouched.person
        scope = Scope(purpose_of(person, self._gate.project()), wanted)
        try:
            return await self._desk.start(person, scope, before, vouched.devices, " ".join(rules))
        except SessionsFull:
            raise SignInRefused(SignInFault.FULL, person) from None
        except Problem:  # its beginning is not on the audit: there is no session
            raise SignInRefused(SignInFault.UNAVAILABLE, person) from None

    async def end(self, session: Session) -> None:
        """End a session by its person's wish. Raises Problem where the audit has yet to hear of it."""
        await self._desk.sign_out(session)

    def deny(self, fault: SignInFault, person: str, rules: tuple[str, ...]) -> None:
        """Have a refusal audited, without waiting."""
        self._deny(fault, person, rules)

    def _check_batch(self, batch: str, person: str) -> None:
        """Only names that the project's file has go on: a session's batch is on the audit."""
        project = self._gate.project()
        if batch and project is not None and batch not in project.routes.batches:
            raise SignInRefused(SignInFault.BAD_BATCH, person)


def must_go(seams: SignInSeams, gate: Gate) -> Callable[[Session], Ending | None]:
    """Why a session must end now; None: it may go on."""
    if seams.frozen():
        return lambda _: Ending.FROZEN

    def why(session: Session) -> Ending | None:
        person, scope = session.person, session.scope
        found = gate.decide(permissions.Asked(person, Action.STAY, batch=scope.batch))
        if not found.allowed:
            return Ending.NOT_TRAINED if found.reason is Denial.NOT_TRAINED else Ending.REVOKED
        if purpose_of(person, gate.project()) is not scope.purpose:
            return Ending.REVOKED
        return Ending.COMPLETED if scope.batch and seams.is_complete(scope.batch) else None

    return why


def purpose_of(person: str, project: Project | None) -> Purpose:
    """What someone who may label is here for."""
    adjudicates = project is not None and person in project.persons.adjudicators
    return Purpose.ADJUDICATION if adjudicates else Purpose.LABELING
