"""The verdict of several labels by majority, and whether they agree enough to stand.

Each choice and each span is a question of its own. A value, or the absence of one, wins with more than half of
the people. A span wins with more than half; it loses when more than half set nothing that overlaps it, or when
a winning span overlaps it; anything between is contested. Of what is contested, the strictly most frequent
answer is the plurality; a tie stays open.

Pure, and independent of the order of the labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from schemas.records import Contribution, SupportedChoice, SupportedSpan, VerdictStatus
from streams.decide.matching import Cluster, match

METHOD = "majority/1"
"""What `Verdict.method` says; the number rises when the rules above change."""


class Standing(IntEnum):
    """How well a question is answered."""

    OPEN = 0
    PLURALITY = 1
    MAJORITY = 2


_STATUS = {
    Standing.MAJORITY: VerdictStatus.AGREED,
    Standing.PLURALITY: VerdictStatus.PLURALITY,
    Standing.OPEN: VerdictStatus.UNRESOLVED,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question and how many stand behind it; both empty for a question left open."""

    standing: Standing
    support: int
    span: SupportedSpan | None = None
    choice: SupportedChoice | None = None


@dataclass(frozen=True, slots=True)
class Majority:
    """What the labels amount to. `status` is that of the worst answered question.

    `confidence` is the mean share of people behind each answer, 0 for an open one, 1 where nothing was asked.
    """

    status: VerdictStatus
    confidence: float
    spans: tuple[SupportedSpan, ...]
    choices: tuple[SupportedChoice, ...]

    @property
    def agreed(self) -> bool:
        """Whether every question has its majority."""
        return self.status is VerdictStatus.AGREED


def majority(contributions: Sequence[Contribution]) -> Majority:
    """The verdict of at least one contribution, one a person."""
    people = len(contributions)
    if people == 0:
        raise ValueError("no labels, no verdict")
    answers = [*_choices(contributions), *_spans(match(contributions), people)]
    support = sum(answer.support for answer in answers)
    return Majority(
        _STATUS[min((answer.standing for answer in answers), default=Standing.MAJORITY)],
        support / (people * len(answers)) if answers else 1.0,
        tuple(answer.span for answer in answers if answer.span),
        tuple(answer.choice for answer in answers if answer.choice),
    )


def _choices(contributions: Sequence[Contribution]) -> list[Answer]:
    names = sorted({name for contribution in contributions for name in contribution.choices})
    return [_choice(name, Counter(it.choices.get(name, "") for it in contributions)) for name in names]


def _choice(name: str, counts: Counter[str]) -> Answer:
    most = max(counts.values())
    first = [value for value, count in counts.items() if count == most]
    if len(first) > 1:
        return Answer(Standing.OPEN, 0, choice=SupportedChoice(name, "", 0))
    standing = Standing.MAJORITY if 2 * most > counts.total() else Standing.PLURALITY
    return Answer(standing, most, choice=SupportedChoice(name, first[0], most))


def _spans(clusters: Sequence[Cluster], people: int) -> list[Answer]:
    winners = [cluster for cluster in clusters if 2 * len(cluster.persons) > people]
    losers = [cluster for cluster in clusters if 2 * len(cluster.persons) <= people]
    won = [Answer(Standing.MAJORITY, len(winner.persons), span=_span(winner)) for winner in winners]
    return sorted(
        won + [_loser(loser, winners, losers, people) for loser in losers],
        key=lambda answer: _place(answer.span),
    )


def _loser(cluster: Cluster, winners: Sequence[Cluster], losers: Sequence[Cluster], people: int) -> Answer:
    support = len(cluster.persons)
    if any(cluster.overlaps(winner) for winner in winners):
        return Answer(Standing.MAJORITY, people - support)
    here = [other for other in losers if cluster.overlaps(other)]
    absent = people - len(frozenset().union(*(other.persons for other in here)))
    if 2 * absent > people:
        return Answer(Standing.MAJORITY, absent)
    rivals = [absent, *(len(other.persons) for other in here if other is not cluster)]
    if support > max(rivals):
        return Answer(Standing.PLURALITY, support, span=_span(cluster))
    best = max(support, *rivals)
    if [support, *rivals].count(best) == 1:
        return Answer(Standing.PLURALITY, people - support)
    return Answer(Standing.OPEN, 0)


def _span(cluster: Cluster) -> SupportedSpan:
    return SupportedSpan(cluster.field, cluster.start, cluster.end, cluster.label, len(cluster.persons))


def _place(span: SupportedSpan | None) -> tuple[str, int, int, str]:
    return (span.field, span.start, span.end, span.label) if span else ("", 0, 0, "")
