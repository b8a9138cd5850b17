"""A slot's session on Kafka: its consumer, and its transactional producer or two by turns (KIP-98, KIP-447).

Rebalances are served inside `poll` only, and no transaction is open then, so a revoked partition never has
uncommitted work in it; what a poll gathered before a rebalance is dropped and read again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from confluent_kafka import Consumer as PlainConsumer
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import AccessDenied, Fenced, LogUnavailable, VeilError
from streams.engine.kafka_errors import END_OF_PARTITION, error_of, translate
from streams.engine.kafka_login import Consumer, KafkaLogin
from streams.engine.kafka_messages import message_of
from streams.engine.kafka_producer import CALL_TIMEOUT_S, KafkaProducer
from streams.engine.kafka_turns import KafkaTurns
from streams.engine.log import Gap, Ownership, SessionSpec
from streams.engine.messages import Message, Outgoing, TopicPartition

T = TypeVar("T")

STABLE_ATTEMPTS = 5
"""A killed neighbour's open transaction holds its offsets up for at most the 15 s transaction timeout."""
LINGER_S = 0.01
"""How long a batch gathers after its first message: adds 10 ms, saves a transaction a record. Never longer than
the caller would have waited for the first one: where people wait for an answer, nothing gathers."""
POSITIONS_EVERY_S = 60.0
"""How often a sole owner repeats positions that have not moved: the broker forgets those of a group without
members after seven days (`offsets.retention.minutes`).
"""

BATCH_BYTES = 4 * 1024 * 1024
"""When a batch is full, however few messages it holds: text made to be slow takes redact 17 s a MiB, and a batch
that outlasts `max.poll.interval.ms` would lose its partitions, be read again and never end.
"""
SLICE = 4
"""Messages asked for at a time, so that a batch exceeds its bytes by three messages of 1 MiB at most."""


class KafkaSession:
    """Implements `streams.engine.log.Session`. Not thread-safe."""

    def __init__(
        self,
        access: Mapping[str, Any],
        spec: SessionSpec,
        login: KafkaLogin,
        patience_s: float = CALL_TIMEOUT_S,
    ) -> None:
        self._spec = spec
        self._login = login
        self._known: VeilError | None = None
        """The real cause behind a vague error; the client tells it to the error callback only."""
        self._offered: list[TopicPartition] | None = None
        """What the group has assigned to us and we have not taken over yet."""
        self._committed: dict[TopicPartition, int] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._gaps: list[Gap] = []
        self._ends: dict[TopicPartition, int] = {}
        """Where a partition ended when all of it was read: behind the last record's position stand markers."""
        self._said: dict[TopicPartition, int] = {}
        """Which ends were committed."""
        self._rebalanced = False
        self._held: frozenset[str] = frozenset()
        self._produced = False
        self._sent_at: float | None = None
        """When the positions were last committed; None where that may have been another incarnation."""
        self._due = True
        """Whether the transaction sends positions, whatever else it holds."""
        self._producer = self._producing(access)
        self._consumer = login.keep(Consumer(self._consumer_settings(access)))
        try:
            self._producer.initialise(patience_s)
            self._join()
        except BaseException:
            self.close()
            raise

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Messages of partitions we still own when it returns."""
        self._rebalanced = False
        got = self._call(lambda: self._gather(limit, timeout), "polling")
        self._check(got)
        if self._rebalanced or self._offered is not None:
            self._take_over()
            return []
        return self._take(got)

    def committed(self) -> Mapping[TopicPartition, int]:
        """Where what is polled next begins."""
        return dict(self._committed)

    def gaps(self) -> list[Gap]:
        """What was gone when reading began."""
        return list(self._gaps)

    def overdue(self) -> bool:
        """Ends that were not committed for a minute; nothing was, or they would be."""
        late = self._sent_at is not None and time.monotonic() - self._sent_at >= POSITIONS_EVERY_S
        return late and self._ends != self._said

    def remembered(self) -> bool:
        """Whether the broker has a position of the group."""
        partitions = [KafkaPartition(p.topic, p.partition) for p in self._inputs()]
        return any(found.offset >= 0 for found in self._asked(partitions))

    def begin(self) -> None:
        """Begin a transaction, when the broker has written the markers of the one before (of its id)."""
        self._due, self._produced = self._must_send(), False
        self._producer.begin()

    def produce(self, outgoing: Outgoing) -> None:
        """Add a record; waits while the client's queue is full."""
        self._producer.produce(outgoing)
        self._produced = True

    def commit(self) -> None:
        """Positions of every owned partition, touched or not, with fresh group metadata; then commit.

        A sole owner's only where they are due, or nothing was produced: then they are what is fenced.
        """
        if self._due or (self._positions and not self._produced):
            offsets = [self._to_commit(place, at) for place, at in self._positions.items()]
            self._producer.send_positions(offsets, self._consumer.consumer_group_metadata())
            self._sent_at, self._said = time.monotonic(), dict(self._ends)
        self._producer.commit()
        self._committed = dict(self._positions)
        self._gaps.clear()

    def _to_commit(self, place: TopicPartition, at: int) -> KafkaPartition:
        """A position, and beside it, as its metadata, how far there is nothing left to read."""
        return KafkaPartition(place.topic, place.partition, at, str(self._ends.get(place, at)))

    def _must_send(self) -> bool:
        """Always, but where a sole owner's have not moved: its transactional id fences every record it produces
        (decisions/0003). Never where there are none: an empty list would fence nothing.
        """
        if not self._positions:
            return False
        if self._spec.ownership is Ownership.SHARED or self._sent_at is None:
            return True
        moved = self._positions != self._committed
        return moved or time.monotonic() - self._sent_at >= POSITIONS_EVERY_S

    def abort(self) -> None:
        """Abort the open transaction, if any."""
        self._producer.abort()

    def rewind(self) -> None:
        """Back to the committed positions, asked of the broker, never remembered."""
        if self._offered is None:
            self._offered = list(self._positions)
        self._take_over()

    def hold(self, topics: frozenset[str]) -> None:
        """Pause these topics, resume the others."""
        if topics != self._held:
            self._held = topics
            self._apply_hold()

    def close(self) -> None:
        """Leave; an open transaction is left to the next incarnation, which aborts it.

        The consumer is dropped, not closed: `close` first hands us what the group still has to say, and librdkafka
        never answers the `assign` that this takes where the group's part of it has ended already. It waits for it
        with Python's lock held, so the whole process stands still (seen after a killed broker). Nothing is missed:
        a static member leaves no group, and no position is committed but by transactions.
        """
        self.__dict__.pop("_consumer", None)
        self._producer.close()

    # Joining and rebalancing

    def _join(self) -> None:
        if self._spec.ownership is Ownership.SHARED:
            self._consumer.subscribe(
                list(self._spec.inputs), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
            )
            return
        self._assign(self._start(self._inputs()))

    def _inputs(self) -> list[TopicPartition]:
        return [place for topic in self._spec.inputs for place in self._partitions_of(topic)]

    def _partitions_of(self, topic: str) -> list[TopicPartition]:
        def ask() -> list[TopicPartition]:
            found = self._consumer.list_topics(topic, CALL_TIMEOUT_S).topics[topic]
            if found.error is not None:
                raise translate(found.error, f"reading {topic}")
            return [TopicPartition(topic, partition) for partition in found.partitions]

        return self._call(ask, f"asking for the partitions of {topic}")

    def _assigned(self, consumer: PlainConsumer, partitions: list[KafkaPartition]) -> None:
        """Only noted: what it takes to begin can fail, and an exception raised in a callback would be lost."""
        consumer.assign([])  # else the client begins by itself, where it thinks fit
        self._rebalanced = True
        self._offered = [TopicPartition(p.topic, p.partition) for p in partitions]

    def _revoked(self, _consumer: PlainConsumer, _partitions: list[KafkaPartition]) -> None:
        self._rebalanced = True
        self._offered = None
        self._positions, self._committed = {}, {}
        self._gaps.clear()

    def _take_over(self) -> None:
        """Begin with what was assigned, at its committed positions; where it fails, the next poll tries again."""
        if self._offered is not None:
            self._assign(self._start(self._offered))
            self._offered = None

    def _assign(self, positions: Mapping[TopicPartition, int]) -> None:
        self._committed, self._positions = dict(positions), dict(positions)
        self._sent_at = None
        self._ends, self._said = {}, {}
        self._consumer.assign([KafkaPartition(p.topic, p.partition, at) for p, at in positions.items()])
        self._apply_hold()

    def _apply_hold(self) -> None:
        assigned = self._consumer.assignment()
        self._consumer.pause([p for p in assigned if p.topic in self._held])
        self._consumer.resume([p for p in assigned if p.topic not in self._held])

    def _start(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Committed positions; the first offset there is where nothing was committed (yet, or any more)."""
        found = self._asked([KafkaPartition(p.topic, p.partition) for p in partitions])
        firsts = {TopicPartition(p.topic, p.partition): self._first(p) for p in found}
        read = {TopicPartition(p.topic, p.partition): committed_up_to(p) for p in found if p.offset >= 0}
        self._gaps = [Gap(place, at, firsts[place]) for place, at in read.items() if at < firsts[place]]
        return {place: max(p.offset, first) for p, (place, first) in zip(found, firsts.items(), strict=True)}

    def _asked(self, partitions: list[KafkaPartition]) -> list[KafkaPartition]:
        """Committed positions as the broker has them; a negative offset where there is none."""
        if not partitions:
            return []
        found = self._retrying(lambda: self._consumer.committed(partitions, CALL_TIMEOUT_S))
        for one in found:
            if one.error is not None:
                raise translate(one.error, f"committed position of {one.topic}")
        return found

    def _first(self, committed: KafkaPartition) -> int:
        place = KafkaPartition(committed.topic, committed.partition)
        watermarks = self._call(
            lambda: self._consumer.get_watermark_offsets(place, CALL_TIMEOUT_S, cached=False),
            f"asking for the first offset of {committed.topic}",
        )
        if watermarks is None:
            raise LogUnavailable(f"no answer about the first offset of {committed.topic}")
        return int(watermarks[0])

    def _retrying(self, ask: Callable[[], list[KafkaPartition]]) -> list[KafkaPartition]:
        for attempt in range(1, STABLE_ATTEMPTS + 1):
            try:
                return self._call(ask, "asking for committed positions")
            except LogUnavailable:
                self._hear_denial()
                if attempt == STABLE_ATTEMPTS:
                    raise
        raise AssertionError

    def _hear_denial(self) -> None:
        """Without a right to the group a question only times out; that it was denied, the consumer's queue says.

        Not asked where partitions are shared: there `poll` hears of it, and a rebalance must not come in between.
        """
        event = self._consumer.poll(0) if self._spec.ownership is Ownership.WHOLE else None
        error = event.error() if event is not None else None
        if error is not None and isinstance(cause := translate(error, "joining the group"), AccessDenied):
            raise cause

    # Receiving

    def _gather(self, limit: int, timeout: float) -> list[KafkaMessage]:
        """A batch bounded by count, bytes and age."""
        got = self._first_of(timeout)
        size = sum(map(_size, got))
        until = time.monotonic() + min(LINGER_S, timeout)
        while got and len(got) < limit and size < BATCH_BYTES and not self._rebalanced:
            wanted = min(limit - len(got), SLICE)
            found = self._consumer.consume(wanted, max(0.0, until - time.monotonic()))
            more = self._without_ends(found)
            got += more
            size += sum(_size(message) for message in more)
            if len(found) < wanted:  # ends count: one lies behind each fetch, and more may lie behind it
                break
        return got

    def _first_of(self, timeout: float) -> list[KafkaMessage]:
        """The first message that comes in time. Where a partition ends is none."""
        until = time.monotonic() + timeout
        while True:
            found = self._consumer.poll(max(0.0, until - time.monotonic()))
            if found is None:
                return []
            if got := self._without_ends([found]):
                return got

    def _without_ends(self, got: list[KafkaMessage]) -> list[KafkaMessage]:
        """The others; where partitions end is noted. All that is before an end has come before it."""
        found = []
        for raw in got:
            error = raw.error()
            if error is not None and error.code() == END_OF_PARTITION:
                self._note_end(raw)
            else:
                found.append(raw)
        return found

    def _note_end(self, raw: KafkaMessage) -> None:
        topic, partition, offset = raw.topic(), raw.partition(), raw.offset()
        assert topic is not None
        assert partition is not None
        assert offset is not None
        self._ends[TopicPartition(topic, partition)] = offset

    def _check(self, got: list[KafkaMessage]) -> None:
        """Raise the first error. It is told once, also amid a rebalance: a consumer that is out of its group for
        good gives nothing more and says nothing more.
        """
        for error in (raw.error() for raw in got):
            if error is not None:
                raise self._told or self._unreadable(error)
        if self._told is not None:
            raise self._told

    @property
    def _told(self) -> VeilError | None:
        return self._known or self._producer.known

    def _take(self, got: list[KafkaMessage]) -> list[Message]:
        messages = []
        for raw in got:
            message = message_of(raw)
            self._positions[message.place] = message.offset + 1
            messages.append(message)
        messages.sort(key=lambda m: (m.topic, m.partition, m.offset))
        return messages

    def _unreadable(self, error: KafkaError) -> VeilError:
        # The one fatal error of a consumer: its static membership was taken over (KIP-345).
        doing = f"reading {', '.join(self._spec.inputs)}"
        if error.code() == KafkaError._FATAL:  # noqa: SLF001 - client's own code
            return Fenced(f"{doing}: another process has joined as this slot")
        return translate(error, doing)

    def _call(self, what: Callable[[], T], doing: str) -> T:
        try:
            return what()
        except KafkaException as error:
            raise self._ours(error_of(error), doing) from None

    def _ours(self, error: KafkaError, doing: str) -> VeilError:
        """What the producer knows may be behind it: that it is fenced, or the password wrong."""
        return self._known or self._producer.cause(error, doing)

    def _on_consumer_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._FATAL:  # noqa: SLF001 - client's own code
            self._known = self._unreadable(error)
        else:
            self._on_error(error)

    def _on_error(self, error: KafkaError) -> None:
        if self._login.passing(error):
            return
        cause = translate(error, "connecting")
        if isinstance(cause, AccessDenied | Fenced):
            self._known = cause

    def _producing(self, access: Mapping[str, Any]) -> KafkaProducer | KafkaTurns:
        spec = self._spec
        if spec.second_id is None:
            return KafkaProducer(access, spec.transactional_id, spec.transaction_timeout_ms, self._login)
        ids = (spec.transactional_id, spec.second_id)
        return KafkaTurns(access, ids, spec.transaction_timeout_ms, lambda: self._due, self._login)

    def _consumer_settings(self, access: Mapping[str, Any]) -> dict[str, Any]:
        settings = dict(access) | {
            "group.id": self._spec.group,
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            # Where a position is gone (its retention ended meanwhile), the client must not go on elsewhere by
            # itself: the audit would call what is lost in between empty. `rewind` begins at what is left.
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            # Longer than a broker is away: a member that gives up sooner joins anew, and its own late heartbeat
            # then shows it as fenced. A killed process need not wait for it: it takes its place back by its name.
            "session.timeout.ms": 20_000,
            "heartbeat.interval.ms": 3000,
            # The slowest batch there can be: 8 MiB (see BATCH_BYTES) at 17 s each, on a core shared with another.
            "max.poll.interval.ms": 300_000,
            "fetch.max.bytes": 8 * 1024 * 1024,
            "queued.max.messages.kbytes": 8 * 1024,
            # A record ends the wait, so nothing is late. Empty fetches of five processes every 100 ms were most of
            # an idle broker's 5 % of a core.
            "fetch.wait.max.ms": 500,
            "error_cb": self._on_consumer_error,
        }
        if self._spec.ownership is Ownership.SHARED:
            settings["group.instance.id"] = self._spec.transactional_id
            settings["partition.assignment.strategy"] = "range"
        return settings


def committed_up_to(committed: KafkaPartition) -> int:
    """How far a group has read: its position, or the end behind it where that was committed beside it."""
    said = committed.metadata or ""
    return max(int(committed.offset), int(said) if said.isdecimal() else 0)


def _size(message: KafkaMessage) -> int:
    value = message.value()
    return len(value) if value is not None else 0
