"""A slot's session on Kafka: its consumer and its transactional producer (KIP-98, KIP-447).

Rebalances are served inside `poll` only, and no transaction is open then, so a revoked partition never has
uncommitted work in it; what a poll gathered before a rebalance is dropped and read again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import Abortable, AccessDenied, CommitInDoubt, Fenced, LogUnavailable, VeilError
from streams.engine.bounded_calls import BoundedCalls, CallHangs
from streams.engine.kafka_errors import error_of, translate
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Message, Outgoing, TopicPartition

T = TypeVar("T")

CALL_TIMEOUT_S = 10.0
"""Metadata, committed offsets, init: a restarted broker is back in 2–4 s."""
HANGS_AFTER_S = 15.0
"""Half as long again as the time limit that the client is given, and does not always keep."""
COMMIT_ATTEMPTS = 3
"""Each waits `CALL_TIMEOUT_S`; a retried commit is the same commit (librdkafka). After that it is in doubt."""
STABLE_ATTEMPTS = 5
"""A killed neighbour's open transaction holds its offsets up for at most the 15 s transaction timeout."""
MARKERS_S = 0.005
"""The broker answers a commit before it has written the transaction's markers, which takes 1–3 ms, on a busy
machine longer. A record produced meanwhile waits 20 ms in the client, whatever `retry.backoff.ms` says. Of
transactions that followed each other at once 44 % took 20 ms more (median 14 ms, p95 43), with a pause of 4 ms
1 % (6 and 9 ms; 150 each, two cores at load 6, 2026-11-26). What people wait for: `deploy/bench/README.md`.
"""
RETRY_BACKOFF_MS = 2
"""Where positions meet the markers all the same (CONCURRENT_TRANSACTIONS) the client asks again after this time,
doubled with each attempt up to a second. With its default of 100 ms one commit in ten took 110 ms.
"""
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
        self, access: Mapping[str, Any], spec: SessionSpec, message_of: Callable[[KafkaMessage], Message]
    ) -> None:
        self._spec = spec
        self._message_of = message_of
        self._known: VeilError | None = None
        """The real cause behind a vague error; the client tells it to the error callback only."""
        self._offered: list[TopicPartition] | None = None
        """What the group has assigned to us and we have not taken over yet."""
        self._committed: dict[TopicPartition, int] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._rebalanced = False
        self._held: frozenset[str] = frozenset()
        self._open = False
        self._produced = False
        self._sent_at: float | None = None
        """When the positions were last committed; None where that may have been another incarnation."""
        self._undelivered: KafkaError | None = None
        self._ended_at = 0.0
        """When the last transaction was committed or aborted."""
        self._calls = BoundedCalls(f"{spec.transactional_id} positions")
        self._producer = Producer(self._producer_settings(access))
        self._consumer = Consumer(self._consumer_settings(access))
        try:
            self._call(lambda: self._producer.init_transactions(CALL_TIMEOUT_S), "fencing earlier incarnations")
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

    def begin(self) -> None:
        """Begin a transaction, when the broker has written the markers of the one before."""
        time.sleep(max(0.0, self._ended_at + MARKERS_S - time.monotonic()))
        self._undelivered = None
        self._call(self._producer.begin_transaction, "beginning a transaction")
        self._open, self._produced = True, False

    def produce(self, outgoing: Outgoing) -> None:
        """Add a record; waits while the client's queue is full."""
        while True:
            try:
                self._producer.produce(
                    outgoing.topic,
                    key=outgoing.key,
                    value=outgoing.value,
                    headers=list(outgoing.headers),
                    on_delivery=self._delivered,
                )
            except BufferError:
                self._producer.poll(0.05)
            except KafkaException as error:
                raise self._ours(error_of(error), f"producing to {outgoing.topic}") from None
            else:
                self._produced = True
                return

    def commit(self) -> None:
        """Positions of every owned partition, touched or not, with fresh group metadata; then commit."""
        if self._positions and self._must_send():  # an empty list would return without fencing anything
            offsets = [KafkaPartition(p.topic, p.partition, at) for p, at in self._positions.items()]
            self._send(offsets, self._consumer.consumer_group_metadata())
            self._sent_at = time.monotonic()
        self._commit_transaction()
        self._open, self._ended_at = False, time.monotonic()
        self._committed = dict(self._positions)

    def _must_send(self) -> bool:
        """Always, but where a sole owner's have not moved: its transactional id fences every record it produces
        (decisions/0003). Where it produced none, the positions are what is fenced.
        """
        if self._spec.ownership is Ownership.SHARED or not self._produced or self._sent_at is None:
            return True
        moved = self._positions != self._committed
        return moved or time.monotonic() - self._sent_at >= POSITIONS_EVERY_S

    def abort(self) -> None:
        """Abort the open transaction, if any."""
        if not self._open:
            return
        try:
            self._producer.abort_transaction(CALL_TIMEOUT_S)
        except KafkaException as error:
            cause = self._ours(error_of(error), "aborting")
            raise cause if isinstance(cause, Fenced) else CommitInDoubt(str(cause)) from None
        self._open, self._ended_at = False, time.monotonic()

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
        """Leave; an open transaction is left to the next incarnation, which aborts it."""
        with contextlib.suppress(RuntimeError, KafkaException):  # closed before; fenced
            self._consumer.close()
        with contextlib.suppress(KafkaException):
            self._producer.purge()
            self._producer.flush(0)
        self._calls.close()

    # Joining and rebalancing

    def _join(self) -> None:
        if self._spec.ownership is Ownership.SHARED:
            self._consumer.subscribe(
                list(self._spec.inputs), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
            )
            return
        self._assign(self._start([p for topic in self._spec.inputs for p in self._partitions_of(topic)]))

    def _partitions_of(self, topic: str) -> list[TopicPartition]:
        def ask() -> list[TopicPartition]:
            found = self._consumer.list_topics(topic, CALL_TIMEOUT_S).topics[topic]
            if found.error is not None:
                raise translate(found.error, f"reading {topic}")
            return [TopicPartition(topic, partition) for partition in found.partitions]

        return self._call(ask, f"asking for the partitions of {topic}")

    def _assigned(self, consumer: Consumer, partitions: list[KafkaPartition]) -> None:
        """Only noted: what it takes to begin can fail, and an exception raised in a callback would be lost."""
        consumer.assign([])  # else the client begins by itself, where it thinks fit
        self._rebalanced = True
        self._offered = [TopicPartition(p.topic, p.partition) for p in partitions]

    def _revoked(self, _consumer: Consumer, _partitions: list[KafkaPartition]) -> None:
        self._rebalanced = True
        self._offered = None
        self._positions, self._committed = {}, {}

    def _take_over(self) -> None:
        """Begin with what was assigned, at its committed positions; where it fails, the next poll tries again."""
        if self._offered is not None:
            self._assign(self._start(self._offered))
            self._offered = None

    def _assign(self, positions: Mapping[TopicPartition, int]) -> None:
        self._committed, self._positions = dict(positions), dict(positions)
        self._sent_at = None
        self._consumer.assign([KafkaPartition(p.topic, p.partition, at) for p, at in positions.items()])
        self._apply_hold()

    def _apply_hold(self) -> None:
        assigned = self._consumer.assignment()
        self._consumer.pause([p for p in assigned if p.topic in self._held])
        self._consumer.resume([p for p in assigned if p.topic not in self._held])

    def _start(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Committed positions; the first offset there is where nothing was committed (yet, or any more)."""
        if not partitions:
            return {}
        wanted = [KafkaPartition(p.topic, p.partition) for p in partitions]
        found = self._retrying(lambda: self._consumer.committed(wanted, CALL_TIMEOUT_S))
        return {TopicPartition(p.topic, p.partition): self._at_least_first(p) for p in found}

    def _at_least_first(self, committed: KafkaPartition) -> int:
        if committed.error is not None:
            raise translate(committed.error, f"committed position of {committed.topic}")
        place = KafkaPartition(committed.topic, committed.partition)
        watermarks = self._call(
            lambda: self._consumer.get_watermark_offsets(place, CALL_TIMEOUT_S, cached=False),
            f"asking for the first offset of {committed.topic}",
        )
        if watermarks is None:
            raise LogUnavailable(f"no answer about the first offset of {committed.topic}")
        return max(int(committed.offset), int(watermarks[0]))

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

    # Receiving, delivering, committing

    def _gather(self, limit: int, timeout: float) -> list[KafkaMessage]:
        """A batch bounded by count, bytes and age."""
        first = self._consumer.poll(timeout)
        got = [] if first is None else [first]
        size = _size(first) if first is not None else 0
        until = time.monotonic() + min(LINGER_S, timeout)
        while got and len(got) < limit and size < BATCH_BYTES and not self._rebalanced:
            wanted = min(limit - len(got), SLICE)
            more = self._consumer.consume(wanted, max(0.0, until - time.monotonic()))
            got += more
            size += sum(_size(message) for message in more)
            if len(more) < wanted:
                break
        return got

    def _check(self, got: list[KafkaMessage]) -> None:
        """Raise the first error. It is told once, also amid a rebalance: a consumer that is out of its group for
        good gives nothing more and says nothing more.
        """
        for error in (raw.error() for raw in got):
            if error is not None:
                raise self._known or self._unreadable(error)
        if self._known is not None:
            raise self._known

    def _take(self, got: list[KafkaMessage]) -> list[Message]:
        messages = []
        for raw in got:
            message = self._message_of(raw)
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

    def _delivered(self, error: KafkaError | None, _message: KafkaMessage) -> None:
        if error is not None and self._undelivered is None:
            self._undelivered = error

    def _send(self, offsets: list[KafkaPartition], metadata: object) -> None:
        """The client ignores this call's time limit when the group's coordinator goes away (librdkafka #5456,
        seen after a killed broker): what hangs is left behind, and its producer fenced by the next session's.
        """
        send = self._producer.send_offsets_to_transaction
        try:
            self._call(
                lambda: self._calls.run(lambda: send(offsets, metadata, CALL_TIMEOUT_S), HANGS_AFTER_S),
                "sending positions",
            )
        except CallHangs:
            raise CommitInDoubt(f"sending positions: no answer within {HANGS_AFTER_S:.0f} s") from None

    def _commit_transaction(self) -> None:
        for attempt in range(1, COMMIT_ATTEMPTS + 1):
            try:
                self._producer.commit_transaction(CALL_TIMEOUT_S)
            except KafkaException as error:
                why = error_of(error)
                if self._undelivered is not None:  # the cause; the commit's own error only says "inconsistent"
                    raise self._cause(self._undelivered) from None
                if why.retriable() and attempt < COMMIT_ATTEMPTS:
                    continue
                if why.retriable() or why.code() == KafkaError._TIMED_OUT:  # noqa: SLF001 - client's own code
                    raise CommitInDoubt(f"committing: {why.name()}") from None
                raise self._ours(why, "committing") from None
            else:
                return

    @staticmethod
    def _cause(error: KafkaError) -> VeilError:
        cause = translate(error, "delivering")
        return Abortable(str(cause)) if isinstance(cause, LogUnavailable) else cause

    def _call(self, what: Callable[[], T], doing: str) -> T:
        try:
            return what()
        except KafkaException as error:
            raise self._ours(error_of(error), doing) from None

    def _ours(self, error: KafkaError, doing: str) -> VeilError:
        """A wrong password shows as a transport error, a fenced producer as `_FATAL`: ask for what is behind."""
        try:
            self._producer.poll(0)
        except KafkaException as fatal:
            error = error_of(fatal)
        return self._known or translate(error, doing)

    def _on_consumer_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._FATAL:  # noqa: SLF001 - client's own code
            self._known = self._unreadable(error)
        else:
            self._on_error(error)

    def _on_error(self, error: KafkaError) -> None:
        cause = translate(error, "connecting")
        if isinstance(cause, AccessDenied | Fenced):
            self._known = cause

    def _producer_settings(self, access: Mapping[str, Any]) -> dict[str, Any]:
        return dict(access) | {
            "transactional.id": self._spec.transactional_id,
            "transaction.timeout.ms": self._spec.transaction_timeout_ms,
            "partitioner": "murmur2_random",
            "linger.ms": 2,
            "retry.backoff.ms": RETRY_BACKOFF_MS,
            "compression.type": "lz4",
            "message.max.bytes": 2 * 1024 * 1024,
            "error_cb": self._on_error,
        }

    def _consumer_settings(self, access: Mapping[str, Any]) -> dict[str, Any]:
        settings = dict(access) | {
            "group.id": self._spec.group,
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            # Where a position is gone (its retention ended meanwhile), the client must not go on elsewhere by
            # itself: the audit would call what is lost in between empty. `rewind` begins at what is left.
            "auto.offset.reset": "error",
            # Longer than a broker is away: a member that gives up sooner joins anew, and its own late heartbeat
            # then shows it as fenced. A killed process need not wait for it: it takes its place back by its name.
            "session.timeout.ms": 20_000,
            "heartbeat.interval.ms": 3000,
            # The slowest batch there can be: 8 MiB (see BATCH_BYTES) at 17 s each, on a core shared with another.
            "max.poll.interval.ms": 300_000,
            "fetch.max.bytes": 8 * 1024 * 1024,
            "queued.max.messages.kbytes": 32 * 1024,
            # A record ends the wait, so nothing is late. Empty fetches of five processes every 100 ms were most of
            # an idle broker's 5 % of a core.
            "fetch.wait.max.ms": 500,
            "error_cb": self._on_consumer_error,
        }
        if self._spec.ownership is Ownership.SHARED:
            settings["group.instance.id"] = self._spec.transactional_id
            settings["partition.assignment.strategy"] = "range"
        return settings


def _size(message: KafkaMessage) -> int:
    value = message.value()
    return len(value) if value is not None else 0
