"""Seals each record and produces it to `raw.P`, idempotently. Nothing leaves the producer's process in clear."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from confluent_kafka import KafkaError, Message
from fastavro.schema import SchemaParseException, UnknownType
from fastavro.types import Schema

from schemas import catalog
from schemas.errors import ConfigError, LogUnavailable, VeilError
from schemas.records import RawReference
from schemas.routing import ROUTINE, Routing
from streams.publish import payloads
from streams.publish.connection import KafkaProducer, error_of
from vault.data_keys import MAX_AGE_MS, DataKeys
from vault.keyed_hash import KeyedHash
from vault.keys import Nonces
from vault.raw import Media, seal_raw, topic_of, transit_key

FULL_QUEUE_LIMIT_S = 30.0
"""How long `publish_…` blocks on a full queue: as long as a delivery may take (see `connection`)."""
FLUSH_LIMIT_S = 40.0
"""A little longer than a delivery may take, so that each has succeeded or failed when `flush` returns."""
FLUSH_SLICE_S = 1.0
"""How long wrong credentials may go unnoticed while `flush` waits; it returns at once when all is delivered."""
MISSING_S = 10.0
"""How long a schema that isn't registered is not looked for again: it takes a request for each version."""
_RANDOM_KEY_BYTES = 16


class SchemaRegistry(Protocol):
    """Where Avro schemas are looked up: `schemas.registry.Registry`. Thread-safe."""

    def id_under(self, subject_name: str, schema: str) -> int | None:
        """The schema's id; None where it is not registered. Blocks, for seconds where there are many versions.

        Raises RegistryUnavailable; StackError where there are too many.
        """
        ...


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Where a record lies that Kafka has once, without saying where in its partition: it took it, went away before
    it had said so, and knew it when it was sent again (KIP-98).
    """

    topic: str
    partition: int


Done = Callable[[RawReference | Unplaced | VeilError], None]
"""Told where a record lies, or why it does not; called from within `publish_…` and `flush`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What has become of the records so far."""

    queued: int
    delivered: int
    failed: int


class Publisher:
    """Publishes to one project. Thread-safe.

    `name` tells this producer from others (`producer.demo.7f3a`); it is the context of its data keys. Records
    with equal keys stay in order and on one partition; the key itself travels as a keyed hash.
    """

    def __init__(
        self,
        project: str,
        name: str,
        producer: KafkaProducer,
        data_keys: DataKeys,
        record_hash: KeyedHash,
        registry: SchemaRegistry | None = None,
        *,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic: Callable[[], float] = time.monotonic,
        nonces: Nonces = os.urandom,
    ) -> None:
        self._project = project
        self._topic = topic_of(project)
        self._name = name
        self._producer = producer
        self._data_keys = data_keys
        self._record_hash = record_hash
        self._registry = registry
        self._now = now
        self._monotonic = monotonic
        self._nonces = nonces
        self._lock = threading.Lock()
        self._queued = self._delivered = self._failed = 0
        self._failure: VeilError | None = None
        self._schemas: dict[str, tuple[Schema, int]] = {}
        self._missing: dict[str, float] = {}

    def publish_json(
        self,
        record: Mapping[str, object],
        key: str | None = None,
        done: Done | None = None,
        *,
        routing: Routing = ROUTINE,
    ) -> None:
        """A JSON object. Errors as for `publish_bytes`, and Unparseable."""
        self.publish_bytes(payloads.of_json(record), Media.JSON, key, done, routing=routing)

    def publish_text(
        self, text: str, key: str | None = None, done: Done | None = None, *, routing: Routing = ROUTINE
    ) -> None:
        """Plain text. Errors as for `publish_bytes`, and Unparseable."""
        self.publish_bytes(payloads.of_text(text), Media.TEXT, key, done, routing=routing)

    def publish_avro(
        self,
        record: Mapping[str, object],
        schema: str,
        key: str | None = None,
        done: Done | None = None,
        *,
        routing: Routing = ROUTINE,
    ) -> None:
        """A record by an Avro schema (JSON text) whose `confluent:tags` say which fields are sensitive.

        Who provisions has registered it, tags and all, under a subject of the project's own (see `subject_of`): a
        producer has no right to. One that differs in tags or `doc` is another one. Errors as for `publish_bytes`,
        and Unparseable, RegistryUnavailable, StackError (too many versions), ConfigError (this schema is not
        registered: asked again at once, it isn't looked for again within MISSING_S).
        """
        parsed, schema_id = self._schema(schema)
        payload = payloads.of_avro(record, parsed)
        self.publish_bytes(payload, Media.AVRO, key, done, schema_id=schema_id, routing=routing)

    def publish_bytes(
        self,
        payload: bytes,
        media: Media,
        key: str | None = None,
        done: Done | None = None,
        *,
        schema_id: int | None = None,
        routing: Routing = ROUTINE,
    ) -> None:
        """A payload already encoded. Blocks while the queue is full. `routing` (made by `schemas.routing.routing`)
        says how its task is handed out; annotators see it, and redact quarantines a record whose names the
        project's file doesn't know.

        Raises Refused (`too_large`, over 1 MiB), VaultUnavailable, AccessDenied, LogUnavailable; and the failure
        of an earlier record that has become known since.
        """
        self._raise_failure()
        record_key = self._record_key(key)
        now = self._now()
        data_key = self._data_keys.current(transit_key(self._project), f"{self._name}/{now // MAX_AGE_MS}", now)
        value, headers = seal_raw(
            data_key,
            payload,
            project=self._project,
            topic=self._topic,
            key=record_key,
            media=media,
            schema_id=schema_id,
            routing=routing,
            nonces=self._nonces,
        )
        self._produce(record_key, value, headers, done)
        self._producer.poll(0)

    def flush(self) -> Counts:
        """Wait until every record so far is delivered. Raises the first failure as soon as it is known (the
        others go on being sent), or LogUnavailable.
        """
        limit = self._monotonic() + FLUSH_LIMIT_S
        while waiting := self._producer.flush(FLUSH_SLICE_S):
            self._raise_failure()
            if self._monotonic() >= limit:
                raise LogUnavailable(f"{waiting} records are not yet confirmed by Kafka; they may still arrive")
        self._raise_failure()
        return self.counts()

    def failed(self, failure: VeilError) -> None:
        """Hear of a failure that concerns no single record (see `connection.connect`): raised at the next call.

        A lost broker alone is none: its records are sent again until their time is up.
        """
        if not isinstance(failure, LogUnavailable):
            with self._lock:
                self._failure = self._failure or failure

    def counts(self) -> Counts:
        """Records queued, delivered and failed since the start."""
        with self._lock:
            return Counts(self._queued, self._delivered, self._failed)

    def _record_key(self, key: str | None) -> bytes:
        part = payloads.of_text(key) if key is not None else self._nonces(_RANDOM_KEY_BYTES)
        return self._record_hash.hex(b"key" if key is not None else b"random", part).encode("ascii")

    def _schema(self, text: str) -> tuple[Schema, int]:
        """Not under the lock: a look-up may take seconds, and others publish meanwhile."""
        if text not in self._schemas:
            self._schemas[text] = self._looked_up(text)
        return self._schemas[text]

    def _looked_up(self, text: str) -> tuple[Schema, int]:
        if self._registry is None:
            raise ConfigError("this publisher was given no schema registry; Avro needs one")
        parsed = parse_schema(text)
        name = subject_of(self._project, parsed)
        if self._monotonic() >= self._missing.get(text, 0.0):
            schema_id = self._registry.id_under(name, text)
            if schema_id is not None:
                return parsed, schema_id
            self._missing[text] = self._monotonic() + MISSING_S
        raise ConfigError(f"{name} is not registered as it is here; `veil topology register` does that")

    def _produce(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]], done: Done | None) -> None:
        def on_delivery(error: KafkaError | None, message: Message) -> None:
            self._settle(error, message, done)

        limit = self._monotonic() + FULL_QUEUE_LIMIT_S
        while True:
            try:
                self._producer.produce(self._topic, value, key, on_delivery=on_delivery, headers=headers)
                break
            except BufferError:
                if self._monotonic() >= limit:
                    raise LogUnavailable("Kafka takes no more records; the local queue stays full") from None
                self._producer.poll(0.1)
        with self._lock:
            self._queued += 1

    def _settle(self, error: KafkaError | None, message: Message, done: Done | None) -> None:
        result = error_of(error) if error is not None else place_of(message)
        with self._lock:
            if isinstance(result, VeilError):
                self._failed += 1
                self._failure = self._failure or result
            else:
                self._delivered += 1
        if done is not None:
            done(result)

    def _raise_failure(self) -> None:
        with self._lock:
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure


def parse_schema(text: str) -> Schema:
    """An Avro schema given as JSON. Raises ConfigError for anything else."""
    try:
        return catalog.parse(text)
    except (SchemaParseException, UnknownType, ValueError, KeyError, TypeError):
        raise ConfigError("not an Avro schema") from None


def subject_of(project: str, schema: Schema) -> str:
    """The registry subject of a producer's schema: `raw.<project>-<full name>`."""
    name = schema.get("name", "record") if isinstance(schema, dict) else "record"
    return f"{topic_of(project)}-{name}"


def place_of(message: Message) -> RawReference | Unplaced:
    """Where a delivered message lies."""
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    return Unplaced(topic, partition) if offset is None else RawReference(topic, partition, offset)
