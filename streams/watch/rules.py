"""Rules of what looks wrong, as values, and what each measures. Pure.

A rule looks at what one subject did in a window that ends with each step in which it did something. It fires where
enough happened (`least`) and the measure is above its threshold. `streams/watch/rules.yaml` holds the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.alerts import Severity
from schemas.resources import Kind
from streams.watch.deeds import Deed, Deeds
from streams.watch.habits import Habit

ANSWERS = (Deed.LABEL, Deed.SKIP, Deed.REPORT)


class Measure(StrEnum):
    """What is measured. Add, never rename."""

    LABELS_A_MINUTE = "labels_a_minute"
    VIEWS_A_MINUTE = "views_a_minute"
    UNANSWERED_VIEWS = "unanswered_views"
    UNUSUAL_HOUR = "unusual_hour"
    SKIPPED_SHARE = "skipped_share"
    REPORTED_SHARE = "reported_share"
    DENIALS = "denials"
    DENIED_THINGS = "denied_things"
    RELEASED_TASKS = "released_tasks"
    COPY_ATTEMPTS = "copy_attempts"
    SUBJECTS_ASKED = "subjects_asked"
    HINTS = "hints"
    FORGED_ORDERS = "forged_orders"
    REFUSED_ORDERS = "refused_orders"
    STOLEN_LOGINS = "stolen_logins"
    LOST_RECORDS = "lost_records"
    LATE_READING = "late_reading"
    KEPT_TOO_LONG = "kept_too_long"


OF_RECORDS = frozenset({Measure.FORGED_ORDERS, Measure.REFUSED_ORDERS, Measure.LOST_RECORDS, Measure.LATE_READING})
"""What is measured of a place on a topic (`Kind.MESSAGE`), which is told once and for good."""
OF_PROCESSES = frozenset({Measure.STOLEN_LOGINS})
"""What is measured of a process (`Kind.SLOT`)."""
OF_PROJECTS = frozenset({Measure.KEPT_TOO_LONG})
"""What is measured of a project (`Kind.PROJECT`)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `of`: whose it is. `playbook`: the name of what to do about it."""

    name: str
    title: str
    why: str
    of: Kind
    measure: Measure
    window_ms: int
    least: int
    above: float
    severity: Severity
    playbook: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure's value, how much it rests on, by which events, and when the first of these happened, if any."""

    value: float
    base: int
    events: tuple[str, ...]
    first: int | None


@dataclass(frozen=True, slots=True)
class Looked:
    """What a measure looks at: deeds of a window of `minutes`, the habit of the subject, the hour of the week."""

    deeds: Deeds
    minutes: float
    habit: Habit
    hour: int


def fires(rule: Rule, measured: Measured) -> bool:
    """Whether a rule says that this looks wrong."""
    return measured.base >= rule.least and measured.value > rule.above


def measure(rule: Rule, looked: Looked) -> Measured:
    """What a rule measures."""
    return _MEASURES[rule.measure](looked)


def _measured(looked: Looked, deed: Deed, value: float, base: int) -> Measured:
    """What rests on events of a deed."""
    return Measured(value, base, tuple(looked.deeds.by(deed)), looked.deeds.firsts.get(deed))


def _labels_a_minute(looked: Looked) -> Measured:
    return _pace(looked, Deed.LABEL)


def _views_a_minute(looked: Looked) -> Measured:
    return _pace(looked, Deed.VIEW)


def _pace(looked: Looked, deed: Deed) -> Measured:
    count = looked.deeds.count(deed)
    return _measured(looked, deed, count / looked.minutes, count)


def _unanswered_views(looked: Looked) -> Measured:
    """Of the tasks viewed, how many got no answer: neither label nor skip nor report."""
    viewed = looked.deeds.distinct(Deed.VIEW)
    left = viewed - looked.deeds.distinct(*ANSWERS)
    return _measured(looked, Deed.VIEW, len(left) / max(1, len(viewed)), len(viewed))


def _unusual_hour(looked: Looked) -> Measured:
    """The share of the days they worked before on which they did not view anything at this time of day."""
    seen = looked.deeds.count(Deed.VIEW)
    value = looked.habit.share_of_days_without(looked.hour) if seen else 0.0
    return _measured(looked, Deed.VIEW, value, looked.habit.days)


def _skipped_share(looked: Looked) -> Measured:
    return _share(looked, Deed.SKIP)


def _reported_share(looked: Looked) -> Measured:
    return _share(looked, Deed.REPORT)


def _share(looked: Looked, deed: Deed) -> Measured:
    answers = looked.deeds.count(*ANSWERS)
    return _measured(looked, deed, looked.deeds.count(deed) / max(1, answers), answers)


def _denials(looked: Looked) -> Measured:
    return _count(looked, Deed.DENIAL)


def _denied_things(looked: Looked) -> Measured:
    count = len(looked.deeds.distinct(Deed.DENIAL))
    return _measured(looked, Deed.DENIAL, count, count)


def _released_tasks(looked: Looked) -> Measured:
    """Tasks that were looked at and given back."""
    both = looked.deeds.distinct(Deed.VIEW) & looked.deeds.distinct(Deed.RELEASE)
    return _measured(looked, Deed.RELEASE, len(both), len(both))


def _copy_attempts(looked: Looked) -> Measured:
    return _count(looked, Deed.COPY)


def _subjects_asked(looked: Looked) -> Measured:
    """About how many different subjects: asking again about one tells nothing new."""
    count = len(looked.deeds.distinct(Deed.QUESTION))
    return _measured(looked, Deed.QUESTION, count, count)


def _hints(looked: Looked) -> Measured:
    return _count(looked, Deed.HINT)


def _forged_orders(looked: Looked) -> Measured:
    return _count(looked, Deed.FORGERY)


def _refused_orders(looked: Looked) -> Measured:
    return _count(looked, Deed.REFUSAL)


def _stolen_logins(looked: Looked) -> Measured:
    return _count(looked, Deed.THEFT)


def _lost_records(looked: Looked) -> Measured:
    return _count(looked, Deed.LOSS)


def _late_reading(looked: Looked) -> Measured:
    return _count(looked, Deed.LAG)


def _kept_too_long(looked: Looked) -> Measured:
    return _count(looked, Deed.KEPT)


def _count(looked: Looked, deed: Deed) -> Measured:
    count = looked.deeds.count(deed)
    return _measured(looked, deed, count, count)


_MEASURES: Mapping[Measure, Callable[[Looked], Measured]] = {
    Measure.LABELS_A_MINUTE: _labels_a_minute,
    Measure.VIEWS_A_MINUTE: _views_a_minute,
    Measure.UNANSWERED_VIEWS: _unanswered_views,
    Measure.UNUSUAL_HOUR: _unusual_hour,
    Measure.SKIPPED_SHARE: _skipped_share,
    Measure.REPORTED_SHARE: _reported_share,
    Measure.DENIALS: _denials,
    Measure.DENIED_THINGS: _denied_things,
    Measure.RELEASED_TASKS: _released_tasks,
    Measure.COPY_ATTEMPTS: _copy_attempts,
    Measure.SUBJECTS_ASKED: _subjects_asked,
    Measure.HINTS: _hints,
    Measure.FORGED_ORDERS: _forged_orders,
    Measure.REFUSED_ORDERS: _refused_orders,
    Measure.STOLEN_LOGINS: _stolen_logins,
    Measure.LOST_RECORDS: _lost_records,
    Measure.LATE_READING: _late_reading,
    Measure.KEPT_TOO_LONG: _kept_too_long,
}
