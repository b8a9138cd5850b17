"""What a record costs: CPU and memory by process, bytes by topic and in Vault. What capacity is planned by.

All processes of an installation are at work. First people label tasks, as few as a task needs, then many at once:
the fewer there are, the fewer calls share a transaction. Then records come that nobody labels, for what each costs
by itself. What idle processes take meanwhile is in the figures, too.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from deploy.bench.annotators import Person
from deploy.bench.ground import ANNOTATORS, POLICY, PROJECT, Ground
from deploy.bench.resources import cpu_s, disk_bytes, resident_bytes
from deploy.bench.segments import administrators_vault
from deploy.bench.spent import Costs, InVault, Labeled, Spent
from deploy.bench.watch import Watch
from schemas.audit import RawOutcome
from schemas.errors import StackError
from streams.engine.log import Follower
from streams.label.settings import QueueSettings
from topology.policies import load_policy
from vault.segments.document import Layer

WARM = 200
WITHIN_S = 300.0
LOOK_EVERY_S = 0.2
SETTLE_S = 3.0
"""Who follows (sealer, watch, keeper) has seen all by then; what comes later goes to the next figure."""


def measure(ground: Ground, records: int, labeled: int) -> Costs:
    """So many records that nobody labels, and before that twice so many that people do."""
    overlap = load_policy(POLICY).overlap
    ground.begin_all()
    with closing(Watch(ground)) as watch, closing(ground.follow(f"joined.{PROJECT}")) as joined:
        way = _Way(ground, watch, joined)
        way.label(ANNOTATORS[:overlap], WARM)
        found = [way.label(ANNOTATORS[:people], labeled) for people in (overlap, len(ANNOTATORS))]
        held, memory = _Held.of(ground), resident_bytes(ground.pids())
        released = way.release(records)
        larger = _each(memory, resident_bytes(ground.pids()), records)
        grown = {name: size for name, size in larger.items() if size > 0}
        return Costs(records, overlap, released, found, _Held.of(ground).since(held, records), memory, grown)


@dataclass(frozen=True, slots=True)
class _Way:
    """Records from `raw` to tasks, and on to `joined`."""

    ground: Ground
    watch: Watch
    joined: Follower

    def release(self, records: int) -> Spent:
        """So many, until label has the tasks; what each took."""
        before = _Taken.of(self.ground)
        self._tasks(records)
        return _Taken.of(self.ground).since(before, records)

    def label(self, names: Sequence[str], records: int) -> Labeled:
        """So many, labeled by these and joined; what each task took since it was there."""
        people = [Person(self.ground, name) for name in names]
        tasks = self._tasks(records)
        before, begun = _Taken.of(self.ground), time.monotonic()
        with ThreadPoolExecutor(len(people)) as pool:
            labels = sum(pool.map(Person.work_all, people))
        seconds, seen, limit = time.monotonic() - begun, 0, time.monotonic() + WITHIN_S
        while seen < tasks:
            seen += len(self.joined.poll(1000, 0.1))
            _wait(limit, "all labels are joined")
        _settle()
        spent = _Taken.of(self.ground).since(before, tasks)
        for person in people:
            person.close()
        self.ground.report(f"{tasks:,} tasks labeled by {len(people)} people, and joined")
        return Labeled(len(people), tasks, labels / seconds, spent)

    def _tasks(self, records: int) -> int:
        """How many tasks came of so many new records, once all wait in the queue, or as many as it takes up."""
        self.ground.publish(records)
        outcomes = Counter[str]()
        deque(self.watch.batches(records, outcomes), maxlen=0)
        tasks, limit = outcomes[RawOutcome.TASK.value], time.monotonic() + WITHIN_S
        wanted = min(tasks, QueueSettings().window)
        with closing(Person(self.ground, ANNOTATORS[0])) as person:
            while person.available() < wanted:
                _wait(limit, "label has the tasks")
        _settle()
        self.ground.report(f"{records:,} records, {tasks:,} tasks")
        return tasks


@dataclass(frozen=True, slots=True)
class _Taken:
    """So far: CPU seconds by process, bytes of records by topic."""

    cpu: Mapping[str, float]
    topics: Mapping[str, float]

    @classmethod
    def of(cls, ground: Ground) -> _Taken:
        return cls({name: cpu_s(pid) for name, pid in ground.pids().items()}, _topics(ground))

    def since(self, before: _Taken, records: int) -> Spent:
        cpu_ms = {name: 1000 * share for name, share in _each(before.cpu, self.cpu, records).items()}
        kept = {name: size for name, size in _each(before.topics, self.topics, records).items() if size > 0}
        return Spent(cpu_ms, kept)


def _settle() -> None:
    threading.Event().wait(SETTLE_S)


def _wait(limit: float, what: str) -> None:
    if time.monotonic() > limit:
        raise StackError(f"{what} only after {WITHIN_S:.0f} s, or never.")
    threading.Event().wait(LOOK_EVERY_S)


def _topics(ground: Ground) -> dict[str, float]:
    found: dict[str, float] = {}
    for file in (ground.root / "kafka" / "data").glob("*/*.log"):
        name = _kind(file.parent.name)
        found[name] = found.get(name, 0.0) + file.stat().st_size
    return found


@dataclass(frozen=True, slots=True)
class _Held:
    """So far in Vault: segments, bytes of mappings, and bytes of all that it keeps as they lie on its disk."""

    segments: int
    mappings: int
    disk: int

    @classmethod
    def of(cls, ground: Ground) -> _Held:
        with administrators_vault(ground) as vault:
            segments = len(vault.names(Layer.VIEW.value))
            documents = [vault.read(path) for layer in Layer for path in vault.names(layer.value)]
        mappings = sum(len(it.blob) for it in documents if it is not None)
        return cls(segments, mappings, disk_bytes(ground.root / "vault"))

    def since(self, before: _Held, records: int) -> InVault:
        segments = self.segments - before.segments
        return InVault(
            records / segments, (self.mappings - before.mappings) / records, (self.disk - before.disk) / records
        )


def _each(before: Mapping[str, float], after: Mapping[str, float], records: int) -> dict[str, float]:
    """A record's share of what has come since."""
    return {name: (now - before.get(name, 0.0)) / records for name, now in after.items()}


def _kind(folder: str) -> str:
    """`tasks.bench-3` is of `tasks.P`."""
    topic = folder.rpartition("-")[0]
    return topic.removesuffix(f".{PROJECT}") + ".P" if topic.endswith(f".{PROJECT}") else topic
