"""The topics on which entries of segments lie apart from Vault (`vault.segments.apart`), by confluent-kafka.

Written outside any transaction, as documents are: they have to be there before the transaction that names them
begins, and what it then doesn't name is found by nobody. Read by place, not in order: a reader names a partition
and an offset, and is given that record. What comes along with it is kept for a while, since verdicts come about in
the order in which their segments were written.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import TopicPartition as KafkaPartition

from schemas.errors import DependencyError, LogUnavailable, Reason, RecordAwaited, Refused, VeilError
from streams.engine.kafka_access import METADATA_TIMEOUT_S, KafkaAccess
from streams.engine.kafka_errors import END_OF_PARTITION, error_of, translate
from streams.engine.kafka_follower import READ_FETCH_WAIT_MS
from streams.engine.kafka_login import Consumer, Producer
from streams.engine.missing import Missing
from vault.segments.apart import Stored
from vault.segments.document import Place

PATIENCE_S = 10.0
"""How long writing, and reading what is there, may take: a restarted broker is back in 2–4 s."""
AT_A_TIME = 64
"""Records taken from the client at once, of those that the fetch has brought along."""
KEPT_BYTES = 16 * 1024 * 1024
"""Of records that came along, at most."""
FETCH_BYTES = 1024 * 1024
"""A fetch brings so much of a partition: some 20 segments of 50 kB."""
_WRITING = "writing segments to their topics"
_NOT_THERE = frozenset(
    {
        END_OF_PARTITION,
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001 - how the client names its own codes
    }
)
_At = tuple[str, int, int]
"""Topic, partition, offset."""


class KafkaSegmentTopics:
    """Implements `vault.segments.apart.SegmentTopics`. Thread-safe; connects on first use. `patience_s`: with a
    broker that doesn't answer; `monotonic`: seconds, for how long records are missing.
    """

    def __init__(
        self,
        access: KafkaAccess,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._writer = _Writer(access, patience_s)
        self._reader = _Reader(access, Missing(monotonic), patience_s)

    def append(self, records: Sequence[Stored]) -> list[Place]:
        """Where each lies."""
        return self._writer.append(records)

    def read(self, topic: str, place: Place) -> bytes:
        """The record at a place."""
        return self._reader.read((topic, place.partition, place.offset))

    def close(self) -> None:
        """Close what is connected."""
        self._writer.close()
        self._reader.close()


class _Writer:
    def __init__(self, access: KafkaAccess, patience_s: float) -> None:
        self._access = access
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._client: Producer | None = None

    def append(self, records: Sequence[Stored]) -> list[Place]:
        with self._lock:
            try:
                return self._appended(records)
            except KafkaException as error:
                self._give_up()
                raise translate(error_of(error), _WRITING) from None
            except VeilError:
                self._give_up()
                raise

    def _appended(self, records: Sequence[Stored]) -> list[Place]:
        if self._client is None:  # never `or`: a producer that has nothing to send is false
            self._client = self._access.login.keep(Producer(_writing(self._access, self._patience_s)))
        client = self._client
        answers: list[KafkaError | Place | None] = [None] * len(records)
        for number, record in enumerate(records):
            _produce(client, record, _noting(answers, number))
        client.flush(self._patience_s)
        places = [it for it in answers if isinstance(it, Place)]
        if len(places) < len(records):
            raise _failure(answers, self._patience_s)
        return places

    def _give_up(self) -> None:
        """What is on its way may still arrive; the next attempt begins with a client of its own."""
        client, self._client = self._client, None
        if client is not None:
            client.purge()

    def close(self) -> None:
        with self._lock:
            self._give_up()


class _Reader:
    def __init__(self, access: KafkaAccess, missing: Missing, patience_s: float) -> None:
        self._access = access
        self._missing = missing
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._client: Consumer | None = None
        self._kept: OrderedDict[_At, bytes] = OrderedDict()
        self._kept_bytes = 0

    def read(self, at: _At) -> bytes:
        with self._lock:
            found = self._kept.get(at) or self._fetched(at)
            self._missing.found(at)
            return found

    def _fetched(self, at: _At) -> bytes:
        try:
            if self._client is None:
                self._client = self._access.login.keep(Consumer(_reading(self._access)))
            found = self._found(self._client, at)
            if found is None:
                raise self._why_not(self._client, at)
        except KafkaException as error:
            self._give_up()
            raise translate(error_of(error), f"reading {at[0]}") from None
        except RecordAwaited:
            raise
        except DependencyError:  # after a restarted broker a client may go on asking with the old leader's epoch
            self._give_up()
            raise
        return found

    def _found(self, client: Consumer, at: _At) -> bytes | None:
        client.assign([KafkaPartition(*at)])
        try:
            return self._gather(client, at)
        finally:
            client.unassign()  # or the client would go on fetching what nobody has asked for

    def _gather(self, client: Consumer, at: _At) -> bytes | None:
        """The record, and keeps what came with it; None where the log says that it isn't there."""
        limit = time.monotonic() + self._patience_s
        while (left := limit - time.monotonic()) > 0:
            first = client.poll(left)
            came = [] if first is None else [first, *client.consume(AT_A_TIME, 0)]
            for message in came:
                error = message.error()
                if error is None:
                    self._keep(message)
                elif error.code() not in _NOT_THERE:
                    raise translate(error, f"reading {at[0]}")
            if any(_tells(message, at) for message in came):
                return self._kept.get(at)
        raise LogUnavailable(f"reading {at[0]}: nothing came for {self._patience_s:.0f} s")

    def _keep(self, message: KafkaMessage) -> None:
        place, value = _place_of(message), message.value()
        if not isinstance(value, bytes) or place in self._kept:
            return
        self._kept[place] = value
        self._kept_bytes += len(value)
        while self._kept_bytes > KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])

    def _why_not(self, client: Consumer, at: _At) -> Refused | RecordAwaited:
        """What to say of a record that isn't there. Raises KafkaException."""
        topic, partition, offset = at
        first, end = client.get_watermark_offsets(KafkaPartition(topic, partition), METADATA_TIMEOUT_S)
        where = f"{topic}, partition {partition}, offset {offset}"
        if offset < first:
            return Refused(Reason.UNKNOWN_SEGMENT, f"{where}: its time on the topic is over")
        if self._missing.for_good(at):
            return Refused(Reason.UNKNOWN_SEGMENT, f"{where}: no such record; the topic ends at {end}")
        return RecordAwaited(f"{where} is not on the log, which ends at {end}")

    def _give_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(KafkaException, RuntimeError):
                client.close()

    def close(self) -> None:
        with self._lock:
            self._give_up()


def _produce(client: Producer, record: Stored, delivered: Callable[..., None]) -> None:
    while True:
        try:
            client.produce(record.topic, key=record.key, value=record.value, on_delivery=delivered)
        except BufferError:
            client.poll(0.05)
        else:
            return


def _place_of(message: KafkaMessage) -> _At:
    """Where a message lay; what an event is about."""
    return message.topic() or "", message.partition() or 0, message.offset() or 0


def _tells(message: KafkaMessage, at: _At) -> bool:
    """Whether a message tells if a place has a record. An event of an assignment before tells nothing."""
    place = _place_of(message)
    if message.error() is None:
        return place[:2] == at[:2] and place >= at
    return place == at


def _noting(
    answers: list[KafkaError | Place | None], number: int
) -> Callable[[KafkaError | None, KafkaMessage], None]:
    def delivered(error: KafkaError | None, message: KafkaMessage) -> None:
        partition, offset = message.partition(), message.offset()
        if error is None and partition is not None and offset is not None:
            answers[number] = Place(partition, offset)
        else:
            answers[number] = error

    return delivered


def _failure(answers: Sequence[KafkaError | Place | None], patience_s: float) -> VeilError:
    for answer in answers:
        if isinstance(answer, KafkaError):
            return translate(answer, _WRITING)
    return LogUnavailable(f"{_WRITING} took longer than {patience_s:.0f} s")


def _writing(access: KafkaAccess, patience_s: float) -> dict[str, Any]:
    return access.settings() | {
        "enable.idempotence": True,  # and so acks=all, in order
        "partitioner": "murmur2_random",
        "linger.ms": 1,  # a batch is handed over at once, and waited for
        "delivery.timeout.ms": int(patience_s * 1000),
        "message.max.bytes": 2 * 1024 * 1024,
    }


def _reading(access: KafkaAccess) -> dict[str, Any]:
    return access.settings() | {
        "group.id": access.user,  # the client asks for its coordinator, which takes a right to the group
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "isolation.level": "read_uncommitted",  # no transaction writes here
        "fetch.wait.max.ms": READ_FETCH_WAIT_MS,
        "fetch.message.max.bytes": FETCH_BYTES,
        "fetch.max.bytes": 2 * FETCH_BYTES,
        "queued.max.messages.kbytes": 4 * 1024,
    }
