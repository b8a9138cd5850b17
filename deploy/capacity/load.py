"""What comes, and how it is to be borne: what nobody can measure for you."""

from __future__ import annotations

from dataclasses import dataclass

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Load:
    """`records` a day, all of them labeled: what nobody takes up while `tasks` keeps it is lost to labeling."""

    records: float
    labels_each: int = 3
    peak: float = 3.0
    """The busiest hour ÷ the mean one."""
    open_days: float = 1.0
    """How long a task waits until its labels are joined, and Vault keeps its mappings."""
    label_s: float = 20.0
    """What a label takes a person."""
    hours: float = 8.0
    """How long people label a day."""

    @property
    def records_per_s(self) -> float:
        """In the busiest hour."""
        return self.records / DAY_S * self.peak

    @property
    def labels(self) -> float:
        """A day."""
        return self.records * self.labels_each

    @property
    def labels_per_s(self) -> float:
        """While people are there."""
        return self.labels / (self.hours * 3600)

    @property
    def people(self) -> float:
        """Who label at once."""
        return self.labels_per_s * self.label_s

    @property
    def open_tasks(self) -> float:
        """That wait at a time."""
        return self.records * self.open_days


@dataclass(frozen=True, slots=True)
class Machines:
    """What machines are, how full they may be, and what they cost."""

    full: float = 0.7
    """A process, or a core, is not planned fuller than this: what is over is for catching up."""
    broker_cores: int = 8
    broker_disk_bytes: float = 4e12
    broker_network_bytes_per_s: float = 600e6
    process_memory_bytes: float = 8e9
    """That tasks in the memory of one process may take."""
    vault_disk_bytes: float = 100e9
    """Of one node: what a snapshot, a restore or a new node has to copy."""
    core_hour: float = 0.05
    """With 4 GB of memory."""
    memory_gb_hour: float = 0.005
    """Beyond that."""
    disk_gb_month: float = 0.10


@dataclass(frozen=True, slots=True)
class Replicas:
    """Copies of each partition, brokers at least, Vault's nodes."""

    kafka: int = 3
    vault: int = 3
