"""The verdict of several labels by Dawid and Skene: each answer weighs by how its person has answered so far.

Rates come from a snapshot of the reviewers, and the questions of the task itself are counted in (`dawid_skene`),
one kind of question at a time. Only what somebody answered can be the verdict. An answer with a probability of
`SURE` is settled, one above a half is the plurality. A span that is unlikely is no span; where several that
overlap are each unlikely, but half of the people set something there, the question stays open. With people nobody
knows this is close to a majority.

Pure, and independent of the order of the labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.gold import SET
from schemas.records import Contribution, SupportedChoice
from streams.decide.dawid_skene import Chances, estimate
from streams.decide.matching import Cluster, match, places
from streams.decide.outcome import Answer, Ground, Outcome, Standing, outcome, supported
from streams.decide.questions import (
    SPAN_ANSWERS,
    by_label,
    choice_answers,
    choice_kind,
    choice_names,
    span_answers,
    span_kind,
)
from streams.decide.reviewers import Learned, Snapshot

METHOD = "dawid-skene/1"
"""What `Verdict.method` says; the number rises when the rules change, those of `reviewers` included."""
SURE = 0.75
"""Probability from which an answer is settled. Two of three whom nobody knows reach 0.8."""
ROUNDS = 20
"""Of EM, at most: a task's few questions settle in less. Five people with a thousand spans each, no two alike,
take 0.8 s (2026-11-26); without this bound it was 6 s, in which all other tasks wait.
"""
_DIGITS = 9
"""Probabilities are compared to so many places: what differs beyond them is how a sum was rounded."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The outcome, and what is learned about people if it stands."""

    outcome: Outcome
    learned: tuple[Learned, ...]


def weigh(contributions: Sequence[Contribution], snapshot: Snapshot) -> Weighed:
    """The verdict of at least one contribution, one a person."""
    if not contributions:
        raise ValueError("no labels, no verdict")
    people = sorted(contributions, key=lambda it: it.person)
    choices = [_choice(name, people, snapshot) for name in choice_names(people)]
    clusters = match(people)
    chances, asked = _chances(clusters, people, snapshot)
    answers = [answer for answer, _ in choices]
    answers += [_span(it, place, chances, len(people)) for place in places(clusters) for it in place]
    return Weighed(outcome(answers), (*(it for _, it in choices), *asked))


def _choice(name: str, people: Sequence[Contribution], snapshot: Snapshot) -> tuple[Answer, Learned]:
    kind, answers = choice_kind(name), choice_answers(name, people)
    (chances,) = _weighed(kind, [answers], sorted({*answers.values(), *snapshot.classes(kind)}), snapshot)
    best = max(chances[value] for value in answers.values())
    first = [value for value in sorted(set(answers.values())) if chances[value] == best]
    if len(first) > 1:
        answer = Answer(Standing.OPEN, 0.0, holds=False, choice=SupportedChoice(name, "", 0, Ground.TIED.value))
    else:
        support = list(answers.values()).count(first[0])
        choice = SupportedChoice(name, first[0], support, Ground.LIKELY.value)
        answer = Answer(_standing(best), best, holds=True, choice=choice)
    return answer, Learned(kind, chances, answers)


def _chances(
    clusters: Sequence[Cluster], people: Sequence[Contribution], snapshot: Snapshot
) -> tuple[dict[Cluster, float], list[Learned]]:
    """How likely each cluster is a span."""
    likely: dict[Cluster, float] = {}
    asked: list[Learned] = []
    for label, group in by_label(clusters):
        answers = [span_answers(cluster, people) for cluster in group]
        found = _weighed(span_kind(label), answers, SPAN_ANSWERS, snapshot)
        for cluster, chances, given in zip(group, found, answers, strict=True):
            likely[cluster] = chances[SET]
            asked.append(Learned(span_kind(label), chances, given))
    return likely, asked


def _weighed(
    kind: str, items: Sequence[Mapping[str, str]], classes: Sequence[str], snapshot: Snapshot
) -> list[Chances]:
    prior = snapshot.prior(kind, classes, items[0])
    asked = [{person: (answer,) for person, answer in item.items()} for item in items]
    found = estimate(asked, classes, prior, ROUNDS)
    return [{one: round(chance, _DIGITS) for one, chance in chances.items()} for chances in found.items]


def _span(cluster: Cluster, place: Sequence[Cluster], chances: Mapping[Cluster, float], people: int) -> Answer:
    chance = chances[cluster]
    if chance > 1 / 2:
        return Answer(_standing(chance), chance, holds=True, span=supported(cluster, Ground.LIKELY))
    if any(chances[other] > 1 / 2 and cluster.overlaps(other) for other in place):
        return Answer(Standing.SETTLED, 1 - chance, holds=False, span=supported(cluster, Ground.OVERLAPPED))
    if chance < 1 / 2 and (len(place) == 1 or _mostly_empty(place, people)):
        return Answer(_standing(1 - chance), 1 - chance, holds=False, span=supported(cluster, Ground.UNLIKELY))
    return Answer(Standing.OPEN, 0.0, holds=False, span=supported(cluster, Ground.UNDECIDED))


def _mostly_empty(place: Sequence[Cluster], people: int) -> bool:
    """Whether more than half of the people set nothing there: then none of several that compete is missed."""
    return 2 * (people - len(frozenset().union(*(cluster.persons for cluster in place)))) > people


def _standing(chance: float) -> Standing:
    return Standing.SETTLED if chance >= SURE else Standing.PLURALITY
