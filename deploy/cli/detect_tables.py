"""What `veil detect` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from deploy.cli.output import BAD, GOOD, PlainTable, heading

if TYPE_CHECKING:
    from streams.redact.quality.curve import Point
    from streams.redact.quality.intervals import Estimate
    from streams.redact.quality.report import Cell, QualityReport
    from streams.redact.quality.targets import Target


def evaluation_words(points: Sequence[Point], file: Path) -> list[Text | Table]:
    own = [point for point in points if point.threshold_permille is None]
    texts = own[0].evaluation.texts
    return [
        heading(f"{file.name}: {texts:,} texts", "leak and over-redaction in per cent, with 95 % intervals"),
        Text(),
        _thresholds(points),
        Text(),
        heading("Leak by type", "each mode with its own threshold; in brackets annotated characters"),
        _types(own),
    ]


def _thresholds(points: Sequence[Point]) -> Table:
    table = PlainTable("mode", "threshold", "leak", "over-redaction", "withheld")
    for point in points:
        own = point.threshold_permille is None
        one = point.evaluation
        table.add_row(
            point.mode.value if own else "",
            point.threshold,
            _percent(one.leak),
            _percent(one.over_redaction),
            str(one.refused),
            style="bold" if own else "",
        )
    return table


def _types(own: Sequence[Point]) -> Table:
    table = PlainTable("type", *(point.mode.value for point in own))
    for kind, (gold, _) in sorted(own[0].evaluation.by_type.items(), key=lambda one: -one[1][0]):
        table.add_row(f"{kind} ({gold:,})", *(_percent(point.evaluation.by_type[kind][1]) for point in own))
    return table


def _percent(one: Estimate) -> str:
    return f"{one.value * 100:5.2f} ({one.low * 100:.2f}–{one.high * 100:.2f})"


def point_json(point: Point) -> dict[str, object]:
    one = point.evaluation
    return {
        "mode": point.mode.value,
        "threshold": None if point.threshold_permille is None else point.threshold_permille / 1000,
        "texts": one.texts,
        "withheld": one.refused,
        "leak": [one.leak.value, one.leak.low, one.leak.high],
        "over_redaction": [one.over_redaction.value, one.over_redaction.low, one.over_redaction.high],
        "leak_by_type": {
            kind: {"characters": gold, "leak": [leak.value, leak.low, leak.high]}
            for kind, (gold, leak) in one.by_type.items()
        },
    }


def quality_table(report: QualityReport) -> Table:
    """The table: leak / over-redaction in per cent, green where the target is met."""
    from streams.redact.quality.targets import BATCH_RATIO, ROWS, SINGLE_RATIO  # noqa: PLC0415 - see detect.py
    from topology.policies import Mode  # noqa: PLC0415 - as above

    table = PlainTable("leak / over-redaction, per cent", *(mode.value for mode in Mode))
    for row in ROWS:
        cells = [report.cells.get((row.key, mode)) for mode in Mode]
        table.add_row(row.title, *(_cell(one, row.targets[mode]) for one, mode in zip(cells, Mode, strict=True)))
    for title, ratios in (("in batches", report.batch), ("one at a time", report.single)):
        least = BATCH_RATIO if ratios is report.batch else dict.fromkeys(Mode, SINGLE_RATIO)
        table.add_row(
            f"× stock Presidio, {title}",
            *(_ratio(ratios[mode], least[mode]) if mode in ratios else Text("–") for mode in Mode),
        )
    return table


def _cell(cell: Cell | None, target: Target) -> Text:
    from streams.redact.quality.report import meets  # noqa: PLC0415 - see detect.py

    if cell is None:
        return Text("–")
    figures = f"{cell.leak.value * 100:.2f} / {cell.over_redaction.value * 100:.2f}"
    return Text(figures, style=GOOD if meets(cell, target) else BAD)


def _ratio(one: Estimate, least: float) -> Text:
    return Text(f"{one.value:.0f} ×", style=GOOD if one.value >= least else BAD)
