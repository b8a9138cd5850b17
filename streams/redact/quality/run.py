"""`make quality`: the whole table, from a checkout, on parts of the data that nothing was trained or tuned on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from schemas.errors import ConfigError
from streams.redact.detect.detector import build_detector
from streams.redact.detect.find import Detector
from streams.redact.quality.evaluation import evaluate
from streams.redact.quality.report import Cell, QualityReport, from_json, markdown, replace_block
from streams.redact.quality.sets import SETS
from streams.redact.quality.speed import measure_speed
from streams.redact.quality.stock import stock_analyzer
from streams.redact.quality.tagged import measure_tagged
from streams.redact.quality.tagged import policy as tagged_policy
from topology.policies import Mode, Policy, load_policy

BASELINE = Path("streams/redact/quality/data/baseline.json")
README = Path("streams/redact/README.md")

Report = Callable[[str], None]


def measure_all(date: str, report: Report, *, speed: bool = True) -> QualityReport:
    """Every cell. `report` is told each step; it takes some minutes, most of them for the yardstick."""
    text = rulings(load_policy("text"))
    cells: dict[tuple[str, Mode], Cell] = {}
    for key, texts in SETS.items():
        annotated = texts()
        for mode, (policy, detector) in text.items():
            one = evaluate(annotated, policy, detector)
            cells[key, mode] = Cell(one.texts, one.leak, one.over_redaction)
        report(f"{key}: {len(annotated):,} texts")
    for mode, (policy, detector) in rulings(tagged_policy()).items():
        cells["tagged", mode] = measure_tagged(policy, detector)
    report("tagged records")
    if not speed:
        return QualityReport(date, cells)
    speeds = measure_speed([one.text for one in SETS["synthetic"]()], text, stock_analyzer())
    report("speed, against stock Presidio")
    return QualityReport(date, cells, speeds.batch, speeds.single)


def rulings(policy: Policy) -> Mapping[Mode, tuple[Policy, Detector]]:
    """The policy in each mode, with its detector."""
    return dict(_ruled(policy))


def read_baseline(root: Path) -> QualityReport | None:
    """What was accepted last; None before there is any."""
    try:
        return from_json(json.loads((root / BASELINE).read_text("utf-8")))
    except FileNotFoundError:
        return None


def accept(report: QualityReport, root: Path) -> None:
    """Make `report` the baseline, and the table in this room's README. Raises ConfigError outside a checkout."""
    if not (root / README).is_file():
        raise ConfigError(f"{root} is no checkout of Veilstream: run this from its root")
    (root / BASELINE).write_text(json.dumps(report.to_json(), indent=1) + "\n", encoding="utf-8")
    readme = (root / README).read_text("utf-8")
    (root / README).write_text(replace_block(readme, markdown(report)), encoding="utf-8")


def _ruled(policy: Policy) -> Iterator[tuple[Mode, tuple[Policy, Detector]]]:
    for mode in Mode:
        moved = replace(policy, detection=replace(policy.detection, mode=mode))
        yield mode, (moved, build_detector(moved))
