"""What machines a load takes. Pure arithmetic on what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from deploy.capacity.limits import Limit, Of, limits, times
from deploy.capacity.load import DAY_S, Load, Machines, Replicas
from deploy.capacity.measured import Measured
from deploy.stages.roles import PLATFORM_ROLES
from topology.flow import Cleanup, Flow

PARTS = ("kafka", "vault", "registry")
HOURS_A_MONTH = 730
COMPACTED_DAYS = 25 / 24
"""What was replaced on a compacted topic leaves the disk a day after, with its segment (`topology/topics.py`)."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What it takes. Cores, bytes and money are of all copies together; money a day, in the unit of the prices."""

    projects: int
    installations: int
    redact: int
    partitions: int
    broker_cores: float
    broker_disk_bytes: float
    broker_network_bytes_per_s: float
    brokers: int
    vault_cores: float
    vault_disk_bytes: float
    vault_nodes: int
    process_cores: float
    process_memory_bytes: float
    people: float
    first: Limit
    money: float


def needs(load: Load, measured: Measured, flow: Flow, machines: Machines, replicas: Replicas) -> Needs:
    """Of one load."""
    found = limits(load, measured, machines)
    projects, installations = times(found, Of.PROJECT), times(found, Of.INSTALLATION)
    cores = _cores(load, measured, projects)
    redact = math.ceil(cores["redact"] / machines.full)
    partitions = max(projects, math.ceil(redact / projects) * projects)
    broker_cores = cores["kafka"] * replicas.kafka / machines.full
    disk = _disk(load, measured, flow, projects) * replicas.kafka
    network = _network(load, measured, flow, projects, replicas)
    vault_cores = cores["vault"] * replicas.vault / machines.full
    vault_disk = load.records * load.open_days * measured.vault_disk_bytes * replicas.vault
    brokers = max(
        replicas.kafka,
        math.ceil(broker_cores / machines.broker_cores),
        math.ceil(disk / machines.broker_disk_bytes / machines.full),
        math.ceil(network / machines.broker_network_bytes_per_s / machines.full),
    )
    process_cores = sum(size for name, size in cores.items() if name not in PARTS) / machines.full
    memory = _memory(load, measured, projects, installations, redact)
    vault_nodes = replicas.vault * installations
    made = Needs(
        projects, installations, redact, partitions, broker_cores, disk, network, brokers, vault_cores, vault_disk,
        vault_nodes, process_cores, memory, load.people, found[0], money=0.0,
    )  # fmt: skip
    return replace(made, money=_money(made, machines))


def _money(made: Needs, machines: Machines) -> float:
    """A day. A broker and a node of Vault are a core at least."""
    cores = max(made.broker_cores, made.brokers) + max(made.vault_cores, made.vault_nodes)
    beyond = max(0.0, made.process_memory_bytes - 4e9 * made.process_cores) / 1e9
    disk = (made.broker_disk_bytes + made.vault_disk_bytes) / machines.full / 1e9
    hourly = (cores + max(made.process_cores, 1.0)) * machines.core_hour + beyond * machines.memory_gb_hour
    return 24 * (hourly + disk * machines.disk_gb_month / HOURS_A_MONTH)


def _label(load: Load, measured: Measured, projects: int) -> tuple[Mapping[str, float], Mapping[str, float]]:
    cost = measured.label_at(load.labels_per_s / projects)
    return cost.cpu_ms, cost.topic_bytes


def _cores(load: Load, measured: Measured, projects: int) -> dict[str, float]:
    """By role and part, in the busiest hour, while people label."""
    label, _ = _label(load, measured, projects)
    names = {*measured.released.cpu_ms, *label}
    return {
        name: (
            load.records_per_s * measured.released.cpu_ms.get(name, 0.0) + load.labels_per_s * label.get(name, 0.0)
        )
        / 1000
        for name in names
    }


def _daily(load: Load, measured: Measured, projects: int) -> dict[str, float]:
    """Bytes a day by kind of topic."""
    _, label = _label(load, measured, projects)
    names = {*measured.released.topic_bytes, *label}
    return {
        name: load.records * measured.released.topic_bytes.get(name, 0.0) + load.labels * label.get(name, 0.0)
        for name in names
    }


def _disk(load: Load, measured: Measured, flow: Flow, projects: int) -> float:
    """Bytes of one copy. A compacted topic keeps what is current, too: of each task that waits what it wrote."""
    daily = _daily(load, measured, projects)
    waiting = load.open_tasks * sum(
        size for name, size in measured.released.topic_bytes.items() if _days(flow, name) == COMPACTED_DAYS
    )
    return sum(size * _days(flow, name) for name, size in daily.items()) + waiting


def _days(flow: Flow, name: str) -> float:
    """For how long a record lies there."""
    kind = flow.topics.get(name)
    if kind is None or kind.cleanup is Cleanup.COMPACT or kind.retention_ms is None:
        return COMPACTED_DAYS  # ours that are compacted, and Kafka's own
    return kind.retention_ms / 1000 / DAY_S * 1.25  # whole segments go, four a retention


def _network(load: Load, measured: Measured, flow: Flow, projects: int, replicas: Replicas) -> float:
    """Bytes a second in the busiest hour, out of and into all brokers: written, copied, and read by each role."""
    daily = _daily(load, measured, projects)
    return sum(size * (replicas.kafka + _readers(flow, name)) for name, size in daily.items()) / DAY_S * load.peak


def _readers(flow: Flow, name: str) -> int:
    return sum(name in role.reads for role in flow.roles.values())


def _memory(load: Load, measured: Measured, projects: int, installations: int, redact: int) -> float:
    """Bytes of processes: what each takes by itself, and what tasks that wait take."""
    waiting = load.open_tasks * measured.waiting_bytes
    copies: dict[str, int] = {"redact": redact, **dict.fromkeys(PLATFORM_ROLES, installations)}
    own = {role: size for role, size in measured.resident_bytes.items() if role not in PARTS}
    return waiting + sum(size * copies.get(role, projects) for role, size in own.items())
