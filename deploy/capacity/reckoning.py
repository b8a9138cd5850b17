"""One load reckoned: what it takes, and what ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from deploy.capacity.limits import Limit, limits
from deploy.capacity.load import Load, Machines, Replicas
from deploy.capacity.measured import Measured
from deploy.capacity.needs import Needs, needs
from deploy.capacity.numbers import in_bytes, in_short
from schemas.errors import ConfigError
from topology.flow import Flow

ROWS: Mapping[str, Callable[[Load, Needs], str]] = {
    "records/s in the busiest hour": lambda load, _: in_short(load.records_per_s),
    "labels/s while people are there": lambda load, _: in_short(load.labels_per_s),
    "people who label at once": lambda _, it: in_short(it.people),
    "installations": lambda _, it: in_short(it.installations),
    "projects": lambda _, it: in_short(it.projects),
    "partitions of `raw`": lambda _, it: in_short(it.partitions),
    "redact processes": lambda _, it: in_short(it.redact),
    "cores of our processes": lambda _, it: in_short(it.process_cores),
    "memory of our processes": lambda _, it: in_bytes(it.process_memory_bytes),
    "brokers": lambda _, it: in_short(it.brokers),
    "cores of brokers": lambda _, it: in_short(it.broker_cores),
    "disk of brokers": lambda _, it: in_bytes(it.broker_disk_bytes),
    "network of brokers, a second": lambda _, it: in_bytes(it.broker_network_bytes_per_s),
    "nodes of Vault": lambda _, it: in_short(it.vault_nodes),
    "cores of Vault": lambda _, it: in_short(it.vault_cores),
    "disk of Vault": lambda _, it: in_bytes(it.vault_disk_bytes),
    "money a day": lambda _, it: in_short(it.money),
    "money a million records": lambda load, it: f"{it.money / load.records * 1e6:,.2f}",
    "bites first": lambda _, it: it.first.name,
}
"""What is told of a load, each in words."""


@dataclass(frozen=True, slots=True)
class Reckoned:
    """`limits`: the one that bites first is first."""

    load: Load
    needs: Needs
    limits: Sequence[Limit]

    def as_json(self) -> dict[str, Any]:
        """Everything, in base units."""
        ends = [
            {"name": it.name, "of": it.of.value, "records_a_day": it.most, "uses": it.uses, "what": it.what}
            for it in self.limits
            if it.uses > 0
        ]
        return {
            "load": asdict(self.load),
            "needs": {name: size for name, size in asdict(self.needs).items() if name != "first"},
            "limits": ends,
        }


def reckon(load: Load, measured: Measured, flow: Flow) -> Reckoned:
    """On machines as `Machines` has them. Raises ConfigError for what can't come."""
    given = (load.records, load.labels_each, load.open_days)
    if not (all(0 < it < float("inf") for it in given) and 1 <= load.peak < float("inf")):
        raise ConfigError(
            "It takes records a day and labels of each, a peak of 1 or more, and some time that a task waits."
        )
    machines = Machines()
    found = limits(load, measured, machines)
    return Reckoned(load, needs(load, measured, flow, machines, Replicas()), found)
