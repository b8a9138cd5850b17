"""A publisher of gold as `synth.<project>`: record, truth and audit event in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from confluent_kafka import TopicPartition

from deploy.surroundings import Surroundings, surroundings
from deploy.synth.making import Made
from deploy.synth.share import Published, published
from schemas.audit import Event, EventType
from schemas.records import RawReference
from schemas.resources import project_resource, raw_resource
from streams.engine.chain import Chain, audit_records
from streams.engine.kafka_ends import EndOffsets
from streams.engine.messages import Outgoing
from streams.engine.processor import Slot
from streams.publish.connection import client, settings
from streams.publish.gold_publisher import TRANSACTION_TIMEOUT_MS, Beside, GoldPublisher, TransactionalProducer
from topology.identity import Identity
from topology.loading import Topology
from vault import keyed_hash
from vault.data_keys import DataKeys
from vault.keyed_hash import Purpose

ROLE = "synth"


class GoldProducer:
    """Publishes gold, each record with its event in a chain of this producer's own.

    After an error it is of no use: its chain has a link that was never committed. Make a new one.
    """

    def __init__(self, around: Surroundings, publisher: GoldPublisher, slot: Slot) -> None:
        self._around = around
        self._publisher = publisher
        self._slot = slot
        self._chain = Chain(slot, None, around.identity.signer, around.sign)
        self._ends = EndOffsets(around.access)
        self._said_start = False

    def publish(self, made: Made) -> RawReference:
        """Publish one record. Raises as `GoldPublisher.publish`."""
        raw = self._publisher.publish(made.payload, made.media, lambda raw: self._beside(made, raw))
        self._said_start = True
        return raw

    def published(self) -> Published:
        """How many records of each sort there are; to ask that takes the right to write."""
        topology, project = self._around.topology, self._around.project
        numbers = range(topology.project(project).partitions)
        raw, gold = (
            [TopicPartition(f"{kind}.{project}", number) for number in numbers] for kind in ("raw", "gold")
        )
        ends = self._ends.of([*raw, *gold])
        by_topic: dict[str, dict[int, int]] = {}
        for place, end in ends.items():
            by_topic.setdefault(place.topic, {})[place.partition] = end
        return published(by_topic[f"raw.{project}"], by_topic[f"gold.{project}"])

    def _beside(self, made: Made, raw: RawReference) -> Sequence[Beside]:
        truth = self._around.codec.encode(made.truth(raw))
        gold = Beside(f"gold.{self._around.project}", raw_resource(raw).encode(), truth, partition=raw.partition)
        return [gold, *map(_beside, self._audit())]

    def _audit(self) -> Sequence[Outgoing]:
        around = self._around
        details = {"producer": self._slot.name, "records": "1"}
        event = Event(EventType.GOLD_PUBLISHED, project_resource(around.project), details=details)
        events = [event] if self._said_start else [self._chain.started({}), event]
        linked = self._chain.extend(events, around.clock.now())
        return audit_records(linked, f"audit.{around.project}", self._slot.name, around.codec)


@contextmanager
def producing(root: Path, project: str, topology: Topology | None = None) -> Iterator[GoldProducer]:
    """Publish as `synth.<project>`. Raises ConfigError, and what Kafka and Vault raise."""
    identity = Identity(ROLE, project)
    around = surroundings(root, identity, project, topology)
    try:
        slot = Slot(f"{identity.slots}{secrets.token_hex(8)}", 1, identity.name, project)
        publisher = _publisher(around, slot.name)
        publisher.open()
        yield GoldProducer(around, publisher, slot)
    finally:
        around.close()


def _publisher(around: Surroundings, transactional_id: str) -> GoldPublisher:
    access = around.access
    assert access.ca is not None, "the stack speaks TLS only"
    transactional: dict[str, str | int | bool] = {
        "transactional.id": transactional_id,
        "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
        "delivery.timeout.ms": TRANSACTION_TIMEOUT_MS,
        "linger.ms": 0,
    }
    configuration = settings(access.bootstrap, access.ca, access.user, access.password) | transactional
    producer = cast("TransactionalProducer", client(configuration, lambda _: None))
    name = f"{Identity('producer', around.project).slots}{secrets.token_hex(4)}"  # as every other producer's
    record_hash = keyed_hash.load(around.vault, around.project, Purpose.RECORD)
    return GoldPublisher(around.project, name, producer, DataKeys(around.vault), record_hash, now=around.clock.now)


def _beside(outgoing: Outgoing) -> Beside:
    assert outgoing.value is not None
    return Beside(outgoing.topic, outgoing.key, outgoing.value, outgoing.headers)
