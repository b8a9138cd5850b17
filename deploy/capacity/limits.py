"""What can't be bought with more machines in one project or one installation, and at how much it ends. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from deploy.capacity.load import Load, Machines
from deploy.capacity.measured import HOLDING, Measured
from deploy.capacity.numbers import in_short

LABELING = ("label", "decide", "join", "keeper")
"""Of which one process a project works."""
FOLLOWING = ("seal", "watch", "matcher")
"""Of which there is one an installation, whatever its projects."""


class Of(Enum):
    """What has to be there twice for twice as much."""

    PROJECT = "project"
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` records a day with the load's habits; `uses`: how many times that the load is."""

    name: str
    of: Of
    most: float
    what: str
    """In its own unit."""
    uses: float


def limits(load: Load, measured: Measured, machines: Machines) -> list[Limit]:
    """The one that bites first is first."""
    found = [
        _open_tasks(load, measured, machines),
        _vault_disk(load, measured, machines),
        _segments(load, measured, machines),
        _joined(load, measured, machines),
        *(_busy(role, Of.PROJECT, load, measured, machines) for role in LABELING),
        *(_busy(role, Of.INSTALLATION, load, measured, machines) for role in FOLLOWING),
    ]
    return sorted(found, key=lambda it: -it.uses)


def times(found: list[Limit], of: Of) -> int:
    """How many projects, or installations, the load has to be shared by."""
    return max(1, *(-int(-it.uses // 1) for it in found if it.of is of))


def _limit(name: str, of: Of, load: Load, uses: float, what: str) -> Limit:
    return Limit(name, of, load.records / uses if uses else float("inf"), what, uses)


def _open_tasks(load: Load, measured: Measured, machines: Machines) -> Limit:
    each = measured.waiting_bytes
    most = machines.process_memory_bytes / each if each else float("inf")
    name, what = f"tasks that wait, in the memory of {HOLDING}", f"{in_short(most)} tasks at {each / 1000:.1f} kB"
    return _limit(name, Of.PROJECT, load, load.open_tasks / most, what)


def _vault_disk(load: Load, measured: Measured, machines: Machines) -> Limit:
    most = machines.vault_disk_bytes / measured.vault_disk_bytes
    uses = load.records * load.open_days / most
    what = f"{in_short(most)} mappings at {measured.vault_disk_bytes / 1000:.1f} kB"
    return _limit("mappings on Vault's disk", Of.INSTALLATION, load, uses, what)


def _segments(load: Load, measured: Measured, machines: Machines) -> Limit:
    most = measured.segments_per_s * machines.full
    uses = load.records_per_s / measured.tasks_a_segment / most
    what = f"{most:.0f} segments/s of {measured.tasks_a_segment:.0f} tasks"
    return _limit("what Vault writes", Of.INSTALLATION, load, uses, what)


def _joined(load: Load, measured: Measured, machines: Machines) -> Limit:
    most = measured.joined_per_s * machines.full
    tasks_per_s = load.labels_per_s / load.labels_each
    return _limit("verdicts that join takes up", Of.PROJECT, load, tasks_per_s / most, f"{most:,.0f}/s")


def _busy(role: str, of: Of, load: Load, measured: Measured, machines: Machines) -> Limit:
    """One process is full when it takes a core."""
    together, cost = measured.many
    record, label = measured.released.cpu_ms.get(role, 0.0), cost.cpu_ms.get(role, 0.0)
    uses = (load.records_per_s * record + load.labels_per_s * label) / (1000 * machines.full)
    what = (
        f"{machines.full:.0%} of a core at {record:.2f} ms a record, {label:.2f} ms a label of {together:,.0f}/s"
    )
    return _limit(f"the CPU of {role}", of, load, uses, what)
