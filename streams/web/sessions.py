"""Who is signed in: server-side sessions of browsers. Pure: times, secrets and who may stay are arguments.

Promises (tests/streams/label/test_sessions.py):
1. A session is found by its secret alone, and only until its first end: idle, expired, ended.
2. The secret is kept as its SHA-256: who reads this memory, or the audit, can't act as anybody.
3. One session a person. A new one ends the one before.
4. Memory is bounded: so many sessions, so many endings remembered to tell browsers why.
5. A session restored from what was kept of it goes on where it was; its time without work begins anew. Where the
   log was away and the process ended before an idle session's end was committed, that session lives again: never
   past its four hours, nor where its person must go.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from streams.web.csrf import token_of
from streams.web.settings import SessionSettings

SECRET_BYTES = 32
"""256 random bits, in the cookie."""
_ID_DIGITS = 32


class Ending(StrEnum):
    """Why a session ended; the reason in its audit event."""

    SIGNED_OUT = "signed_out"
    IDLE = "session_idle"
    EXPIRED = "session_expired"
    REPLACED = "session_replaced"
    REVOKED = "session_revoked"
    FROZEN = "project_frozen"
    NOT_TRAINED = "not_trained"
    COMPLETED = "session_completed"


class Purpose(StrEnum):
    """What a session is for: who is shown tasks for one is not shown them for the other."""

    LABELING = "labeling"
    ADJUDICATION = "adjudication"
    COMPLIANCE = "compliance"
    """Looking at what happens, by the console: shown no task at all."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a session is bound to, beside its person and the project. An empty batch: all of them."""

    purpose: Purpose = Purpose.LABELING
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One person's session in the project that the process serves. Times in milliseconds since the epoch.

    `session_id` is public: half of the secret's SHA-256, which names the session on the audit. `csrf` is the token
    against forged requests; it follows from the secret, so only a session that was found by its secret has one.
    """

    session_id: str
    person: str
    scope: Scope
    started_at: int
    seen_at: int
    expires_at: int
    devices: frozenset[str] = frozenset()
    """What the sign-in has said of the device."""
    csrf: str = field(default="", repr=False)


class NoSession(Exception):
    """A secret opens no session (any more). `ending`: why, where that is remembered."""

    def __init__(self, ending: Ending | None) -> None:
        super().__init__(ending.value if ending else "unknown")
        self.ending = ending


class SessionsFull(Exception):
    """As many people are signed in as are allowed to be."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that has ended, why and when."""

    session: Session
    ending: Ending
    at: int


class Sessions:
    """All sessions of the process. Not thread-safe."""

    def __init__(self, settings: SessionSettings) -> None:
        self._settings = settings
        self._by_id: dict[str, Session] = {}
        self._of_person: dict[str, str] = {}
        self._endings: OrderedDict[str, Ending] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._by_id

    def start(
        self, person: str, secret: bytes, scope: Scope, now: int, devices: frozenset[str] = frozenset()
    ) -> tuple[Session, Ended | None]:
        """A session for `person` under a fresh secret, and the one it replaces. Raises SessionsFull."""
        replaced = self.end(self._of_person.get(person, ""), Ending.REPLACED, now)
        if len(self._by_id) >= self._settings.kept:
            raise SessionsFull
        session = Session(name_of(secret), person, scope, now, now, now + self._settings.life_ms, devices)
        self._by_id[session.session_id] = session
        self._of_person[person] = session.session_id
        return session, replaced

    def adopt(self, restored: Iterable[Session], now: int) -> list[Ended]:
        """Take over the sessions of an earlier process; those that end by it: their person has a newer one."""
        ended = []
        for session in sorted(restored, key=lambda one: one.started_at):
            ended.append(self.end(self._of_person.get(session.person, ""), Ending.REPLACED, now))
            self._by_id[session.session_id] = replace(session, seen_at=now)
            self._of_person[session.person] = session.session_id
        return [one for one in ended if one is not None]

    def find(self, secret: bytes, now: int, *, active: bool) -> Session:
        """The session of a secret; `active`: its person is at work, so it stays. Raises NoSession."""
        session = self._by_id.get(name_of(secret))
        if session is None:
            raise NoSession(self._endings.get(name_of(secret)))
        ending = self._over(session, now)
        if ending is not None:
            raise NoSession(ending)
        if active:
            session = self._by_id[session.session_id] = replace(session, seen_at=now)
        return replace(session, csrf=token_of(secret))

    def idle_at(self, session: Session) -> int:
        """When it ends unless its person does something, in milliseconds since the epoch."""
        return min(session.seen_at + self._settings.idle_ms, session.expires_at)

    def end(self, session_id: str, ending: Ending, now: int) -> Ended | None:
        """End a session; None where it has ended already."""
        session = self._by_id.pop(session_id, None)
        if session is None:
            return None
        if self._of_person.get(session.person) == session_id:
            del self._of_person[session.person]
        self._endings[session_id] = ending
        if len(self._endings) > self._settings.endings_kept:
            self._endings.popitem(last=False)
        return Ended(session, ending, now)

    def sweep(self, now: int, must_go: Callable[[Session], Ending | None]) -> list[Ended]:
        """End what time has ended, and what `must_go` names a reason for. Oldest first."""
        found = [(one, self._over(one, now) or must_go(one)) for one in self._by_id.values()]
        over = [self.end(one.session_id, ending, now) for one, ending in found if ending is not None]
        return [ended for ended in over if ended is not None]

    def _over(self, session: Session, now: int) -> Ending | None:
        if now >= session.expires_at:
            return Ending.EXPIRED
        return Ending.IDLE if now >= session.seen_at + self._settings.idle_ms else None


def name_of(secret: bytes) -> str:
    """The public name of the session with this secret."""
    return hashlib.sha256(secret).hexdigest()[:_ID_DIGITS]
