"""How well labels agree with the truth: exact spans, micro-averaged over all records."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from schemas.records import LabelSpan


@dataclass(frozen=True, slots=True)
class Score:
    """Spans right, wrong and missed; choices right and asked."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    choices_right: int = 0
    choices: int = 0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there was nothing to find and nothing was found."""
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 1.0

    @property
    def choice_accuracy(self) -> float:
        """Share of choices that are right."""
        return self.choices_right / self.choices if self.choices else 1.0


def score(pairs: Iterable[tuple[Answered, Answered]]) -> Score:
    """The score of (answer, truth) pairs. A span counts when field, start, end and label are the same."""
    right = wrong = missed = choices_right = choices = 0
    for answer, truth in pairs:
        said, true = set(answer.spans), set(truth.spans)
        right += len(said & true)
        wrong += len(said - true)
        missed += len(true - said)
        choices += 1
        choices_right += answer.tone == truth.tone
    return Score(right, wrong, missed, choices_right, choices)


@dataclass(frozen=True, slots=True)
class Answered:
    """Spans in raw coordinates, and the tone; `Truth` has the same form."""

    spans: Collection[LabelSpan]
    tone: str
