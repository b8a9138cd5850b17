"""What is known of people from the verdicts so far: how often, where one thing was true, they answered another.

Pure. A snapshot has a version, which every verdict cites that rests on it; learning gives the next one. Counts of
a kind never exceed `MEMORY`: above it all are scaled down together, so that what somebody did long ago fades.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from streams.decide.dawid_skene import Chances, Prior

K = TypeVar("K", bound=Hashable)

MEMORY = 500.0
"""Questions of one kind that count for a person, and for how common an answer is: some weeks of one label."""
FADED = 0.01
"""A count below this is dropped when counts are scaled: the state stays small when labels change."""
BELIEF = 4.0
"""Before anything is known, the average person counts as having been right so often, and wrong once: 80 %."""
STRANGER = 5.0
"""A person nobody knows counts as so many answers of the average person. Trusting strangers by a fixed rate
instead went wrong where a label is rare: 89 % right in place of 92 %, with one of ten people new every 20 tasks
(simulated, 2026-11-26).
"""

Answers = Mapping[tuple[str, str], float]
"""Counts by (truth, answer)."""


@dataclass(frozen=True, slots=True)
class Learned:
    """One question of a decided task: its kind, the chances of what is true, and who answered what."""

    kind: str
    truth: Chances
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts by kind of question: of truths, and of answers by truth, everyone's together and each person's."""

    version: int = 1
    truths: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    everyone: Mapping[str, Answers] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, Answers]] = field(default_factory=dict)

    def classes(self, kind: str) -> set[str]:
        """Every answer that was ever true."""
        return set(self.truths.get(kind, ()))

    def prior(self, kind: str, classes: Sequence[str], people: Iterable[str]) -> Prior:
        """What to begin with for questions of this kind: what is known of each, and of the average person."""
        truths, average = self.truths.get(kind, {}), _average(self.everyone.get(kind, {}), classes)
        known = {person: self.people.get(person, {}).get(kind, {}) for person in people}
        return Prior(
            {one: 1.0 + truths.get(one, 0.0) for one in classes},
            {person: _added_up(average, counts) for person, counts in known.items()},
        )


def learned(snapshot: Snapshot, questions: Iterable[Learned]) -> Snapshot:
    """The next version, with the questions counted in."""
    truths, everyone, people = dict(snapshot.truths), dict(snapshot.everyone), dict(snapshot.people)
    for question in questions:
        kind = question.kind
        truths[kind] = _counted(truths.get(kind, {}), question.truth)
        for person, answer in question.answers.items():
            given = {(truth, answer): chance for truth, chance in question.truth.items()}
            kinds = people.get(person, {})
            people[person] = {**kinds, kind: _counted(kinds.get(kind, {}), given)}
            everyone[kind] = _counted(everyone.get(kind, {}), given)
    return Snapshot(snapshot.version + 1, truths, everyone, people)


def calibrated(snapshot: Snapshot, person: str, answers: Iterable[tuple[str, str, str]]) -> Snapshot:
    """The next version, with a person's answers to what is known for certain: (kind, truth, answer) of each.

    They count in full, where a verdict's count by how likely it is. How common an answer is stays as it was: what
    records are made up says nothing about that.
    """
    everyone, kinds = dict(snapshot.everyone), dict(snapshot.people.get(person, {}))
    for kind, truth, answer in answers:
        kinds[kind] = _counted(kinds.get(kind, {}), {(truth, answer): 1.0})
        everyone[kind] = _counted(everyone.get(kind, {}), {(truth, answer): 1.0})
    return Snapshot(snapshot.version + 1, snapshot.truths, everyone, {**snapshot.people, person: kinds})


def _counted(counts: Mapping[K, float], more: Mapping[K, float]) -> dict[K, float]:
    total = sum(counts.values()) + sum(more.values())
    scale = min(1.0, MEMORY / total) if total else 1.0
    counted = {key: count * scale for key, count in _added_up(counts, more).items()}
    return {key: count for key, count in counted.items() if count >= FADED}


def _added_up(counts: Mapping[K, float], more: Mapping[K, float]) -> dict[K, float]:
    return {key: counts.get(key, 0.0) + more.get(key, 0.0) for key in {**counts, **more}}


def _average(everyone: Answers, classes: Sequence[str]) -> dict[tuple[str, str], float]:
    """`STRANGER` answers to each truth, as everyone together gives them."""
    wrong = 1.0 / max(1, len(classes) - 1)
    average: dict[tuple[str, str], float] = {}
    for truth in classes:
        row = {one: everyone.get((truth, one), 0.0) + (BELIEF if truth == one else wrong) for one in classes}
        average |= {(truth, one): STRANGER * count / sum(row.values()) for one, count in row.items()}
    return average
