"""What the labels of a task amount to, whichever way it was found: an answer to each question, and why.

Each choice is a question, and so is each span that somebody set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from schemas.records import SupportedChoice, SupportedSpan, VerdictStatus
from streams.decide.matching import Cluster


class Standing(IntEnum):
    """How well a question is answered."""

    OPEN = 0
    PLURALITY = 1
    SETTLED = 2


class Ground(StrEnum):
    """Why a span or a choice is in the verdict, or is not. Part of Verdict records: add, never rename."""

    MAJORITY = "majority"
    """More than half of the people hold it."""
    PLURALITY = "plurality"
    """Not half, but strictly more than any other answer."""
    OUTVOTED = "outvoted"
    """More than half set nothing that overlaps it, or another answer is strictly the most frequent."""
    OVERLAPPED = "overlapped"
    """A span that won overlaps it."""
    TIED = "tied"
    """Nothing is the most frequent answer."""
    LIKELY = "likely"
    """By what is known of the people, more likely right than wrong."""
    UNLIKELY = "unlikely"
    """By what is known of the people, more likely wrong than right."""
    UNDECIDED = "undecided"
    """By what is known of the people, as likely as not, or one of several that can't be told apart."""
    ADJUDICATED = "adjudicated"
    """The adjudicator's answer, which stands."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question. `share` is how much stands behind it: of the people, or of the probability.

    `span` is the span asked about; `holds` whether it is in the verdict. An open question has the share 0.
    """

    standing: Standing
    share: float
    holds: bool
    span: SupportedSpan | None = None
    choice: SupportedChoice | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All answers. `status` is that of the worst answered question.

    `confidence` is the mean share behind each answer, 0 for an open one, 1 where nothing was asked. `rejected` are
    spans that somebody set and that don't hold, each with its reason.
    """

    status: VerdictStatus
    confidence: float
    spans: tuple[SupportedSpan, ...]
    choices: tuple[SupportedChoice, ...]
    rejected: tuple[SupportedSpan, ...] = ()

    @property
    def agreed(self) -> bool:
        """Whether every question is settled."""
        return self.status is VerdictStatus.AGREED


_STATUS = {
    Standing.SETTLED: VerdictStatus.AGREED,
    Standing.PLURALITY: VerdictStatus.PLURALITY,
    Standing.OPEN: VerdictStatus.UNRESOLVED,
}


def outcome(answers: Sequence[Answer], status: VerdictStatus | None = None) -> Outcome:
    """The answers together, spans in order of place; `status` where it does not follow from the answers."""
    spans = sorted((it for it in answers if it.span), key=lambda it: _place(it.span))
    worst = min((it.standing for it in answers), default=Standing.SETTLED)
    return Outcome(
        status or _STATUS[worst],
        sum(it.share for it in answers) / len(answers) if answers else 1.0,
        tuple(it.span for it in spans if it.span and it.holds),
        tuple(it.choice for it in answers if it.choice),
        tuple(it.span for it in spans if it.span and not it.holds),
    )


def supported(cluster: Cluster, ground: Ground) -> SupportedSpan:
    """The cluster as a span of the record, and why it is there."""
    support = len(cluster.persons)
    return SupportedSpan(
        cluster.field, cluster.start, cluster.end, cluster.label, support, ground.value, cluster.merged.value
    )


def _place(span: SupportedSpan | None) -> tuple[str, int, int, str]:
    return (span.field, span.start, span.end, span.label) if span else ("", 0, 0, "")
