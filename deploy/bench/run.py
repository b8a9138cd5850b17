"""`veil bench`: everything in one run, as JSON in a file and as tables."""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from deploy.bench import (
    again,
    annotators,
    containing,
    costs,
    delays,
    erasing,
    joining,
    mappings,
    redaction,
    revealing,
    scaling,
    sealing,
    soak,
    studio,
    sustained,
    whole_texts,
)
from deploy.bench.ground import POLICY, Ground
from deploy.bench.report import Report, Resources
from deploy.bench.table import tables
from deploy.supervise.files import make_private_folder
from schemas.errors import ConfigError
from schemas.files import write_atomically
from streams.redact.quality.stock import MODEL
from topology.policies import load_policy

PARTS = (
    "resources",
    "latency",
    "contain",
    "erase",
    "redact",
    "again",
    "label",
    "seal",
    "vault",
    "scale",
    "costs",
    "texts",
    "soak",
)
"""Idle before much has come, latency while topics are short; the last four not on its stack."""
ALONE = frozenset({"scale", "costs", "texts", "soak"})
"""What needs a stack of its own, or none."""
IF_ASKED_FOR = frozenset({"soak"})
"""What takes hours."""
_SETTLE_S = 3.0
"""What the first records have set going is over by then."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured. Records, seconds, tasks an annotator, texts, alerts, segments and how many of them
    name somebody, segments to write, seconds of writing on, reveals, records a process, records that cost, tasks
    labeled, records of a soak and how many a second: two cores with everything at work have a quarter left of it.
    """

    records: int = 10_000
    repeats: int = 3
    delay_s: float = 20.0
    idle_s: float = 15.0
    open_tasks: int = 20_000
    tasks_each: int = 150
    texts: int = 1_000_000
    seal_events: int = 100_000
    seal_s: float = 20.0
    alerts: int = 30
    segments: int = 10_000
    affected: int = 100
    stored: int = 600
    sustained_s: float = 60.0
    reveals: int = 100
    scale_records: int = 30_000
    cost_records: int = 20_000
    cost_labeled: int = 4_000
    soak_records: int = 10_000_000
    soak_per_s: float = 1_300.0


QUICK = Size(
    records=3_000,
    repeats=1,
    delay_s=6.0,
    idle_s=5.0,
    open_tasks=2_000,
    tasks_each=40,
    texts=50_000,
    seal_events=30_000,
    seal_s=5.0,
    alerts=6,
    segments=500,
    affected=5,
    stored=100,
    sustained_s=10.0,
    reveals=20,
    scale_records=10_000,
    cost_records=20_000,
    cost_labeled=1_000,
    soak_records=300_000,
    soak_per_s=500.0,
)


def main(
    root: Path,
    what: Collection[str] | None = None,
    *,
    against: str | None = None,
    as_json: bool = False,
    quick: bool = False,
) -> int:
    """Measure `what` (PARTS; all but IF_ASKED_FOR unless given) on a stack of its own below `root`, and then the
    calls of `label` once more in a Label Studio, whose program `against` names.

    The report goes to `<root>/bench/report.json`, and to stdout as JSON or tables. A missed target is no failure:
    the figure stands in the report. 0; raises ConfigError, StackError and what the parts raise.
    """
    say = Console(stderr=True).print
    parts, size = frozenset(what or {*PARTS} - IF_ASKED_FOR), QUICK if quick else Size()
    rival = None if against is None else studio.program(against)
    report = measure(root / "bench", parts, size, say)
    if rival is not None:
        say(f"{rival}, {size.open_tasks:,} tasks")
        folder, overlap = root / "bench" / "studio", load_policy(POLICY).overlap
        report = replace(report, studio=studio.measure(rival, folder, size.open_tasks, size.tasks_each, overlap))
    text = json.dumps(report.as_json(), indent=1)
    write_atomically(root / "bench" / "report.json", text)
    if as_json:
        sys.stdout.write(text + "\n")
    else:
        _show(report)
    return 0


def measure(folder: Path, parts: frozenset[str], size: Size, say: Callable[[str], None]) -> Report:
    """The report. Raises ConfigError, StackError."""
    _check(parts)
    for private in (folder.parent, folder):
        make_private_folder(private)
    report = Report(datetime.now(UTC).isoformat(timespec="seconds"), machine(), size.records)
    if "texts" in parts:
        report = replace(report, texts=whole_texts.measure(size.texts, say))
    if parts - ALONE:
        report = _on_a_stack(report, folder, parts, size, say)
    if "scale" in parts:
        with Ground(folder / "stack", say, scaling.most()) as ground:
            report = replace(report, scaling=scaling.measure(ground, size.scale_records, size.repeats))
    if "costs" in parts:
        with Ground(folder / "stack", say) as ground:
            report = replace(report, costs=costs.measure(ground, size.cost_records, size.cost_labeled))
    if "soak" in parts:
        with Ground(folder / "stack", say, soak.REDACT_PROCESSES, soak.KEPT) as ground:
            report = replace(report, soak=soak.measure(ground, size.soak_records, size.soak_per_s))
    return report


def _on_a_stack(
    report: Report, folder: Path, parts: frozenset[str], size: Size, say: Callable[[str], None]
) -> Report:
    idle: dict[str, float] = {}
    with Ground(folder / "stack", say) as ground:
        delays.warm_up(ground)
        if "resources" in parts:
            threading.Event().wait(_SETTLE_S)
            idle = ground.idle_cpu(size.idle_s)
        if "latency" in parts:
            report = replace(report, delays=delays.measure(ground, size.delay_s))
        if "contain" in parts:
            report = replace(report, containing=containing.measure(ground, size.alerts))
        if "erase" in parts:
            report = replace(report, erasing=erasing.measure(ground, size.segments, size.affected))
        if "redact" in parts:
            report = replace(report, rates=redaction.measure(ground, size.records, size.repeats))
        if "again" in parts:
            report = replace(report, again=again.measure(ground, size.records))
        if "label" in parts:
            report = replace(report, queueing=annotators.measure(ground, size.open_tasks, size.tasks_each))
        if "seal" in parts:
            report = replace(report, sealing=sealing.measure(ground, size.seal_events, size.seal_s))
        if "vault" in parts:
            report = replace(report, revealing=revealing.measure(ground, size.reveals))
            report = replace(report, mappings=mappings.measure(ground, size.stored))
            report = replace(report, sustained=sustained.measure(ground, size.sustained_s))
            report = replace(report, joining=joining.measure(ground, size.stored))
            report = replace(report, joining_apart=joining.measure(ground, size.stored, apart=True))
        ground.note_peaks()
        return replace(report, resources=Resources(ground.peaks, idle))


def machine() -> dict[str, str]:
    """What the figures depend on."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return {
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": f"{load:.1f}",
    }


def _check(parts: frozenset[str]) -> None:
    if unknown := parts - set(PARTS):
        raise ConfigError(f"the bench has no part {', '.join(sorted(unknown))}; it has {', '.join(PARTS)}")
    missing = [name for name in (MODEL, "presidio_anonymizer") if find_spec(name) is None]
    if "redact" in parts and missing:
        raise ConfigError(
            f"{', '.join(missing)} is not installed, with which the bench compares; run `make setup`"
        )


def _show(report: Report) -> None:
    console = Console()
    for table in tables(report):
        console.print(table)
        console.print()
