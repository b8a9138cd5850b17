"""What one task tells of each of its annotators: numbers that compare them with the others on the same task.

Against the others, not against the past alone: where texts get longer or harder, they do so for everybody. Each
number is a person's own less the mean of the others':

| signal | of one answer | needs |
|---|---|---|
| `time` | logarithm of the time from lease to submit, in seconds | two labels |
| `time_alone` | the same, but less the logarithm of what the task's size lets expect | one label only |
| `agreement` | share of their answers that the verdict holds, from 0 to 1 | two labels and a verdict |
| `skip` | 1 for a skip, else 0 | two answers |
| `label/<name>` | 1 where they set that label, else 0; of tasks where anybody did | two labels |
| `choice/<name>=<value>` | 1 where they chose that value, else 0; of tasks where anybody did | two labels |

A report counts for nothing, in no signal: nobody is to think twice before they report. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from schemas.records import Contribution, LabelSpan, VerdictStatus
from streams.decide.outcome import Outcome
from streams.decide.span_f1 import overlap_f1

TIME, TIME_ALONE, AGREEMENT, SKIP = "time", "time_alone", "agreement", "skip"
LABEL, CHOICE = "label/", "choice/"
_SHORTEST_S = 0.1
"""Nobody reads and answers in less; a clock that was set back gives no logarithm of less than nothing."""
_BEGINNING_S = 5.0
"""Of a task without a character: to look, and to press the key that submits."""
_READ_PER_S = 15.0
"""Characters: 250 words a minute, as people read."""

Signals = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Answered:
    """A task that is over, as its annotators answered it: adjudicators and who reported are not among them.

    `durations` in milliseconds by person; `size` in code points of all fields; `outcome` None without a verdict.
    """

    labels: Sequence[Contribution]
    skipped: Collection[str]
    durations: Mapping[str, int]
    size: int
    outcome: Outcome | None


def least(signal: str) -> float:
    """The smallest standard deviation to reckon with: people who always agree differ once in a while."""
    return 0.2 if signal in (TIME, TIME_ALONE) else 0.1


def compared(task: Answered) -> Mapping[str, Signals]:
    """The signals of each person who answered; nobody where there is nothing to compare."""
    found: dict[str, dict[str, float]] = {}
    for signal, values in _measures(task):
        for person, value in values.items():
            found.setdefault(person, {})[signal] = value
    return found


def _measures(task: Answered) -> Iterable[tuple[str, Mapping[str, float]]]:
    persons = [it.person for it in task.labels]
    yield SKIP, _against({**dict.fromkeys(persons, 0.0), **dict.fromkeys(task.skipped, 1.0)})
    times = {person: _log_seconds(task.durations[person]) for person in persons if person in task.durations}
    yield TIME, _against(times)
    if len(persons) == 1:
        expected = log(_BEGINNING_S + task.size / _READ_PER_S)
        yield TIME_ALONE, {person: time - expected for person, time in times.items()}
        return
    if task.outcome is not None and task.outcome.status is not VerdictStatus.UNRESOLVED:
        yield AGREEMENT, _against({it.person: held(it, task.outcome) for it in task.labels})
    for kind, users in _kinds(task.labels):
        yield kind, _against({it.person: float(it.person in users) for it in task.labels})


def held(person: Contribution, outcome: Outcome) -> float:
    """The share of a person's answers that the verdict holds: the mean of spans (F1 by overlap) and choices."""
    spans = [LabelSpan(it.field, it.start, it.end, it.label) for it in outcome.spans]
    shares = [overlap_f1(person.spans, spans)] if spans or person.spans else []
    shares += [float(person.choices.get(it.name, "") == it.value) for it in outcome.choices]
    return sum(shares) / len(shares) if shares else 1.0


def _kinds(labels: Sequence[Contribution]) -> list[tuple[str, set[str]]]:
    """Each label and each value that anybody used, and who did."""
    users: dict[str, set[str]] = {}
    for it in labels:
        used = [LABEL + span.label for span in it.spans]
        used += [f"{CHOICE}{name}={value}" for name, value in it.choices.items()]
        for kind in used:
            users.setdefault(kind, set()).add(it.person)
    return sorted(users.items())


def _against(values: Mapping[str, float]) -> dict[str, float]:
    """Each person's value less the mean of the others'."""
    others = len(values) - 1
    if others < 1:
        return {}
    total = sum(values.values())
    return {person: value - (total - value) / others for person, value in values.items()}


def _log_seconds(milliseconds: int) -> float:
    return log(max(_SHORTEST_S, milliseconds / 1000))
