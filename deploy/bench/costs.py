"""What a record costs on its whole way: CPU by process, bytes by topic and in Vault. What capacity is planned by.

All processes of an installation are at work; as many people as a task needs label all of them, and agree. What an
idle process takes is in the figures, too, and so are the client's calls in the label process's.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from deploy.bench.annotators import Person
from deploy.bench.ground import ANNOTATORS, POLICY, PROJECT, Ground
from deploy.bench.report import Costs
from deploy.bench.resources import cpu_s
from deploy.bench.segments import administrators_vault
from deploy.bench.watch import Watch
from deploy.bench.workload import FIELD, texts
from schemas.audit import RawOutcome
from schemas.errors import StackError
from streams.engine.log import Follower
from topology.policies import load_policy
from vault.segments.document import Layer

CPU, TOPIC, VAULT = "cpu ", "topic ", "vault"
WARM = 200
WITHIN_S = 120.0
LOOK_EVERY_S = 0.2


def measure(ground: Ground, records: int) -> Costs:
    """So many records, from `raw` to `joined`."""
    ground.begin_all()
    people = [Person(ground, name) for name in ANNOTATORS[: load_policy(POLICY).overlap]]
    joined = ground.log().follow([f"joined.{PROJECT}"])
    with closing(Watch(ground)) as watch, closing(joined):
        while not joined.at_end():
            joined.poll(1000, 0.1)
        _way(ground, watch, joined, people, WARM)
        before = _taken(ground)
        tasks = _way(ground, watch, joined, people, records)
        after = _taken(ground)
    for person in people:
        person.close()
    each = {name: (size - before.get(name, 0.0)) / records for name, size in after.items()}
    cpu = {name.removeprefix(CPU): 1000 * each[name] for name in each if name.startswith(CPU)}
    topics = {name.removeprefix(TOPIC): each[name] for name in each if name.startswith(TOPIC) and each[name] > 0}
    return Costs(records, tasks, len(people), cpu, topics, each[VAULT])


def _way(ground: Ground, watch: Watch, joined: Follower, people: Sequence[Person], records: int) -> int:
    """How many tasks came of them, once all are joined."""
    with ground.publisher() as publisher:
        for text in texts(records):
            publisher.publish_json({FIELD: text})
        publisher.flush()
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


def _taken(ground: Ground) -> dict[str, float]:
    """CPU seconds of each process so far, bytes of each topic's records and of the mappings in Vault."""
    taken = {f"{CPU}{name}": cpu_s(pid) for name, pid in ground.pids().items()}
    for file in (ground.root / "kafka" / "data").glob("*/*.log"):
        name = f"{TOPIC}{_kind(file.parent.name)}"
        taken[name] = taken.get(name, 0.0) + file.stat().st_size
    with administrators_vault(ground) as vault:
        paths = [path for layer in Layer for path in vault.names(layer.value)]
        documents = [vault.read(path) for path in paths]
    taken[VAULT] = float(sum(len(it.blob) for it in documents if it is not None))
    return taken


def _kind(folder: str) -> str:
    """`tasks.bench-3` is of `tasks.P`."""
    topic = folder.rpartition("-")[0]
    return topic.removesuffix(f".{PROJECT}") + ".P" if topic.endswith(f".{PROJECT}") else topic
