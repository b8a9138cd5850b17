"""A sealer and a log in memory: what an exporter reads, signed with a key of the test's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from schemas.audit import AuditEvent
from schemas.codec import Codec, FixedIds
from schemas.leaf import prefix
from streams.audit import note
from streams.audit.checkpoint import Checkpoint
from streams.audit.entries import entry_of, origin
from streams.audit.export import Exported, Exporter
from streams.audit.note import Verifier
from streams.audit.reader import Placed
from streams.audit.sealed import SEALER
from streams.audit.store import Store
from streams.audit.tree import Frontier, leaf_hash
from streams.engine.log import FROM_THE_BEGINNING
from streams.engine.messages import Message, TopicPartition
from tests.streams.audit.generate import pins, role_key

LOG = "veilstream-test"
PREFIXES = {FixedIds().id_of("AuditEvent"): prefix()}
CODEC = Codec(FixedIds())
PINS = {**pins(), SEALER: role_key(SEALER).public_key().public_bytes_raw()}


def sign(checkpoint: Checkpoint, by: str = SEALER) -> bytes:
    key = role_key(by)
    verifier = Verifier(checkpoint.origin, key.public_key().public_bytes_raw())
    return str(note.signed(checkpoint.text(), verifier, key.sign(checkpoint.text().encode()))).encode()


def checkpoint_of(entries: Iterable[bytes], of: str) -> Checkpoint:
    tree = Frontier().append([leaf_hash(entry) for entry in entries])
    return Checkpoint(of, tree.size, tree.root())


@dataclass
class MemoryAudit:
    """Audit topics. Offsets rise by two, as behind transactions of one record."""

    partitions: dict[TopicPartition, list[bytes | None]] = field(default_factory=dict)
    reads: list[int] = field(default_factory=list)
    expired: dict[TopicPartition, int] = field(default_factory=dict)
    """How many records of a partition have expired."""

    def add(self, topic: str, partition: int, *values: bytes | None) -> None:
        self.partitions.setdefault(TopicPartition(topic, partition), []).extend(values)

    def take(self, placed: Iterable[Placed]) -> MemoryAudit:
        for it in placed:
            self.add(it.topic, it.partition, CODEC.encode(it.event))
        return self

    def read(self, topic: str, after: Mapping[TopicPartition, int] = FROM_THE_BEGINNING) -> Iterator[Message]:
        for place, values in sorted(self.partitions.items()):
            for at, value in enumerate(values):
                if at < self.expired.get(place, 0):
                    continue
                if place.topic == topic and 2 * at >= after.get(place, 0):
                    self.reads.append(2 * at)
                    yield Message(topic, place.partition, 2 * at, b"", value)

    def firsts(self, topic: str) -> dict[TopicPartition, int]:
        return {place: 2 * self.expired.get(place, 0) for place in self.partitions if place.topic == topic}

    def entries(self, place: TopicPartition) -> list[bytes]:
        return [entry_of(value, PREFIXES).data for value in self.partitions[place]]

    def checkpoints(self, sizes: Mapping[TopicPartition, int] | None = None) -> dict[str, bytes]:
        """The sealer's latest word on each log; `sizes`: as it was when that many entries were sealed."""
        found = {}
        for place in self.partitions:
            of = origin(LOG, place.topic, place.partition)
            entries = self.entries(place)
            found[of] = sign(checkpoint_of(entries[: (sizes or {}).get(place, len(entries))], of))
        return found

    def topics(self) -> list[str]:
        return sorted({place.topic for place in self.partitions})

    def export(self, store: Store, checkpoints: Mapping[str, bytes] | None = None) -> Exported:
        with store.alone():
            exporter = Exporter(store, self.topics(), PINS, self.read, self.firsts, lambda _: PREFIXES)
            return exporter.extend(self.checkpoints() if checkpoints is None else checkpoints)


class MemoryStore:
    """Files in a dictionary; fails before the write number `fails_at`."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.left: int | None = None

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()

    @staticmethod
    def sharing(files: dict[str, bytes]) -> MemoryStore:
        """Another one on the same files."""
        store = MemoryStore()
        store.files = files
        return store

    def get(self, name: str) -> bytes | None:
        return self.files.get(name)

    def put(self, name: str, data: bytes) -> None:
        self._count()
        self.files[name] = data

    def delete(self, name: str) -> None:
        self._count()
        self.files.pop(name, None)

    def names(self, under: str = "") -> Iterator[str]:
        return iter([name for name in self.files if not under or name.startswith(f"{under}/")])

    def _count(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise OSError("the machine went down")
            self.left -= 1


def events_of(audit: MemoryAudit) -> list[AuditEvent]:
    return [CODEC.decode(value, AuditEvent) for values in audit.partitions.values() for value in values]
