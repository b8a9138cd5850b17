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

from schemas.records import Contribution, SupportedChoice
from streams.decide.matching import Cluster, match, places
from streams.decide.outcome import Answer, Ground, Outcome, Standing, outcome, supported

METHOD = "majority/1"
"""What `Verdict.method` says; the number rises when the rules above change."""


def majority(contributions: Sequence[Contribution]) -> Outcome:
    """The verdict of at least one contribution, one a person."""
    people = len(contributions)
    if people == 0:
        raise ValueError("no labels, no verdict")
    spans = [answer for place in places(match(contributions)) for answer in _spans(place, people)]
    return outcome([*_choices(contributions), *spans])


def _choices(contributions: Sequence[Contribution]) -> list[Answer]:
    names = sorted({name for contribution in contributions for name in contribution.choices})
    return [_choice(name, Counter(it.choices.get(name, "") for it in contributions)) for name in names]


def _choice(name: str, counts: Counter[str]) -> Answer:
    most = max(counts.values())
    first = [value for value, count in counts.items() if count == most]
    if len(first) > 1:
        return Answer(Standing.OPEN, 0.0, holds=False, choice=SupportedChoice(name, "", 0, Ground.TIED.value))
    people = counts.total()
    standing, ground = Standing.PLURALITY, Ground.PLURALITY
    if 2 * most > people:
        standing, ground = Standing.SETTLED, Ground.MAJORITY
    choice = SupportedChoice(name, first[0], most, ground.value)
    return Answer(standing, most / people, holds=True, choice=choice)


def _spans(clusters: Sequence[Cluster], people: int) -> list[Answer]:
    """Of one place: nothing elsewhere overlaps these."""
    winners = [cluster for cluster in clusters if 2 * len(cluster.persons) > people]
    losers = [cluster for cluster in clusters if 2 * len(cluster.persons) <= people]
    return [
        *(_answer(it, Standing.SETTLED, len(it.persons) / people, Ground.MAJORITY) for it in winners),
        *(_loser(it, winners, losers, people) for it in losers),
    ]


def _loser(cluster: Cluster, winners: Sequence[Cluster], losers: Sequence[Cluster], people: int) -> Answer:
    support = len(cluster.persons)
    against = (people - support) / people
    if any(cluster.overlaps(winner) for winner in winners):
        return _answer(cluster, Standing.SETTLED, against, Ground.OVERLAPPED)
    here = [other for other in losers if cluster.overlaps(other)]
    absent = people - len(frozenset().union(*(other.persons for other in here)))
    if 2 * absent > people:
        return _answer(cluster, Standing.SETTLED, absent / people, Ground.OUTVOTED)
    rivals = [absent, *(len(other.persons) for other in here if other is not cluster)]
    if support > max(rivals):
        return _answer(cluster, Standing.PLURALITY, support / people, Ground.PLURALITY)
    best = max(support, *rivals)
    if [support, *rivals].count(best) == 1:
        return _answer(cluster, Standing.PLURALITY, against, Ground.OUTVOTED)
    return _answer(cluster, Standing.OPEN, 0.0, Ground.TIED)


def _answer(cluster: Cluster, standing: Standing, share: float, ground: Ground) -> Answer:
    holds = ground in {Ground.MAJORITY, Ground.PLURALITY}
    return Answer(standing, share, holds, span=supported(cluster, ground))
