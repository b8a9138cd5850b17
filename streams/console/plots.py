"""From published metrics to what is drawn: which figures belong together, their units, and what is not there.
Pure.

A point is a number, or one of two words. `few`: the window has a record, without this figure, so the count is
below ten or would tell one that is. `gap`: the window has no record, or not what a figure rests on. A share is the
quotient of published parts; where a part is missing there is none. So nothing here says more than `metrics.P`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.metrics import Cell, Figure, Metric

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
FEW, GAP = "few", "gap"
Value = float | int | str
"""A number, `few` or `gap`."""
Limits = Mapping[str, float]
"""What a policy allows its live leak bound to be, by the policy's hash; a policy that says nothing is not in
it.
"""


class Unit(StrEnum):
    """How a figure is written."""

    SHARE = "share"
    COUNT = "count"
    MILLISECONDS = "milliseconds"
    AGREEMENT = "agreement"


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a plot, and how a window's point of it is found."""

    name: str
    at: Callable[[Metric], Value]


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn together. `lengths`: of which windows there are such figures; `about`: in a sentence."""

    id: str
    title: str
    about: str
    unit: Unit
    curves: tuple[Curve, ...]
    lengths: tuple[int, ...] = (HOUR_MS,)


def _count(cell: Cell) -> Callable[[Metric], Value]:
    return lambda metric: metric.cells.get(cell.value, FEW)


def _figure(figure: Figure) -> Callable[[Metric], Value]:
    return lambda metric: metric.figures.get(figure.value, GAP)


def _share(part: Cell, *others: Cell) -> Callable[[Metric], Value]:
    def at(metric: Metric) -> Value:
        counts = [metric.cells.get(cell.value) for cell in (part, *others)]
        known = [count for count in counts if count is not None]
        if len(known) < len(counts):
            return FEW
        return known[0] / sum(known)

    return at


PLOTS = (
    Plot(
        "redacted",
        "Share redacted",
        "Of the fields, and of the characters, that annotators see in some form",
        Unit.SHARE,
        (
            Curve("fields", _share(Cell.FIELDS_REDACTED, Cell.FIELDS_UNTOUCHED)),
            Curve("characters", _share(Cell.CHARACTERS_REDACTED, Cell.CHARACTERS_UNTOUCHED)),
        ),
    ),
    Plot(
        "quarantine",
        "Quarantine and violations",
        "Records held back beside those that became tasks: because what was to be shown would have broken the "
        "policy, and for any other reason",
        Unit.SHARE,
        (
            Curve("violations", _share(Cell.VIOLATIONS, Cell.TASKS)),
            Curve("quarantined", _share(Cell.QUARANTINED, Cell.TASKS)),
        ),
    ),
    Plot(
        "leak",
        "Live leak bound",
        "What the share of leaked values does not exceed, with 95 % confidence, by all synthetic records so far",
        Unit.SHARE,
        (Curve("bound", _figure(Figure.LEAK_BOUND)),),
    ),
    Plot(
        "delays",
        "Time from raw to joined",
        "Median and 95th percentile of each stretch; a logarithmic scale",
        Unit.MILLISECONDS,
        (
            Curve("raw to task, median", _figure(Figure.RAW_TO_TASK_P50)),
            Curve("raw to task, 95 %", _figure(Figure.RAW_TO_TASK_P95)),
            Curve("task to label, median", _figure(Figure.TASK_TO_LABEL_P50)),
            Curve("task to label, 95 %", _figure(Figure.TASK_TO_LABEL_P95)),
            Curve("label to joined, median", _figure(Figure.LABEL_TO_JOINED_P50)),
            Curve("label to joined, 95 %", _figure(Figure.LABEL_TO_JOINED_P95)),
        ),
    ),
    Plot(
        "throughput",
        "Throughput",
        "How many in each window",
        Unit.COUNT,
        (
            Curve("views", _count(Cell.VIEWS)),
            Curve("labels", _count(Cell.LABELS)),
            Curve("verdicts", _count(Cell.VERDICTS)),
            Curve("joined", _count(Cell.JOINED)),
        ),
        (HOUR_MS, MINUTE_MS),
    ),
    Plot(
        "agreement",
        "Agreement",
        "Mean agreement of verdicts: 1 is full, 0 as by chance",
        Unit.AGREEMENT,
        (Curve("mean", _figure(Figure.AGREEMENT)),),
    ),
    Plot(
        "denials",
        "Refusals",
        "Requests that the rules denied",
        Unit.COUNT,
        (Curve("denied", _count(Cell.DENIALS)),),
        (HOUR_MS, MINUTE_MS),
    ),
)


def drawn(metrics: Iterable[Metric], length_ms: int, since: int, until: int, limits: Limits) -> dict[str, Any]:
    """What the page draws of the windows of one project that begin in `since` ≤ t < `until`, as JSON.

    `policies`: hash and name, the newest first; each curve has its points by policy, one for each of `windows`.
    """
    since -= since % length_ms
    wanted = [it for it in metrics if it.until - it.since == length_ms and since <= it.since < until]
    names = _policies(wanted)
    windows = list(range(since, until, length_ms))
    by_place = {(it.policy, it.since): it for it in wanted}
    plots = [_drawn(plot, names, windows, by_place) for plot in PLOTS if length_ms in plot.lengths]
    return {
        "length_ms": length_ms,
        "windows": windows,
        "policies": [
            {"hash": policy, "name": name, "limit": limits.get(policy)} for policy, name in names.items()
        ],
        "plots": plots,
    }


def _drawn(
    plot: Plot, names: Mapping[str, str], windows: Sequence[int], by_place: Mapping[tuple[str, int], Metric]
) -> dict[str, Any]:
    curves = []
    for curve in plot.curves:
        points = {policy: _points(curve, policy, windows, by_place) for policy in names}
        said = {policy: line for policy, line in points.items() if _says_something(line)}
        if said:
            curves.append({"name": curve.name, "points": said})
    return {
        "id": plot.id,
        "title": plot.title,
        "about": plot.about,
        "unit": plot.unit.value,
        "curves": curves,
    }


def _points(
    curve: Curve, policy: str, windows: Sequence[int], by_place: Mapping[tuple[str, int], Metric]
) -> list[Value]:
    found = (by_place.get((policy, since)) for since in windows)
    return [GAP if metric is None else curve.at(metric) for metric in found]


def _says_something(line: Sequence[Value]) -> bool:
    """A policy of which a figure was never published has no line: it may be no figure of it at all."""
    return any(not isinstance(value, str) for value in line)


def _policies(metrics: Iterable[Metric]) -> dict[str, str]:
    """Hash and name, the one with the latest window first; the project as a whole last."""
    latest: dict[str, tuple[int, str]] = {}
    for it in metrics:
        if it.since >= latest.get(it.policy, (-1, ""))[0]:
            latest[it.policy] = it.since, it.policy_name
    order = sorted(latest, key=lambda policy: (bool(policy), latest[policy][0], latest[policy][1]), reverse=True)
    return {policy: latest[policy][1] or policy[:12] for policy in order}
