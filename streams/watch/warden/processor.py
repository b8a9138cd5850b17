"""The warden stage: what `control` says of revoked people, done to their logins in Vault and Kafka.

1. News of `control` are in the book. Whoever is revoked is ended in Vault and in Kafka, both tried whatever the
   other one says; who is no longer revoked is restored. All of it may be repeated. Who has no login yet holds
   nobody up; it is ended once they have one.
   *Crash in it, or before 2:* nothing was said; after the start all of `control` is read, and it is done again.
2. What was done is committed with the events, and with `control.applied`, which contain waits for. So nobody is
   told that credentials have ended before they have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import ControlKind
from schemas.errors import DependencyError
from schemas.resources import control_resource, person_resource
from schemas.states import CredentialState
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.state import KeyedState
from streams.watch.warden.deciding import Standing, due, projects_of, standings
from topology.revocations import Revocations

STATE = "warden-state"
LOOK_EVERY_MS = 5_000
"""How often it is looked whether who is revoked has a login by now: a read of 3 ms each."""
OBEYS = frozenset({ControlKind.REVOKE, ControlKind.REINSTATE})


class Logins(Protocol):
    """One place where people log in. Blocks; idempotent; raises DependencyError, also where rights are missing."""

    def end(self, name: str) -> bool:
        """After it returns, nothing that has logged in as them can do anything, nor anything that tries to. False:
        they have no login here yet, and nobody knows how it is once they have.
        """
        ...

    def restore(self, name: str, *, ended: bool) -> None:
        """They may do what they could before. `ended`: whether it was said that they could do nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Seams:
    """What warden needs from the outside. `named`: whom the projects name now."""

    revocations: Mapping[str, Revocations]
    named: Callable[[], AbstractSet[str]]
    places: Sequence[Logins]


class WardenProcessor:
    """An installation's (`streams.engine.processor.Processor`)."""

    held: frozenset[str] = frozenset()

    def __init__(self, codec: Codec, seams: Seams) -> None:
        self._codec = codec
        self._seams = seams
        self._start()

    def _start(self) -> None:
        self._done = KeyedState(STATE, CredentialState, self._codec, "credentials/")
        self._asserted: set[str] = set()
        self._left: dict[str, tuple[Logins, ...]] = {}
        """Who has no login yet, and where: there it is to be ended once they have."""
        self._looked_at = 0

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot
        """Take over what was done."""
        self._start()
        for message in changelog:
            self._done.apply(message)
        return Plan()

    def process(self, batch: Batch) -> Plan:
        """Also what became due without news: a project's file names somebody who is revoked, or they have a login
        now.
        """
        if batch.now - self._looked_at >= LOOK_EVERY_MS:
            self._looked_at = batch.now
            self._asserted -= self._left.keys()
        return self._settle()

    def control(self, changed: Sequence[str]) -> Plan:  # noqa: ARG002 - what holds is in the book
        """End and restore, before it is acknowledged."""
        return self._settle()

    def _settle(self) -> Plan:
        found = standings(self._seams.revocations)
        todo = due(found, dict(self._done.items()), self._asserted, self._seams.named())
        plan = Plan()
        failures = [error for one in todo.end for error in self._end(one, plan)]
        failures += [error for one in todo.restore for error in self._restore(one, plan)]
        if failures:
            raise failures[0]  # the loop tries all of it again; what was done meanwhile is done
        plan.outputs += self._done.changes()
        return plan

    def _end(self, one: Standing, plan: Plan) -> list[DependencyError]:
        left: list[Logins] = []

        def end(place: Logins) -> None:
            if not place.end(one.name):
                left.append(place)

        failures = _at(self._left.get(one.name, self._seams.places), end)
        if failures:
            return failures
        self._asserted.add(one.name)
        if left:
            self._left[one.name] = tuple(left)
            return []
        self._left.pop(one.name, None)
        before = self._done.get(one.name)
        if before is None or not before.ended:
            self._done.put(one.name, CredentialState(one.name, ended=True, up_to=before.up_to if before else 0))
            parents = tuple(map(control_resource, one.by))
            details = {"projects": " ".join(projects_of(one.by))}
            plan.events.append(
                Event(EventType.CREDENTIALS_ENDED, person_resource(one.name), parents=parents, details=details)
            )
        return []

    def _restore(self, one: Standing, plan: Plan) -> list[DependencyError]:
        before = self._done.get(one.name)
        ended = before is not None and before.ended
        failures = _at(self._seams.places, lambda place: place.restore(one.name, ended=ended))
        if failures:
            return failures
        self._asserted.discard(one.name)
        self._left.pop(one.name, None)
        self._done.put(one.name, CredentialState(one.name, ended=False, up_to=one.over))
        plan.events.append(Event(EventType.CREDENTIALS_RESTORED, person_resource(one.name)))
        return []


def _at(places: Sequence[Logins], act: Callable[[Logins], None]) -> list[DependencyError]:
    failures = []
    for place in places:
        try:
            act(place)
        except DependencyError as error:
            failures.append(error)
    return failures
