"""What a run of the table gave: kept as JSON, compared with the one before, printed as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.redact.quality.intervals import Estimate
from streams.redact.quality.targets import BATCH_RATIO, ROWS, SINGLE_RATIO, Row, Target
from topology.policies import Mode

BEGIN = "<!-- quality: begin (make quality) -->"
END = "<!-- quality: end -->"


@dataclass(frozen=True, slots=True)
class Cell:
    """One set in one mode."""

    texts: int
    leak: Estimate
    over_redaction: Estimate


@dataclass(frozen=True, slots=True)
class QualityReport:
    """`cells` by row key and mode; `batch` and `single`: times the speed of stock Presidio, by mode."""

    date: str
    cells: Mapping[tuple[str, Mode], Cell]
    batch: Mapping[Mode, Estimate] = field(default_factory=dict)
    single: Mapping[Mode, Estimate] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON of shares (0 to 1) and ratios, each as `[value, low, high]`."""
        cells: dict[str, dict[str, Any]] = {}
        for (key, mode), cell in self.cells.items():
            entry = {
                "texts": cell.texts,
                "leak": _figures(cell.leak),
                "over_redaction": _figures(cell.over_redaction),
            }
            cells.setdefault(key, {})[mode.value] = entry
        speed = {
            name: {mode.value: _figures(one) for mode, one in ratios.items()}
            for name, ratios in (("batch", self.batch), ("single", self.single))
        }
        return {"date": self.date, "cells": cells, "speed": speed}


def from_json(data: Mapping[str, Any]) -> QualityReport:
    """The report that `to_json` made."""
    cells = {
        (key, Mode(mode)): Cell(entry["texts"], Estimate(*entry["leak"]), Estimate(*entry["over_redaction"]))
        for key, modes in data["cells"].items()
        for mode, entry in modes.items()
    }
    batch, single = (
        {Mode(mode): Estimate(*one) for mode, one in data["speed"][name].items()} for name in ("batch", "single")
    )
    return QualityReport(data["date"], cells, batch, single)


def worse(new: QualityReport, old: QualityReport) -> Iterator[str]:
    """A sentence for each cell that is worse than before by more than the interval it had then, or is gone."""
    for (key, mode), before in old.cells.items():
        cell = new.cells.get((key, mode))
        where = f"{key}, {mode.value}"
        if cell is None:
            yield f"{where}: not measured; was there before"
            continue
        yield from _higher(f"{where}: leak", cell.leak, before.leak)
        yield from _higher(f"{where}: over-redaction", cell.over_redaction, before.over_redaction)
    yield from _slower("speed, in batches", new.batch, old.batch)
    yield from _slower("speed, one at a time", new.single, old.single)


def _higher(what: str, now: Estimate, then: Estimate) -> Iterator[str]:
    if now.value > then.high:
        yield f"{what} {now.value:.2%}; was {then.value:.2%}, at most {then.high:.2%}"


def _slower(what: str, new: Mapping[Mode, Estimate], old: Mapping[Mode, Estimate]) -> Iterator[str]:
    for mode, then in old.items():
        now = new.get(mode)
        if now is None:
            yield f"{what}, {mode.value}: not measured; was there before"
        elif now.value < then.low:
            yield f"{what}, {mode.value}: {now.value:.1f} ×; was {then.value:.1f} ×, at least {then.low:.1f} ×"


def markdown(report: QualityReport) -> str:
    """The table between its two marks, as it stands in this room's README."""
    lines = [
        BEGIN,
        f"{report.date}: leak / over-redaction in per cent, with 95 % intervals; below them what it shall be.",
        "",
        "| | fast | strict | max |",
        "|---|---|---|---|",
        *(_line(row, report) for row in ROWS if any(key == row.key for key, _ in report.cells)),
        *_speed_lines(report),
        END,
    ]
    return "\n".join(lines)


def replace_block(document: str, block: str) -> str:
    """`document` with the text between the marks replaced. Raises ValueError where they are missing."""
    start, end = document.index(BEGIN), document.index(END) + len(END)
    return document[:start] + block + document[end:]


def meets(cell: Cell, target: Target) -> bool:
    """Whether the measured values, not their intervals, are within the target."""
    over = target.over_redaction
    return cell.leak.value * 100 <= target.leak and (over is None or cell.over_redaction.value * 100 <= over)


def _line(row: Row, report: QualityReport) -> str:
    cells = [report.cells.get((row.key, mode)) for mode in Mode]
    texts = next(cell.texts for cell in cells if cell)
    shown = [_cell(cell, row.targets[mode]) for cell, mode in zip(cells, Mode, strict=True)]
    return f"| {row.title} ({texts:,}) | {' | '.join(shown)} |"


def _cell(cell: Cell | None, target: Target) -> str:
    if cell is None:
        return "–"
    mark = "" if meets(cell, target) else " **missed**"
    over = "" if target.over_redaction is None else f" / {target.over_redaction:g}"
    return f"{_percent(cell.leak)} / {_percent(cell.over_redaction)}<br>≤ {target.leak:g}{over}{mark}"


def _percent(one: Estimate) -> str:
    return f"{one.value * 100:.2f} ({one.low * 100:.2f}–{one.high * 100:.2f})"


def _speed_lines(report: QualityReport) -> Iterator[str]:
    rows = (("speed, in batches", report.batch, BATCH_RATIO), ("speed, one at a time", report.single, None))
    for title, ratios, targets in rows:
        if ratios:
            shown = [_speed(ratios.get(mode), targets[mode] if targets else SINGLE_RATIO) for mode in Mode]
            yield f"| {title}, × stock Presidio | {' | '.join(shown)} |"


def _speed(one: Estimate | None, least: float) -> str:
    if one is None:
        return "–"
    mark = "" if one.value >= least else " **missed**"
    return f"{one.value:.0f} × ({one.low:.0f}–{one.high:.0f})<br>≥ {least:g}{mark}"


def _figures(one: Estimate) -> list[float]:
    return [round(figure, 6) for figure in (one.value, one.low, one.high)]
