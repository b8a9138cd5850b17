"""An in-memory Kafka, as far as the loop can tell: transactions, markers, fencing, groups, generations.

Faults come through one hook: `faults(point)` is called at every step and may raise. What a real broker does
with an open transaction of a dead producer (abort it when the next incarnation comes) happens here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from schemas.errors import Abortable, CommitInDoubt, Fenced, LogUnavailable
from streams.engine.log import FROM_THE_BEGINNING, Gap, Ownership, SessionSpec
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.engine.turns import Second, Turns


class Crash(BaseException):
    """The process that made the call is gone. No handler of the product may catch it."""


@dataclass(slots=True)
class Entry:
    """One offset: a record (`message`) or a transaction marker (None). `owner` while its transaction is open."""

    message: Message | None
    owner: str | None = None
    aborted: bool = False


@dataclass(slots=True)
class Transaction:
    """What a transactional id has open."""

    entries: list[Entry] = field(default_factory=list)
    places: set[TopicPartition] = field(default_factory=set)
    offsets: dict[tuple[str, TopicPartition], int] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """A consumer group: its committed offsets and who owns what in which generation."""

    committed: dict[TopicPartition, int] = field(default_factory=dict)
    read: dict[TopicPartition, int] = field(default_factory=dict)
    """How far a member had read when it committed: behind its position may be markers."""
    generation: int = 0
    members: dict[str, MemorySession] = field(default_factory=dict)


class Broker:
    """Holds everything that outlives a process."""

    def __init__(self, topics: dict[str, int], faults: Callable[[str], None] | None = None, fencing: bool = True):
        self.partitions: dict[TopicPartition, list[Entry]] = {
            TopicPartition(name, number): [] for name, count in topics.items() for number in range(count)
        }
        self.topics = topics
        self.firsts: dict[TopicPartition, int] = {}
        """The first offset there is, where retention has taken what was before it."""
        self.groups: dict[str, Group] = {}
        self.epochs: dict[str, int] = {}
        self.open: dict[str, Transaction] = {}
        self.fencing = fencing
        self.faults = faults or (lambda _point: None)
        self.now = 0

    def append(self, outgoing: Outgoing, owner: str | None = None) -> Entry:
        """Add a record at the end of the partition its key belongs to."""
        place = self.place_of(outgoing)
        entries = self.partitions[place]
        message = Message(
            place.topic,
            place.partition,
            len(entries),
            outgoing.key,
            outgoing.value,
            dict(outgoing.headers),
            self.now,
        )
        entry = Entry(message, owner)
        entries.append(entry)
        return entry

    def place_of(self, outgoing: Outgoing) -> TopicPartition:
        """A stable hash of the key; which one does not matter here."""
        return TopicPartition(outgoing.topic, sum(outgoing.key) % self.topics[outgoing.topic])

    def expire(self, place: TopicPartition, before: int) -> None:
        """The retention of what is before an offset is over."""
        self.firsts[place] = max(before, self.firsts.get(place, 0))

    def make_again(self, topic: str) -> None:
        """A topic is deleted and made again: its records are gone, and with them every group's positions on it."""
        for place in [it for it in self.partitions if it.topic == topic]:
            self.partitions[place] = []
            self.firsts.pop(place, None)
            for group in self.groups.values():
                group.committed.pop(place, None)
                group.read.pop(place, None)

    def stable(self, place: TopicPartition) -> int:
        """The last stable offset: the first one of an open transaction, else the end."""
        entries = self.partitions[place]
        return next((at for at, entry in enumerate(entries) if entry.owner is not None), len(entries))

    def committed(self, topic: str) -> list[Message]:
        """What a reader of committed data sees of a topic now."""
        return [m for n in range(self.topics[topic]) for m in self.slice(TopicPartition(topic, n), 0)]

    def slice(self, place: TopicPartition, start: int) -> Iterator[Message]:
        """Committed records of one partition from `start` on."""
        first = max(start, self.firsts.get(place, 0))
        for entry in self.partitions[place][first : self.stable(place)]:
            if entry.message is not None and not entry.aborted:
                yield entry.message

    def end(self, transactional_id: str, commit: bool) -> None:
        """Commit or abort what is open: markers on every touched partition, then the group's offsets."""
        transaction = self.open.pop(transactional_id, None)
        if transaction is None:
            return
        for entry in transaction.entries:
            entry.owner = None
            entry.aborted = not commit
        for place in sorted(transaction.places):
            self.partitions[place].append(Entry(None))
        if commit:
            for (name, place), offset in transaction.offsets.items():
                group = self.groups.setdefault(name, Group())
                group.committed[place] = offset
                left = next(self.slice(place, offset), None)
                group.read[place] = self.stable(place) if left is None else offset

    def initialise(self, transactional_id: str) -> int:
        """A new incarnation's epoch: what an earlier one has open is aborted, and nothing more taken from it."""
        self.end(transactional_id, commit=False)
        self.epochs[transactional_id] = self.epochs.get(transactional_id, 0) + 1
        return self.epochs[transactional_id]

    def rebalance(self, group: Group, inputs: Sequence[str]) -> None:
        """A new generation; members learn of it when they poll next."""
        group.generation += 1
        names = sorted(group.members)
        places = [TopicPartition(topic, n) for topic in inputs for n in range(self.topics[topic])]
        for index, name in enumerate(names):
            group.members[name].offer(group.generation, [p for p in places if p.partition % len(names) == index])

    def kick(self, group_name: str, member: str) -> None:
        """The broker gives up on a silent member (session time-out)."""
        group = self.groups[group_name]
        gone = group.members.pop(member, None)
        if gone is not None and group.members:
            self.rebalance(group, gone.spec.inputs)


class MemorySession:
    """Implements `streams.engine.log.Session` on the broker above."""

    def __init__(self, broker: Broker, spec: SessionSpec) -> None:
        self.spec = spec
        self._broker = broker
        self._epochs: dict[str, int] = {}
        self._turns = Turns()
        broker.faults("open")
        self._epochs[spec.transactional_id] = broker.initialise(spec.transactional_id)
        if spec.second_id is not None:
            broker.faults("open second")
            self._epochs[spec.second_id] = broker.initialise(spec.second_id)
        self._group = broker.groups.setdefault(spec.group, Group())
        self._generation = 0
        self._offered: tuple[int, list[TopicPartition]] | None = None
        self._committed: dict[TopicPartition, int] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._gaps: list[Gap] = []
        self._held: frozenset[str] = frozenset()
        self._transaction: Transaction | None = None
        self._id = ""
        """Whose the open transaction is; none before it holds something."""
        self._unsent = True
        """Whether no positions were sent since it began at those of the broker."""
        if spec.ownership is Ownership.WHOLE:
            self._take(self._all())
        else:
            self._join()

    def poll(self, limit: int, timeout: float) -> list[Message]:
        self._broker.faults("poll")
        if (
            self.spec.ownership is Ownership.SHARED
            and self._group.members.get(self.spec.transactional_id) is not self
        ):
            self._check_instance()
            self._join()
        if self._offered is not None:
            self._generation, places = self._offered
            self._offered = None
            self._take(places)
            return []
        found = [m for place in sorted(self._positions) for m in self._next(place)][:limit]
        for message in found:
            self._positions[message.place] = message.offset + 1
        return found

    def committed(self) -> dict[TopicPartition, int]:
        return dict(self._committed)

    def gaps(self) -> list[Gap]:
        return list(self._gaps)

    def overdue(self) -> bool:
        return False  # no time passes

    def remembered(self) -> bool:
        return any(place in self._group.committed for place in self._all())

    def begin(self) -> None:
        self._broker.faults("begin")
        self._transaction, self._id = Transaction(), ""

    def produce(self, outgoing: Outgoing) -> None:
        self._broker.faults("produce")
        transaction = self._hold(positions=self._unsent or self._positions != self._committed)
        transaction.entries.append(self._broker.append(outgoing, self._id))
        transaction.places.add(self._broker.place_of(outgoing))

    def commit(self) -> None:
        self._broker.faults("positions")
        transaction = self._hold(positions=True)
        self._check_generation()
        if self._id != self.spec.second_id:
            transaction.offsets = {(self.spec.group, p): at for p, at in self._positions.items()}
            self._unsent = False
        self._broker.faults("before commit")
        try:
            self._broker.faults("in doubt before")
        except CommitInDoubt:
            self._transaction = None
            raise
        self._broker.end(self._id, commit=True)
        self._transaction = None
        second = self._id == self.spec.second_id
        self._turns = self._turns.second_committed() if second else self._turns.first_committed()
        self._broker.faults("in doubt after")
        self._broker.faults("after commit")
        self._committed = dict(self._positions)
        self._gaps = []

    def abort(self) -> None:
        self._broker.faults("abort")
        if self._transaction is not None and self._id:
            with suppress(Abortable):  # the second id was taken, and so this was ended
                self._check_epoch()
                self._broker.end(self._id, commit=False)
        self._transaction = None

    def rewind(self) -> None:
        self._broker.faults("rewind")
        self._take(list(self._positions))

    def hold(self, topics: frozenset[str]) -> None:
        self._held = topics

    def close(self) -> None:
        if self._group.members.get(self.spec.transactional_id) is self:
            self._broker.kick(self.spec.group, self.spec.transactional_id)

    def offer(self, generation: int, places: list[TopicPartition]) -> None:
        """The group's new assignment; taken up by the next poll."""
        self._offered = (generation, places)

    def _join(self) -> None:
        self._group.members[self.spec.transactional_id] = self
        self._broker.rebalance(self._group, self.spec.inputs)

    def _all(self) -> list[TopicPartition]:
        return [TopicPartition(t, n) for t in self.spec.inputs for n in range(self._broker.topics[t])]

    def _take(self, places: list[TopicPartition]) -> None:
        known, firsts = self._group.committed, self._broker.firsts
        self._committed = {place: max(known.get(place, 0), firsts.get(place, 0)) for place in places}
        read = {place: self._group.read[place] for place in places if place in known}
        self._gaps = [Gap(p, at, self._committed[p]) for p, at in read.items() if at < self._committed[p]]
        self._positions = dict(self._committed)
        self._unsent = True

    def _next(self, place: TopicPartition) -> Iterator[Message]:
        if place.topic in self._held:
            return iter(())
        return self._broker.slice(place, self._positions[place])

    def _hold(self, *, positions: bool) -> Transaction:
        """The open transaction, which takes its id with the first thing that it holds."""
        assert self._transaction is not None
        if not self._id:
            self._id = self._whose(positions=positions)
        self._check_epoch()
        self._broker.open[self._id] = self._transaction
        return self._transaction

    def _whose(self, *, positions: bool) -> str:
        second = self.spec.second_id
        if second is None:
            return self.spec.transactional_id
        if self._turns.second is Second.OURS_AGAIN:
            self._broker.faults("open second")
            self._epochs[second] = self._broker.initialise(second)
            self._turns = self._turns.second_initialised()
        return second if self._turns.takes_second(positions=positions) else self.spec.transactional_id

    def _check_epoch(self) -> None:
        name = self._id
        if not self._broker.fencing or self._broker.epochs[name] == self._epochs[name]:
            return
        if name == self.spec.second_id:
            self._turns, self._transaction = self._turns.second_fenced(), None
            raise Abortable(f"{name} was taken")
        raise Fenced(f"{name} was taken over")

    def _check_instance(self) -> None:
        """Static membership: a later incarnation of this slot has joined."""
        if self._broker.epochs[self.spec.transactional_id] != self._epochs[self.spec.transactional_id]:
            raise Fenced(f"{self.spec.transactional_id} has joined again elsewhere")

    def _check_generation(self) -> None:
        if self.spec.ownership is Ownership.WHOLE or not self._broker.fencing:
            return
        current = self._group.members.get(self.spec.transactional_id)
        if current is not self or self._group.generation != self._generation or self._offered is not None:
            raise Abortable("positions of an old generation")


class MemoryFollower:
    """Implements `streams.engine.log.Follower`."""

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[str],
        after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING,
    ) -> None:
        self._broker = broker
        places = [TopicPartition(t, n) for t in topics for n in range(broker.topics[t])]
        self._at = {place: after.get(place, 0) for place in places}

    def poll(self, limit: int, timeout: float) -> list[Message]:
        self._broker.faults("follow")
        found = [m for place in sorted(self._at) for m in self._broker.slice(place, self._at[place])][:limit]
        for message in found:
            self._at[message.place] = message.offset + 1
        return found

    def ends(self) -> dict[TopicPartition, int]:
        return {place: len(self._broker.partitions[place]) for place in self._at}

    def passed(self, ends: Mapping[TopicPartition, int]) -> bool:
        """An open transaction before an end is not passed: what comes of it is not known."""
        return all(
            self._broker.stable(place) >= end
            and all(m.offset >= end for m in self._broker.slice(place, self._at[place]))
            for place, end in ends.items()
        )

    def at_end(self) -> bool:
        return all(not list(self._broker.slice(place, at)) for place, at in self._at.items())

    def close(self) -> None:
        pass


class MemoryLog:
    """Implements `streams.engine.log.Log`."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker

    def open(self, spec: SessionSpec) -> MemorySession:
        return MemorySession(self.broker, spec)

    def read(self, topic: str, after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING) -> Iterator[Message]:
        self.broker.faults("read")
        places = [TopicPartition(topic, n) for n in range(self.broker.topics[topic])]
        if any(self.broker.stable(place) < len(self.broker.partitions[place]) for place in places):
            raise LogUnavailable(f"{topic}: a transaction is open before its end")  # a real one waits for it
        return (m for m in self.broker.committed(topic) if m.offset >= after.get(m.place, 0))

    def follow(
        self, topics: Sequence[str], after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING
    ) -> MemoryFollower:
        return MemoryFollower(self.broker, topics, after)

    def offsets_at(self, topic: str, time: int) -> dict[TopicPartition, int]:
        self.broker.faults("offsets")
        return {
            TopicPartition(topic, n): self._first_at(TopicPartition(topic, n), time)
            for n in range(self.broker.topics[topic])
        }

    def read_up_to(self, group: str, topic: str) -> dict[TopicPartition, int]:
        self.broker.faults("offsets")
        known = self.broker.groups.get(group, Group()).read
        return {place: at for place, at in known.items() if place.topic == topic}

    def _first_at(self, place: TopicPartition, time: int) -> int:
        entries = self.broker.partitions[place]
        first = self.broker.firsts.get(place, 0)
        there = ((at, one.message) for at, one in enumerate(entries) if at >= first)
        return next((at for at, found in there if found and found.timestamp >= time), len(entries))
