"""An evaluator as an example: who answers faster than anybody reads has not read.

It sees how long the fields are and how long the answer took. Placeholders are left out: a chip is read at a
glance.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.records import FieldShape, Label, LabelOutcome
from streams.decide.evaluators import Signal

FASTEST_PER_S = 50.0
"""Characters: 600 words a minute, twice and more what people read (Brysbaert, "How many words do we read per
minute?", Journal of Memory and Language 109, 2019: 238 silently, in English).
"""
LEAST = 100
"""Characters from which on time says something."""


class FasterThanReading:
    """Signals `faster_than_reading`: how many times faster than `FASTEST_PER_S` the text would have been read."""

    def evaluate(self, labels: Sequence[Label]) -> Sequence[Signal]:
        """One signal for each label given too fast; skips and reports need no reading to the end."""
        found = []
        for label in labels:
            speed = _speed(label)
            if label.outcome is LabelOutcome.LABEL and speed > 1:
                found.append(Signal(label.label_id, "faster_than_reading", round(speed, 3)))
        return found


def _speed(label: Label) -> float:
    characters = sum(_read(shape) for shape in label.fields)
    seconds = max(0.001, (label.submitted_at - label.leased_at) / 1000)
    return characters / seconds / FASTEST_PER_S if characters >= LEAST else 0.0


def _read(shape: FieldShape) -> int:
    return shape.length - sum(it.end - it.start for it in shape.placeholders)
