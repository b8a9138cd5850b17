"""What a record costs on its whole way: CPU by process, bytes by topic and in Vault. What capacity is planned by.

All processes of an installation are at work; as many people as a task needs label all of them, and agree. What an
idle process takes is in the figures, too.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from deploy.bench.annotators import Person
from deploy.bench.ground import ANNOTATORS, POLICY, PROJECT, Ground
from deploy.bench.report import Costs
from deploy.bench.resources import cpu_s
from deploy.bench.segments import administrators_vault
from deploy.bench.watch import Watch
from schemas.audit import RawOutcome
from schemas.errors import StackError
from streams.engine.log import Follower
from topology.policies import load_policy
from vault.segments.document import Layer

WARM = 200
WITHIN_S = 120.0
LOOK_EVERY_S = 0.2


def measure(ground: Ground, records: int) -> Costs:
    """So many records, from `raw` to `joined`."""
    ground.begin_all()
    people = [Person(ground, name) for name in ANNOTATORS[: load_policy(POLICY).overlap]]
    with closing(Watch(ground)) as watch, closing(ground.follow(f"joined.{PROJECT}")) as joined:
        _way(ground, watch, joined, people, WARM)
        topics, mappings, cpu = _topics(ground), _mappings(ground), _cpu(ground)
        tasks = _way(ground, watch, joined, people, records)
        spent = _each(cpu, _cpu(ground), records)  # at once: to look at the rest takes some of Vault
        kept = {name: size for name, size in _each(topics, _topics(ground), records).items() if size > 0}
        in_vault = (_mappings(ground) - mappings) / records
    for person in people:
        person.close()
    cpu_ms = {name: 1000 * seconds for name, seconds in spent.items()}
    return Costs(records, tasks, len(people), cpu_ms, kept, in_vault)


def _way(ground: Ground, watch: Watch, joined: Follower, people: Sequence[Person], records: int) -> int:
    """How many tasks came of them, once all are joined."""
    ground.publish(records)
    outcomes = Counter[str]()
    deque(watch.batches(records, outcomes), maxlen=0)
    tasks = outcomes[RawOutcome.TASK.value]
    limit = time.monotonic() + WITHIN_S
    while people[0].available() < tasks:
        _wait(limit, "label has the tasks")
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(lambda person: person.work(tasks), people))
    limit, seen = time.monotonic() + WITHIN_S, 0
    while seen < tasks:
        seen += len(joined.poll(1000, 0.1))
        _wait(limit, "all labels are joined")
    ground.report(f"{records:,} records, {tasks:,} tasks joined")
    return tasks


def _wait(limit: float, what: str) -> None:
    if time.monotonic() > limit:
        raise StackError(f"{what} only after {WITHIN_S:.0f} s, or never.")
    threading.Event().wait(LOOK_EVERY_S)


def _cpu(ground: Ground) -> dict[str, float]:
    """Seconds so far, by process."""
    return {name: cpu_s(pid) for name, pid in ground.pids().items()}


def _topics(ground: Ground) -> dict[str, float]:
    """Bytes of records, by topic."""
    found: dict[str, float] = {}
    for file in (ground.root / "kafka" / "data").glob("*/*.log"):
        name = _kind(file.parent.name)
        found[name] = found.get(name, 0.0) + file.stat().st_size
    return found


def _mappings(ground: Ground) -> int:
    """Bytes of the mappings in Vault."""
    with administrators_vault(ground) as vault:
        documents = [vault.read(path) for layer in Layer for path in vault.names(layer.value)]
    return sum(len(it.blob) for it in documents if it is not None)


def _each(before: Mapping[str, float], after: Mapping[str, float], records: int) -> dict[str, float]:
    """A record's share of what has come since."""
    return {name: (now - before.get(name, 0.0)) / records for name, now in after.items()}


def _kind(folder: str) -> str:
    """`tasks.bench-3` is of `tasks.P`."""
    topic = folder.rpartition("-")[0]
    return topic.removesuffix(f".{PROJECT}") + ".P" if topic.endswith(f".{PROJECT}") else topic
