"""What a record and a label were seen to cost. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """One record's share: CPU by process; bytes by topic as they lie on the broker's disk (compressed, one copy,
    not compacted).
    """

    cpu_ms: Mapping[str, float]
    topic_bytes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Labeled:
    """What a task took from when it waited until its labels were joined, with so many people who never pause."""

    people: int
    tasks: int
    labels_per_s: float
    spent: Spent


@dataclass(frozen=True, slots=True)
class InVault:
    """So many tasks shared a segment. A record's mappings are `bytes`, which make what Vault keeps on disk, its
    log included, `disk_bytes` larger.
    """

    tasks_a_segment: float
    bytes: float
    disk_bytes: float


@dataclass(frozen=True, slots=True)
class Costs:
    """`released`: of so many `records` that nobody labeled, until their tasks waited; processes were
    `resident_bytes` before, and each record made them `grown_bytes` larger. `labeled`: with few and with many
    people, each task by `labels_each`.
    """

    records: int
    labels_each: int
    released: Spent
    labeled: Sequence[Labeled]
    in_vault: InVault
    resident_bytes: Mapping[str, int]
    grown_bytes: Mapping[str, float]
