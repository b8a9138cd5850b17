"""Schedules in which people are erased, at any step of anything: nothing of theirs is left, and none comes
back.
"""

from __future__ import annotations

from random import Random
from typing import Any

from schemas.audit import AuditEvent, EventType, OffsetOutcome, RawOutcome
from schemas.control import ControlKind
from schemas.erasure import ErasureReason, erased_subject, erasure_body, erasure_key
from schemas.records import SegmentIndex
from schemas.resources import task_ids
from streams.audit.chain import verify_chains
from streams.audit.erasures import Erasures
from streams.audit.reconcile import reconcile
from streams.engine.messages import Outgoing
from tests.simulation.people import Person
from tests.simulation.schedule import PEOPLE, Broken, Watch, _calm, _check_leaks, _check_orphans, _storm
from tests.simulation.world import PROJECT, Seat, World
from vault.segments.document import unpack
from vault.signing import sign_control

SUBJECTS = ("ann@example.test", "ben@example.test", "cleo@example.test")
STEPS = 120
"""A storm takes about 40; the rest falls into the calm."""


class ErasingWorld(World):
    """Each record names one of three people; one or two of them are erased on the way."""

    def __init__(self, seed: int, **changes: Any) -> None:
        own = Random(seed + 2)
        chosen = own.sample(SUBJECTS, own.choice((1, 2)))
        self._due = sorted((own.randrange(STEPS), subject) for subject in chosen)
        self.erased: list[str] = []
        self._steps = 0
        self.subject_at: dict[tuple[int, int], str] = {}
        """Whom the record at a place of raw names."""
        super().__init__(seed, **changes)

    def publish(self) -> None:
        """As ever, and remember whom the record names."""
        subject, before = SUBJECTS[len(self.published) % len(SUBJECTS)], self._raw_sizes()
        super().publish()
        (place,) = self._raw_sizes().items() - before.items()
        self.subject_at[place[0], place[1] - 1] = subject

    def record(self, number: int, canary: str) -> dict[str, Any]:
        """Bad ones name nobody that anyone could read."""
        return super().record(number, canary) | {"customer": {"email": SUBJECTS[number % len(SUBJECTS)]}}

    def step(self, seat: Seat) -> bool:
        """As ever; at some of the steps somebody is erased first."""
        self._steps += 1
        while self._due and self._steps > self._due[0][0]:
            self._erase(self._due.pop(0)[1])
        return super().step(seat)

    def hash_of(self, subject: str) -> str:
        """As `control` and segments have it."""
        return self.hashes.subject.hex(subject.encode())

    def _raw_sizes(self) -> dict[int, int]:
        found = self.broker.partitions.items()
        return {place.partition: len(entries) for place, entries in found if place.topic == f"raw.{PROJECT}"}

    def _erase(self, subject: str) -> None:
        self.erased.append(subject)
        on, self.faults.on = self.faults.on, False
        for person in ("olga", "grace"):
            key = erasure_key(PROJECT, self.hash_of(subject), person)
            now, body = self.clock.now(), erasure_body(ErasureReason.REHEARSAL)
            state = sign_control(
                self.vault, person, key=key, version=1, kind=ControlKind.ERASE, body=body, now=now
            )
            self.broker.append(Outgoing("control", key.encode(), self.codec.encode(state)))
        self.faults.on = on


def run_erasing(seed: int, **changes: Any) -> int:
    """Run a seed; how many tasks were taken out. Raises Broken with the seed in its text."""
    world = ErasingWorld(seed, **changes)
    people = [Person(name, world.random) for name in PEOPLE]
    watch = Watch(world)
    try:
        _storm(world, people, watch)
        _calm(world, people, watch)
        return _check(world)
    except Broken as broken:
        raise Broken(f"seed {seed}: {broken}") from None


def _check(world: ErasingWorld) -> int:
    messages = world.broker.committed(f"audit.{PROJECT}")
    events = [world.codec.decode(m.value, AuditEvent) for m in messages if m.value]
    hashes = {world.hash_of(subject) for subject in world.erased}
    tasks = _check_segments(world, hashes)
    _check_said(events, hashes, tasks)
    _check_joined(world, tasks)
    _check_outcomes(world, events)
    _check_leaks(world)
    _check_orphans(world)
    if broken := verify_chains(events, world.topology.pins.keys):
        raise Broken(f"chains: {broken[:3]}")
    result = reconcile(events, PROJECT)
    if not result.holds:
        raise Broken(f"reconcile: {result.findings[:3]}")
    return len(tasks)


def _check_segments(world: ErasingWorld, hashes: set[str]) -> set[str]:
    """No index that stands names them, and no document holds what one ever named. Which tasks that were."""
    standing: dict[bytes | None, SegmentIndex] = {}
    named: set[str] = set()
    for m in world.broker.committed(f"segments.{PROJECT}"):
        standing.pop(m.key, None)
        if m.value is not None and not (m.key or b"").startswith(b"epoch/"):
            standing[m.key] = index = world.codec.decode(m.value, SegmentIndex)
            named |= {it.task_id for it in index.entries if hashes & {one.hex() for one in it.subjects}}
    left = {it.task_id for index in standing.values() for it in index.entries} & named
    for (_, path), versions in world.store.documents.items():
        if path.partition("/")[0] in {"view", "geometry", "values"}:
            left |= named & {task for blob in versions.values() for task in unpack(blob).entries}
    if left:
        raise Broken(f"erased and still there: {sorted(left)}")
    return named


def _check_said(events: list[AuditEvent], hashes: set[str], tasks: set[str]) -> None:
    """It is over for each, as `veil subject erasures` tells it, and keeper ordered no other task to go."""
    erasures = Erasures(PROJECT)
    for event in events:
        erasures.add(event)
    for subject in sorted(hashes):
        found = erasures.find(subject)
        if not found.is_over:
            raise Broken(f"the erasure {subject[:8]} is not over: {found}")
    by_keeper = [
        it for it in events if it.type is EventType.WITHDRAWAL_ORDERED and it.process.startswith("keeper.")
    ]
    if not {task for event in by_keeper for task in task_ids(event)} <= tasks:
        raise Broken("keeper has withdrawn others than theirs")


def _check_joined(world: ErasingWorld, tasks: set[str]) -> None:
    last = {(m.key or b"").decode(): m.value for m in world.broker.committed(f"joined.{PROJECT}")}
    if left := {task for task, value in last.items() if value is not None} & tasks:
        raise Broken(f"erased and still joined: {sorted(left)}")


def _check_outcomes(world: ErasingWorld, events: list[AuditEvent]) -> None:
    """A slot that has taken an erasure up makes a task of no record that names the subject; others stay."""
    heard: dict[str, set[str]] = {}
    for event in sorted(events, key=lambda it: (it.slot, it.sequence)):
        key = event.resource.removeprefix("control/")
        if event.type is EventType.CONTROL_APPLIED and (one := erased_subject(key, PROJECT)):
            heard.setdefault(event.slot, set()).add(one)
        for one in event.batch.outcomes if event.batch is not None else ():
            known = heard.get(event.slot, set())
            _check_outcome(world, one, world.subject_at.get((event.batch.partition, one.offset)), known)


def _check_outcome(world: ErasingWorld, one: OffsetOutcome, subject: str | None, known: set[str]) -> None:
    erased = (one.outcome, one.reason) == (RawOutcome.DROPPED, "erased")
    if subject is None:
        return
    if one.outcome is RawOutcome.TASK and world.hash_of(subject) in known:
        raise Broken(f"offset {one.offset} names {subject}, who is erased, and became a task")
    if erased and subject not in world.erased:
        raise Broken(f"offset {one.offset} names {subject}, whom nobody has erased, and was dropped")
