"""Keeper beside a redact that writes, commits, aborts and dies at any moment, in drawn interleavings.

The log here is as unkind as Kafka: a transaction's commit markers reach the partitions one after the other, and a
reader sees each partition up to its first undecided transaction. Only a new transaction waits for all markers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import SlotEpoch
from streams.engine.messages import Message
from streams.engine.processor import Batch, Slot
from streams.keeper.erasing import ErasureSeams
from streams.keeper.lateness import Lateness
from streams.keeper.leak_watch import LeakSeams
from streams.keeper.processor import KeeperProcessor
from tests.simulation.vault import MemoryVault, VaultStore
from tests.streams.keeper.making import ALWAYS, CODEC, SEGMENTS, SLOT, Progress, documents, index
from vault.clocks import ToldTime
from vault.segments.document import Layer

PARTITIONS = 3


@dataclass
class Entry:
    """A record and what its partition knows of its transaction: None, then committed or not."""

    key: bytes
    value: bytes
    committed: bool | None = None


@dataclass
class Partitions:
    entries: list[list[Entry]] = field(default_factory=lambda: [[] for _ in range(PARTITIONS)])
    owed: list[tuple[int, bool]] = field(default_factory=list)
    """Markers on their way."""

    def append(self, key: bytes, record: object) -> None:
        self.entries[sum(key) % PARTITIONS].append(Entry(key, CODEC.encode(record)))

    def end(self, committed: bool, order: list[int]) -> None:
        self.owed = [(it, committed) for it in order]

    def mark_one(self) -> None:
        if self.owed:
            partition, committed = self.owed.pop(0)
            for entry in self.entries[partition]:
                if entry.committed is None:
                    entry.committed = committed

    def mark_all(self) -> None:
        while self.owed:
            self.mark_one()

    def stable(self, partition: int, start: int = 0) -> list[Message]:
        found = []
        for offset, entry in enumerate(self.entries[partition]):
            if entry.committed is None:
                break
            if entry.committed and offset >= start:
                found.append(Message(SEGMENTS, partition, offset, entry.key, entry.value))
        return found

    def end_of(self, partition: int) -> int:
        entries = self.entries[partition]
        return next((at for at, it in enumerate(entries) if it.committed is None), len(entries))

    def read(self) -> Iterator[Message]:
        for partition in range(PARTITIONS):
            yield from self.stable(partition)


class World:
    def __init__(self) -> None:
        self.vault = MemoryVault(VaultStore(auto_keys=True), "demo")
        self.log = Partitions()
        self.positions = [0] * PARTITIONS
        self.now_ms = 0
        self.batches = 0
        self.keeper = KeeperProcessor(
            "demo",
            CODEC,
            documents=self.vault,
            segments_now=self.log.read,
            clock=self,
            told_time=lambda: ToldTime(self.now_ms, 0),
            leaks=LeakSeams(limit_of=lambda _: None, in_force=str, lifted=lambda: 0, sign=lambda _: b""),
            erasures=ErasureSeams(in_force=tuple, sign=lambda _: b""),
            lateness=Lateness(Progress(), ()),
            settings=ALWAYS,
        )
        self.keeper.restore(Slot("keeper.demo.0", 1, "keeper.demo", "demo"), [])
        self.promised: set[str] = set()
        """Segments whose transaction was decided to commit: they must never lose a document."""

    def now(self) -> int:
        return self.now_ms

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> None:
        raise AssertionError

    def redact(self, epoch: int, batches: list[tuple[int, bool]], dies_after: int, orders) -> Iterator[None]:
        """One incarnation, pausing wherever keeper could come in; it dies after so many pauses."""
        for pause, _ in enumerate(self._lifetime(epoch, batches, orders)):
            yield
            if pause >= dies_after:
                return

    def _lifetime(self, epoch: int, batches: list[tuple[int, bool]], orders) -> Iterator[None]:
        self._fence()
        self.log.append(f"epoch/{SLOT}".encode(), SlotEpoch(SLOT, epoch))
        self.log.end(committed=True, order=orders(PARTITIONS))
        yield
        sequence = 0
        for size, commits in batches:
            self.batches += 1
            batch = [index(sequence + it, f"t{it}", epoch=epoch, created=self.batches) for it in range(size)]
            sequence += size
            for segment in batch:
                for document in documents(segment.segment_id, segment.entries[0].task_id):
                    self.vault.create(*document)
                    yield
            self.log.mark_all()  # a new transaction begins only when the last one has ended everywhere
            for segment in batch:
                self.log.append(segment.segment_id.encode(), segment)
                yield
            if commits:
                self.promised |= {it.segment_id for it in batch}
            self.log.end(committed=commits, order=orders(PARTITIONS))
            for _ in range(PARTITIONS):
                yield
                self.log.mark_one()

    def _fence(self) -> None:
        """A new incarnation ends what the last one left open, everywhere, before it goes on."""
        self.log.mark_all()
        self.log.end(committed=False, order=list(range(PARTITIONS)))
        self.log.mark_all()

    def keep(self, partitions: list[int]) -> None:
        """Keeper reads a part of what it could and processes it; each round scans."""
        messages = []
        for partition in partitions:
            messages += self.log.stable(partition, self.positions[partition])
            self.positions[partition] = self.log.end_of(partition)
        self.now_ms += 1
        plan = self.keeper.process(Batch(messages, [], {}, self.now_ms))
        assert all(it.topic != SEGMENTS for it in plan.outputs)
        self.check()

    def check(self) -> None:
        names = {layer: set(self.vault.names(layer)) for layer in Layer}
        for segment_id in self.promised:
            assert all(f"{layer}/{segment_id}" in names[layer] for layer in Layer), segment_id


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_keeper_never_takes_what_a_live_redact_commits_and_at_the_end_only_that_is_left(data) -> None:
    world = World()
    batches = st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=4)
    reads = st.lists(st.integers(0, PARTITIONS - 1), unique=True, max_size=PARTITIONS)

    def orders(count: int) -> list[int]:
        return data.draw(st.permutations(range(count)))

    lives = data.draw(st.integers(1, 3))
    for epoch in range(1, lives + 1):
        for _ in world.redact(epoch, data.draw(batches), data.draw(st.integers(0, 40)), orders):
            if data.draw(st.booleans()):
                world.keep(data.draw(reads))
    for _ in world.redact(lives + 1, [], 0, orders):
        world.log.mark_all()
    for _ in range(3):
        world.keep(list(range(PARTITIONS)))
    left = {path.removeprefix("view/") for path in world.vault.names("view")}
    assert left == world.promised
