"""Whether a signal of a person has moved: two cumulative sums, one for each direction.

Source: E. S. Page, "Continuous Inspection Schemes", Biometrika 41 (1954). A change is taken to have begun when
its sum left 0, and the level is the mean of the values since. What is usual is learned from the person's own first
values and then follows slowly, so that what somebody gets better at over months is no alarm.

Pure: a chart and a value in, the next chart and perhaps an alarm out. Decision 0001 says why no library does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from schemas.states import DriftChart, DriftRun

LEARNING = 100
"""Values from which it is learned what is usual; before that nothing is an alarm."""
MEMORY = 500
"""Of what is usual, later: half a season of one person's work, in which learning may go on unnoticed."""
SLACK = 0.5
"""Standard deviations that always pass: half of the smallest change that should be found soon."""
CLIP = 3.0
"""A single value counts as so many standard deviations at most: five answers in a row may be an accident's."""
LIMIT = 14.0
"""Sum of standard deviations that is an alarm. By `tests/streams/decide/drifting.py`; see the README's table."""
_NOTHING = DriftRun(0.0, 0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A signal has moved. `usual` and `level` are in the signal's unit, `since` in milliseconds since the epoch.

    `values` is how many the change was found in.
    """

    signal: str
    usual: float
    level: float
    values: int
    since: int


def opened(signal: str) -> DriftChart:
    """A chart that knows nothing yet."""
    return DriftChart(signal, 0, 0.0, 0.0, _NOTHING, _NOTHING)


def followed(chart: DriftChart, value: float, now: int, least: float) -> tuple[DriftChart, Alarm | None]:
    """The chart after one more value. `least` is the smallest standard deviation to reckon with.

    After an alarm the chart begins anew: the level of now becomes what is usual, and is not told twice.
    """
    if chart.count < LEARNING:
        return _learned(chart, value, _NOTHING, _NOTHING), None
    deviation = max(sqrt(chart.variance), least)
    step = max(-CLIP, min(CLIP, (value - chart.mean) / deviation))
    high, low = _summed(chart.high, step, value, now), _summed(chart.low, -step, value, now)
    for run in (high, low):
        if run.sum > LIMIT:
            alarm = Alarm(chart.signal, chart.mean, run.total / run.count, run.count, run.since)
            return opened(chart.signal), alarm
    return _learned(chart, value, high, low), None


def _learned(chart: DriftChart, value: float, high: DriftRun, low: DriftRun) -> DriftChart:
    """Mean and variance: of all values at first, then with weights that fade."""
    weight = 1 / min(chart.count + 1, MEMORY)
    off = value - chart.mean
    variance = (1 - weight) * (chart.variance + weight * off * off)
    return DriftChart(chart.signal, chart.count + 1, chart.mean + weight * off, variance, high, low)


def _summed(run: DriftRun, step: float, value: float, now: int) -> DriftRun:
    reached = run.sum + step - SLACK
    if reached <= 0:
        return _NOTHING
    return DriftRun(reached, run.count + 1, run.total + value, run.since if run.count else now)
