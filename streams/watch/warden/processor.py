"""The warden stage: what `control` says of revoked people, done to their logins in Vault and Kafka.

1. News of `control` are in the book. Whoever is revoked is ended in Vault and in Kafka, both tried whatever the
   other one says; who is no longer revoked is restored. All of it may be repeated.
   *Crash in it, or before 2:* nothing was said; after the start all of `control` is read, and it is done again.
2. What was done is committed with the events, and with `control.applied`, which contain waits for. So nobody is
   told that credentials have ended before they have.

The topic `control` is an input too, of which nothing is taken but that it wakes the loop.
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
INPUTS = ("control",)
OBEYS = frozenset({ControlKind.REVOKE, ControlKind.REINSTATE})


class Logins(Protocol):
    """One place where people log in. Blocks; idempotent; raises DependencyError, also where rights are missing."""

    def end(self, name: str) -> None:
        """After it returns, nothing that has logged in as them can do anything, nor anything that tries to."""
        ...

    def restore(self, name: str) -> None:
        """They may do what they could before."""
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

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot
        """Take over what was done."""
        self._start()
        for message in changelog:
            self._done.apply(message)
        return Plan()

    def process(self, batch: Batch) -> Plan:  # noqa: ARG002 - it only wakes us
        """Also what became due without news: a project's file names somebody who is revoked."""
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
        failures = self._everywhere(lambda place: place.end(one.name))
        if failures:
            return failures
        before = self._done.get(one.name)
        self._asserted.add(one.name)
        if before is None or not before.ended:
            self._done.put(one.name, CredentialState(one.name, ended=True, up_to=before.up_to if before else 0))
            parents = tuple(map(control_resource, one.by))
            details = {"projects": " ".join(projects_of(one.by))}
            plan.events.append(
                Event(EventType.CREDENTIALS_ENDED, person_resource(one.name), parents=parents, details=details)
            )
        return []

    def _restore(self, one: Standing, plan: Plan) -> list[DependencyError]:
        failures = self._everywhere(lambda place: place.restore(one.name))
        if failures:
            return failures
        self._asserted.discard(one.name)
        self._done.put(one.name, CredentialState(one.name, ended=False, up_to=one.over))
        plan.events.append(Event(EventType.CREDENTIALS_RESTORED, person_resource(one.name)))
        return []

    def _everywhere(self, act: Callable[[Logins], None]) -> list[DependencyError]:
        failures = []
        for place in self._seams.places:
            try:
                act(place)
            except DependencyError as error:
                failures.append(error)
        return failures
