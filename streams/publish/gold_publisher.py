"""Publishes a synthetic record together with its truth: both, or neither, whatever dies when.

A record and its truth share a transaction of their own. The record goes first, since its truth names the offset it
got; the broker tells that before the commit. The truth lies in the partition of the same number on `gold.P`. So
each gold record takes two offsets on `raw.P` and two on `gold.P`, itself and the transaction's marker, and whoever
may ask where the partitions end can count gold without reading any (`deploy.synth.share`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Message

from schemas.errors import CommitInDoubt, LogUnavailable, VeilError
from schemas.records import RawReference
from streams.publish.connection import Delivered, error_of
from streams.publish.publisher import place_of
from vault.data_keys import MAX_AGE_MS, DataKeys
from vault.keyed_hash import KeyedHash
from vault.keys import Nonces
from vault.raw import Media, seal_raw, topic_of, transit_key

TIMEOUT_S = 15.0
"""To open, deliver or commit. Longer than a transaction may stay open: when it is over, waiting helps no more."""
TRANSACTION_TIMEOUT_MS = 10_000
"""An open transaction holds redact up on its partition; one of a killed synth, no longer than this."""
_RANDOM_KEY_BYTES = 16


class TransactionalProducer(Protocol):
    """What is asked of `confluent_kafka.Producer`. Every call may raise KafkaException."""

    def init_transactions(self, timeout: float) -> None:
        """Fence whoever used the transactional id before."""
        ...

    def begin_transaction(self) -> None:
        """Begin."""
        ...

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        *,
        on_delivery: Delivered | None = None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> None:
        """Queue a message; -1: the partition follows from the key."""
        ...

    def flush(self, timeout: float) -> int:
        """Wait for deliveries; the number still waiting."""
        ...

    def commit_transaction(self, timeout: float) -> None:
        """Commit."""
        ...

    def abort_transaction(self, timeout: float) -> None:
        """Abort."""
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """A record that goes into the same transaction: the truth, an audit event. `partition`: -1, by the key."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int = -1


class GoldPublisher:
    """Publishes to one project. Not thread-safe.

    `name` is that of a producer like any other (`producer.demo.7f3a`): it is the context of the data keys, which
    redact sees.
    """

    def __init__(
        self,
        project: str,
        name: str,
        producer: TransactionalProducer,
        data_keys: DataKeys,
        record_hash: KeyedHash,
        *,
        now: Callable[[], int],
        nonces: Nonces = os.urandom,
    ) -> None:
        self._project = project
        self._topic = topic_of(project)
        self._name = name
        self._producer = producer
        self._data_keys = data_keys
        self._record_hash = record_hash
        self._now = now
        self._nonces = nonces

    def open(self) -> None:
        """Before the first record. Raises LogUnavailable, AccessDenied."""
        with _ours():
            self._producer.init_transactions(TIMEOUT_S)

    def publish(
        self, payload: bytes, media: Media, beside: Callable[[RawReference], Sequence[Beside]]
    ) -> RawReference:
        """Publish a record, and what `beside` says of it once it is known where it lies, in one transaction.

        Raises CommitInDoubt where nobody knows whether it took effect; after anything else nothing was published:
        LogUnavailable, AccessDenied, Refused, VaultUnavailable.
        """
        key, value, headers = self._sealed(payload, media)
        with _ours():
            self._producer.begin_transaction()
        try:
            raw = self._deliver(Beside(self._topic, key, value, tuple(headers)))
            for other in beside(raw):
                self._deliver(other)
        except BaseException:  # Ctrl-C too: an open transaction would hold redact up
            with contextlib.suppress(KafkaException):
                self._producer.abort_transaction(TIMEOUT_S)
            raise
        self._commit()
        return raw

    def _sealed(self, payload: bytes, media: Media) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
        """Record key, value and headers, as every producer makes them."""
        now = self._now()
        key = self._record_hash.hex(b"random", self._nonces(_RANDOM_KEY_BYTES)).encode("ascii")
        data_key = self._data_keys.current(transit_key(self._project), f"{self._name}/{now // MAX_AGE_MS}", now)
        value, headers = seal_raw(
            data_key,
            payload,
            project=self._project,
            topic=self._topic,
            key=key,
            media=media,
            nonces=self._nonces,
        )
        return key, value, headers

    def _deliver(self, record: Beside) -> RawReference:
        """Where the record lies, once the broker has it."""
        told: list[RawReference | VeilError] = []

        def on_delivery(error: KafkaError | None, message: Message) -> None:
            told.append(error_of(error) if error is not None else _placed(message))

        with _ours():
            self._producer.produce(
                record.topic,
                record.value,
                record.key,
                record.partition,
                on_delivery=on_delivery,
                headers=list(record.headers),
            )
            self._producer.flush(TIMEOUT_S)
        if not told:
            raise LogUnavailable(f"{record.topic}: Kafka did not confirm a record within {TIMEOUT_S:.0f} s")
        if isinstance(told[0], VeilError):
            raise told[0]
        return told[0]

    def _commit(self) -> None:
        try:
            self._producer.commit_transaction(TIMEOUT_S)
        except KafkaException as failure:
            error = failure.args[0]
            if not error.txn_requires_abort():
                raise CommitInDoubt(
                    f"whether a record and its truth are there is not known ({error.name()}); both are, or neither"
                ) from None
            with contextlib.suppress(KafkaException):
                self._producer.abort_transaction(TIMEOUT_S)
            raise error_of(error) from None


@contextlib.contextmanager
def _ours() -> Iterator[None]:
    """The client's errors as ours."""
    try:
        yield
    except KafkaException as failure:
        raise error_of(failure.args[0]) from None
    except SystemError as failure:  # it went on to call us back after it had raised (confluent-kafka-python #865)
        if not isinstance(failure.__cause__, KafkaException):
            raise
        raise error_of(failure.__cause__.args[0]) from None


def _placed(message: Message) -> RawReference | LogUnavailable:
    """A truth needs its record's offset."""
    place = place_of(message)
    if isinstance(place, RawReference):
        return place
    return LogUnavailable(f"{place.topic}: Kafka does not say where a record lies; it is taken back")
