"""What one record costs, out of a report of `veil bench`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from schemas.errors import ConfigError

NEEDED = ("costs", "vault", "join")
"""Parts of a report, in the order in which they are asked for."""
HOW = "veil bench --only costs --only vault --json"
HOLDING = "keeper"
"""Who keeps something of each task that waits in memory. Label has some 20,000 of them there, and no more."""
OURS = "measured.json"
"""Of the run that CAPACITY.md tells of."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one record, or of one label: CPU by role (the parts by their names), bytes by kind of topic."""

    cpu_ms: Mapping[str, float]
    topic_bytes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """`few`, `many`: (labels a second, cost of one label) while few and many people labeled in one project."""

    machine: str
    date: str
    released: Cost
    few: tuple[float, Cost]
    many: tuple[float, Cost]
    labels_each: int
    tasks_a_segment: float
    vault_disk_bytes: float
    resident_bytes: Mapping[str, float]
    """By role, of a process before it has much to do."""
    waiting_bytes: float
    """Of HOLDING, for each task that waits."""
    segments_per_s: float
    joined_per_s: float

    def label_at(self, labels_per_s: float) -> Cost:
        """What a label costs in a project with so many a second: calls that come together share transactions."""
        (few, dear), (many, cheap) = self.few, self.many
        share = min(1.0, max(0.0, (labels_per_s - few) / (many - few))) if many > few else 0.0
        topic_bytes = _between(dear.topic_bytes, cheap.topic_bytes, share)
        return Cost(_between(dear.cpu_ms, cheap.cpu_ms, share), topic_bytes)


def ours() -> Measured:
    """What CAPACITY.md is reckoned from."""
    return measured(json.loads(files(__package__).joinpath(OURS).read_text(encoding="utf-8")))


def load(path: Path) -> Measured:
    """Of a report somewhere else. Raises ConfigError."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} can't be read as a report of the bench: {type(error).__name__}.") from None
    return measured(report)


def measured(report: Mapping[str, Any]) -> Measured:
    """Raises ConfigError where the report lacks a part."""
    if missing := [part for part in NEEDED if part not in report]:
        raise ConfigError(f"The report has no {', '.join(missing)}. It is made by: {HOW}")
    try:
        return _read(report)
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError) as error:
        raise ConfigError(f"The report is of another version ({type(error).__name__}): {HOW}") from None


def _read(report: Mapping[str, Any]) -> Measured:
    costs, machine = report["costs"], report["machine"]
    few, many = costs["labeled"][0], costs["labeled"][-1]
    return Measured(
        machine=f"{machine['cores']} cores, load {machine['load_before']} before, Python {machine['python']}",
        date=report["date"][:10],
        released=_cost(costs["released"], 1),
        few=(few["labels_per_s"], _cost(few["spent"], costs["labels_each"])),
        many=(many["labels_per_s"], _cost(many["spent"], costs["labels_each"])),
        labels_each=costs["labels_each"],
        tasks_a_segment=costs["in_vault"]["tasks_a_segment"],
        vault_disk_bytes=costs["in_vault"]["disk_bytes"],
        resident_bytes=_by_role(costs["resident_bytes"]),
        waiting_bytes=_by_role(costs["grown_bytes"]).get(HOLDING, 0.0),
        segments_per_s=report["vault"]["stored_per_s"],
        joined_per_s=report["join"]["joined_per_s"],
    )


def _cost(spent: Mapping[str, Any], parts: int) -> Cost:
    topics = {name.removesuffix(".P"): size / parts for name, size in spent["topic_bytes"].items()}
    return Cost({role: size / parts for role, size in _by_role(spent["cpu_ms"]).items()}, topics)


def _by_role(of_process: Mapping[str, float]) -> dict[str, float]:
    """`redact.bench.0` is a redact."""
    found: dict[str, float] = {}
    for name, size in of_process.items():
        role = name.partition(".")[0]
        found[role] = found.get(role, 0.0) + size
    return found


def _between(first: Mapping[str, float], last: Mapping[str, float], share: float) -> dict[str, float]:
    names = {*first, *last}
    return {name: (1 - share) * first.get(name, 0.0) + share * last.get(name, 0.0) for name in sorted(names)}
