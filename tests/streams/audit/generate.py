"""Valid random audit logs, made by the producing side itself and signed with keys in memory."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import resources
from schemas.audit import AuditEvent, BatchCoverage, Event, EventType, OffsetOutcome, RawOutcome
from schemas.records import RawReference
from streams.audit.reader import Placed
from streams.engine.chain import Chain
from streams.engine.processor import Slot

PROJECT = "demo"
ROLES = ("redact", "label", "decide", "join", "synth")
PARTITIONS = 3
OVERLAP = 3


def role_key(signer: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(signer.encode()).digest())


def pins() -> dict[str, bytes]:
    signers = [f"{role}.{PROJECT}" for role in ROLES]
    return {signer: role_key(signer).public_key().public_bytes_raw() for signer in signers}


def partition_of(slot: str) -> int:
    return hashlib.sha256(slot.encode()).digest()[0] % PARTITIONS


@dataclass
class Writer:
    """One slot: commits transactions, restarts with a new key and epoch."""

    name: str
    clock: Iterable[int]
    log: list[AuditEvent]
    epoch: int = 0
    chain: Chain | None = None

    def commit(self, *events: Event) -> list[AuditEvent]:
        if self.chain is None:
            self.start()
        written = [one.event for one in self.chain.extend(events, next(self.clock))]
        self.log.extend(written)
        return written

    def start(self) -> None:
        self.epoch += 1
        process = self.name.rpartition(".")[0]
        last = self.chain.state(positioned=True) if self.chain else None
        slot = Slot(self.name, self.epoch, process, PROJECT)
        self.chain = Chain(slot, last, process, role_key(process).sign)
        self.commit(self.chain.started({}))


@dataclass
class World:
    """All slots of a project and what has truly happened."""

    rng: Random
    partitions: dict[int, list[AuditEvent]] = field(default_factory=dict)
    writers: dict[str, Writer] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    origins: dict[str, RawReference] = field(default_factory=dict)
    nexts: Counter[int] = field(default_factory=Counter)
    time: int = 1_700_000_000_000

    def writer(self, name: str) -> Writer:
        if name not in self.writers:
            log = self.partitions.setdefault(partition_of(name), [])
            self.writers[name] = Writer(name, self._clock(), log)
        return self.writers[name]

    def _clock(self):
        while True:
            self.time += self.rng.randint(0, 50)
            yield self.time

    def redact(self, slot: str, partition: int, size: int) -> list[str]:
        first = self.nexts[partition]
        outcomes = tuple(self._outcome(partition, first + step) for step in range(size))
        self.nexts[partition] = first + size
        batch = BatchCoverage(f"raw.{PROJECT}", partition, first, first + size, outcomes)
        resource = resources.batch_resource(batch.topic, partition, batch.first, batch.next)
        details = {"overlap": str(OVERLAP)}
        self.writer(slot).commit(Event(EventType.BATCH_REDACTED, resource, batch=batch, details=details))
        return [it.task_id for it in outcomes if it.task_id]

    def _outcome(self, partition: int, offset: int) -> OffsetOutcome:
        kinds = [RawOutcome.TASK] * 6 + [RawOutcome.QUARANTINED, RawOutcome.DROPPED, RawOutcome.EMPTY]
        kind = self.rng.choice(kinds)
        self.counts[kind] += 1
        if kind is not RawOutcome.TASK:
            return OffsetOutcome(offset, kind, reason="" if kind is RawOutcome.EMPTY else "bad_json")
        task_id = self.rng.randbytes(16).hex()
        self.origins[task_id] = RawReference(f"raw.{PROJECT}", partition, offset)
        return OffsetOutcome(offset, kind, task_id=task_id)

    def label(self, task_id: str, persons: Iterable[str]) -> list[str]:
        labels = []
        for token, person in enumerate(persons):
            lease = f"{task_id}-{token}"
            self.view(task_id, lease, person)
            self.submit(task_id, lease, person)
            labels.append(lease)
        return labels

    def view(self, task_id: str, lease: str, person: str) -> None:
        parents = (resources.lease_resource(lease),)
        task = resources.task_resource(task_id)
        self.writer("label.demo.0").commit(Event(EventType.TASK_VIEWED, task, person=person, parents=parents))
        self.counts["views"] += 1

    def submit(self, task_id: str, lease: str, person: str) -> None:
        parents = (resources.lease_resource(lease), resources.task_resource(task_id))
        label = resources.label_resource(lease)
        self.writer("label.demo.0").commit(Event(EventType.LABEL_SUBMITTED, label, person=person, parents=parents))
        self.counts["labels"] += 1

    def decide(self, task_id: str, labels: Iterable[str], granted: int = 0) -> None:
        parents = tuple(resources.label_resource(label) for label in labels)
        verdict = Event(EventType.VERDICT_REACHED, resources.verdict_resource(task_id), parents=parents)
        details = {"order": "close", "granted": str(granted)}
        order = Event(EventType.WORK_ORDERED, resources.task_resource(task_id), details=details)
        self.writer("decide.demo.0").commit(verdict, order)
        self.writer("label.demo.0").commit(Event(EventType.TASK_CLOSED, resources.task_resource(task_id)))
        self.counts["verdicts"] += 1

    def join(self, task_id: str) -> None:
        raw = resources.raw_resource(self.origins[task_id])
        parents = (resources.verdict_resource(task_id), raw)
        self.writer("join.demo.0").commit(
            Event(EventType.LABEL_JOINED, resources.joined_resource(task_id), parents=parents)
        )
        self.counts["joined"] += 1

    def score(self, task_id: str, **details: str) -> None:
        raw = resources.raw_resource(self.origins[task_id])
        parents = (resources.task_resource(task_id), resources.verdict_resource(task_id))
        self.writer("join.demo.0").commit(Event(EventType.GOLD_SCORED, raw, parents=parents, details=details))
        self.counts["gold"] += 1

    def events(self) -> list[AuditEvent]:
        return [event for _, log in sorted(self.partitions.items()) for event in log]

    def placed(self) -> list[Placed]:
        return [
            Placed(f"audit.{PROJECT}", partition, offset, event)
            for partition, log in sorted(self.partitions.items())
            for offset, event in enumerate(log)
        ]


def cut_amid_a_transaction(world: World) -> None:
    """Decide writes two events together, and the log ends with the first."""
    while not (tasks := world.redact("redact.demo.0", 0, 1)):
        pass
    world.decide(tasks[0], world.label(tasks[0], ("ana", "ben", "cem")))
    log = world.partitions[partition_of("decide.demo.0")]
    del log[max(at for at, event in enumerate(log) if event.type is EventType.WORK_ORDERED)]


def random_world(seed: int, batches: int = 4) -> World:
    """A log in which some tasks are still open and some verdicts not joined yet; slots restart now and then."""
    world = World(Random(seed))
    for _ in range(batches):
        slot = f"redact.demo.{world.rng.randint(0, 1)}"
        for task_id in world.redact(slot, world.rng.randint(0, 2), world.rng.randint(1, 5)):
            _live(world, task_id)
        if world.rng.random() < 0.3:
            world.writers[world.rng.choice(sorted(world.writers))].start()
    return world


def _live(world: World, task_id: str) -> None:
    extra = world.rng.choice((0, 0, 1))
    persons = world.rng.sample([f"person{n}" for n in range(6)], OVERLAP + extra)
    stage = world.rng.randint(0, 3)
    if stage == 0:
        return
    if extra:
        details = {"order": "extra", "granted": "1"}
        task = resources.task_resource(task_id)
        world.writer("decide.demo.0").commit(Event(EventType.WORK_ORDERED, task, details=details))
    labels = world.label(task_id, persons)
    if stage > 1:
        world.decide(task_id, labels, granted=extra)
    if stage > 2 and task_id[0] == "0":
        world.score(task_id)
    elif stage > 2:
        world.join(task_id)
