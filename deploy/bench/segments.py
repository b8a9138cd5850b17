"""Segments that no stage has made: sealed and written as redact does it, with an index that says so."""

from __future__ import annotations

import itertools
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence

from deploy.bench.ground import PROJECT, Ground
from schemas.codec import Codec
from schemas.hidden import SecretBytes
from schemas.records import SegmentEntry, SegmentIndex, SlotEpoch
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing
from streams.engine.segment_topics import KafkaSegmentTopics
from vault.client import VaultClient
from vault.data_keys import DataKeys
from vault.segments.apart import SegmentTopics
from vault.segments.halves import SlotHalves
from vault.segments.sealing import Segment, SegmentSealer, TaskContents

SEGMENTS = f"segments.{PROJECT}"
CONTENT_BYTES = 380
"""Of a task in each of the larger documents: 44 kB a segment of a hundred tasks."""
HOUR_MS = 3_600_000


class Sealing:
    """Seals segments of one slot under its first epoch, numbered from 0."""

    def __init__(self, vault: VaultClient, slot: str, topics: SegmentTopics | None = None) -> None:
        """`topics`: entries lie there, apart from Vault."""
        halves = SlotHalves(vault, PROJECT, slot)
        self._sealer = SegmentSealer(DataKeys(vault), halves, PROJECT, slot, topics=topics)
        self._names: Iterator[str] = (f"{slot}/1/{number}" for number in itertools.count())

    def seal(self, tasks: Sequence[TaskContents]) -> Segment:
        """One segment of these tasks. Raises as `SegmentSealer.seal`."""
        (made,) = self._sealer.seal(tasks, lambda: next(self._names), now_ms()).segments
        return made


def administrators_vault(ground: Ground) -> VaultClient:
    """Vault as its administrator."""
    place = ground.installation.endpoints.vault
    token = place.token_file.read_text(encoding="utf-8").strip()
    return VaultClient.from_token(place.url, place.ca_file, token, PROJECT)


def topics_of(ground: Ground) -> KafkaSegmentTopics:
    """The topics on which entries can lie, as Kafka's administrator."""
    kafka = ground.installation.endpoints.kafka
    password = kafka.admin_password_file.read_text(encoding="utf-8").strip()
    return KafkaSegmentTopics(KafkaAccess(kafka.bootstrap, kafka.ca_file, kafka.admin_user, password))


def contents(geometry: bytes = b"", values: bytes = b"") -> TaskContents:
    """Of a task that is made up; noise of the usual size where nothing is given."""
    noise = os.urandom(CONTENT_BYTES)
    return TaskContents(secrets.token_hex(16), SecretBytes(os.urandom(32)), geometry or noise, values or noise)


def index_of(segment: Segment, slot: str, number: int) -> SegmentIndex:
    """What redact would say of it: it is good for an hour."""
    entries, now = tuple(SegmentEntry(task) for task in segment.task_ids), now_ms()
    return SegmentIndex(segment.segment_id, slot, 1, number, "bundle", now, now + HOUR_MS, entries)


def commit_index(log: KafkaLog, codec: Codec, slot: str, indexes: Sequence[SegmentIndex]) -> None:
    """All of a slot's segments, in one transaction."""
    epoch = SlotEpoch(slot, 1, 1, len(indexes))
    outgoing = [Outgoing(SEGMENTS, f"epoch/{slot}".encode(), codec.encode(epoch))]
    outgoing += (Outgoing(SEGMENTS, it.segment_id.encode(), codec.encode(it)) for it in indexes)
    commit(log, outgoing)


def commit(log: KafkaLog, records: Iterable[Outgoing]) -> None:
    """All records, in one transaction of nobody's."""
    session = log.open(SessionSpec(f"bench-{secrets.token_hex(4)}", "bench", (), Ownership.WHOLE))
    try:
        session.begin()
        for record in records:
            session.produce(record)
        session.commit()
    finally:
        session.close()


def now_ms() -> int:
    """By this machine's clock, which is the broker's and Vault's, too."""
    return time.time_ns() // 1_000_000
