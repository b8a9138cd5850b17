"""Whoever touches the audit on its topics is found: by the export after it was sealed, by the chains before."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from random import Random

import pytest

from schemas.audit import AuditEvent
from streams.audit.findings import Finding
from streams.audit.recent import GRACE_MS
from streams.audit.verify import Trust, verify_export
from streams.engine.messages import TopicPartition
from tests.streams.audit.generate import World, random_world
from tests.streams.audit.memory_audit import (
    CODEC,
    LOG,
    PINS,
    MemoryAudit,
    MemoryStore,
    checkpoint_of,
    origin,
    sign,
)

TAMPERINGS, LANES = 1_000, 10
BEFORE_SEALING = 200
Values = list[bytes | None]


@cache
def worked() -> World:
    """Some hundred events; after two minutes in which nobody did anything, one more."""
    world = random_world(7, batches=15)
    world.time += 2 * GRACE_MS
    world.redact("redact.demo.0", 0, 1)
    return world


@cache
def honest() -> MemoryAudit:
    audit = MemoryAudit().take(worked().placed())
    assert sum(map(len, audit.partitions.values())) > 150
    return audit


class Intruder:
    """Has every right on the broker, and tampers with a copy of the audit. `place`: where it was."""

    def __init__(self, rng: Random) -> None:
        self.audit = copy.deepcopy(honest())
        self._rng = rng
        long = [place for place, values in self.audit.partitions.items() if len(values) > 3]
        self.place: TopicPartition = rng.choice(sorted(long))
        self.at = rng.randrange(1, len(self.values) - 1)
        self.ways: list[Callable[[], None]] = [
            self.edit, self.blank, self.drop, self.insert, self.repeat, self.swap, self.move, self.truncate,
        ]  # fmt: skip

    @property
    def values(self) -> Values:
        return self.audit.partitions[self.place]

    @property
    def neighbours_are_of_one_process(self) -> bool:
        one, other = (CODEC.decode(value, AuditEvent) for value in self.values[self.at - 1 : self.at + 1])
        return one.process == other.process

    def edit(self) -> None:
        value = self.values[self.at]
        assert value is not None
        bit = self._rng.randrange(5 * 8, len(value) * 8)  # behind the schema's id
        self.values[self.at] = (int.from_bytes(value) ^ 1 << (len(value) * 8 - 1 - bit)).to_bytes(len(value))

    def blank(self) -> None:
        self.values[self.at] = None

    def drop(self) -> None:
        del self.values[self.at]

    def insert(self) -> None:
        """An event that a process has written once, elsewhere."""
        others = [value for values in self.audit.partitions.values() for value in values]
        self.values.insert(self.at, self._rng.choice(others))

    def repeat(self) -> None:
        self.values.insert(self.at, self.values[self.at])

    def swap(self) -> None:
        values = self.values
        values[self.at - 1], values[self.at] = values[self.at], values[self.at - 1]

    def move(self) -> None:
        """From one partition to another, or to the end of the same."""
        value = self.values.pop(self.at)
        self.audit.partitions[self._rng.choice(sorted(self.audit.partitions))].append(value)

    def truncate(self) -> None:
        del self.values[self.at :]


def folder(place: TopicPartition) -> str:
    return f"{place.topic}-{place.partition}"


def found(
    audit: MemoryAudit, checkpoints: dict[str, bytes], *kept: bytes, now: int | None = None
) -> list[Finding]:
    """What a new export and its verification find together."""
    store = MemoryStore()
    exported = audit.export(store, checkpoints)
    return [*exported.findings, *verify_export(store, Trust(PINS, kept), now=now).findings]


def test_topics_that_nobody_touched_hold():
    assert found(honest(), honest().checkpoints()) == []


@pytest.mark.parametrize("lane", range(LANES))
def test_what_is_done_to_a_sealed_topic_is_found_and_its_log_named(lane):
    rng = Random(lane)
    for number in range(TAMPERINGS // LANES):
        intruder = Intruder(rng)
        way = rng.choice(intruder.ways)
        way()
        if intruder.audit.partitions == honest().partitions:
            continue  # two equal neighbours changed places
        told = found(intruder.audit, honest().checkpoints())
        assert any(it.where.startswith(folder(intruder.place)) for it in told), (
            lane,
            number,
            way.__name__,
            told[:3],
        )


@pytest.mark.parametrize("seed", range(20))
def test_a_topic_that_is_touched_and_sealed_anew_is_found_by_a_checkpoint_kept_elsewhere(seed):
    """The sealer's own key signs what the intruder made of the topic."""
    intruder = Intruder(Random(seed))
    Random(seed).choice([intruder.edit, intruder.drop, intruder.insert, intruder.truncate])()
    kept = honest().checkpoints().values()
    assert any(
        it.where.startswith(folder(intruder.place))
        for it in found(intruder.audit, intruder.audit.checkpoints(), *kept)
    )


@pytest.mark.parametrize("seed", range(20))
def test_a_checkpoint_by_another_key_is_none(seed):
    intruder = Intruder(Random(seed))
    intruder.edit()
    of = origin(LOG, intruder.place.topic, intruder.place.partition)
    forged = sign(checkpoint_of(intruder.audit.entries(intruder.place), of), by="label.demo")
    told = found(intruder.audit, {**intruder.audit.checkpoints(), of: forged}, *honest().checkpoints().values())
    assert any(folder(intruder.place) in it.where or of in it.where for it in told)


@pytest.mark.parametrize("seed", range(20))
def test_an_old_checkpoint_played_again_hides_nothing_from_who_kept_a_later_one(seed):
    intruder = Intruder(Random(seed))
    intruder.truncate()
    sizes = {intruder.place: len(intruder.values)}
    told = found(intruder.audit, honest().checkpoints(sizes), *honest().checkpoints().values())
    assert any(it.where.startswith(folder(intruder.place)) for it in told)


@pytest.mark.parametrize("lane", range(LANES))
def test_what_is_done_before_sealing_is_found_by_the_chains(lane):
    """All but a cut end, which shows when the process's next signed head comes, or against a kept one; and but the
    order of events of two processes, of which nobody has said anything before the sealer does. It is found as well
    of a log that goes on, where what is recent may be awaited.
    """
    rng = Random(lane)
    for number in range(BEFORE_SEALING // LANES):
        intruder = Intruder(rng)
        way = rng.choice([it for it in intruder.ways if it != intruder.truncate])
        if way == intruder.swap and not intruder.neighbours_are_of_one_process:
            continue
        way()
        if intruder.audit.partitions == honest().partitions:
            continue
        for now in (None, worked().time):
            assert found(intruder.audit, intruder.audit.checkpoints(), now=now), (lane, number, way.__name__)
