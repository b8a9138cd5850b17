"""What users plug in to look at labels as they come: a black box that gets them and gives signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.records import Label


@dataclass(frozen=True, slots=True)
class Signal:
    """Something about one label of those given. `name` is a word (`[a-z][a-z0-9_]*`, 40 at most), `value`
    finite.
    """

    label_id: str
    name: str
    value: float


class Evaluator(Protocol):
    """Made once without arguments, in a process of its own that holds no key and sees no text.

    May keep what it likes in memory; a restart forgets it. One call at a time. May raise: the labels then have
    no signal of it, which the audit says. It has `EvaluatorSettings.answer_s` for a call; when that is over its
    process is ended, and begun anew for a few times.
    """

    def evaluate(self, labels: Sequence[Label]) -> Sequence[Signal]:
        """What it has to say of these labels: outcome, times, spans, choices, field lengths, placeholder spans.

        In the order they came; not all of a task at once. Eight signals a label at most, each name once.
        """
        ...
