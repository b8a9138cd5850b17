"""The verdict of an adjudicator: someone of another role, who labeled the task without knowing any answer.

Theirs stands. Support, and with it confidence, still counts everybody, so that a verdict shows how alone its
adjudicator is. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.gold import NOT, SET
from schemas.records import Contribution, LabelSpan, SupportedChoice, VerdictStatus
from streams.decide.dawid_skene import Chances
from streams.decide.matching import Cluster, Merged, match, same
from streams.decide.outcome import Answer, Ground, Outcome, Standing, outcome, supported
from streams.decide.questions import (
    choice_answers,
    choice_kind,
    choice_names,
    span_answers,
    span_kind,
)
from streams.decide.reviewers import Learned

METHOD = "adjudicated/1"
"""What `Verdict.method` says; the number rises when the rules change."""


def adjudicate(annotators: Sequence[Contribution], adjudicator: Contribution) -> Outcome:
    """The adjudicator's answers, each with those who gave it too; what only others set is rejected."""
    everyone = [*annotators, adjudicator]
    theirs = _clusters(annotators, adjudicator)
    answers = [_choice(name, everyone, adjudicator) for name in choice_names(everyone)]
    answers += [_span(cluster, len(everyone), holds=True) for cluster in theirs]
    answers += [_span(cluster, len(everyone), holds=False) for cluster in _others(annotators, theirs)]
    return outcome(answers, VerdictStatus.ADJUDICATED)


def lessons(annotators: Sequence[Contribution], adjudicator: Contribution) -> tuple[Learned, ...]:
    """What is learned about the annotators: what the adjudicator says is true."""
    choices = [
        Learned(choice_kind(name), _certain(adjudicator.choices.get(name, "")), choice_answers(name, annotators))
        for name in choice_names([*annotators, adjudicator])
    ]
    theirs = _clusters(annotators, adjudicator)
    spans = [
        Learned(span_kind(it.label), _certain(answer), span_answers(it, annotators))
        for answer, clusters in ((SET, theirs), (NOT, _others(annotators, theirs)))
        for it in clusters
    ]
    return (*choices, *spans)


def _certain(answer: str) -> Chances:
    return {answer: 1.0}


def _clusters(annotators: Sequence[Contribution], adjudicator: Contribution) -> list[Cluster]:
    """The adjudicator's spans, each with everyone who set it or one near it."""
    return [_cluster(span, annotators, adjudicator.person) for span in dict.fromkeys(adjudicator.spans)]


def _cluster(span: LabelSpan, annotators: Sequence[Contribution], adjudicator: str) -> Cluster:
    near = {it.person: [other for other in it.spans if _alike(span, other)] for it in annotators}
    exact = all(other == span for others in near.values() for other in others)
    persons = frozenset({adjudicator, *(person for person, others in near.items() if others)})
    merged = Merged.EXACT if exact else Merged.ANCHORED
    return Cluster(span.field, span.start, span.end, span.label, persons, merged)


def _others(annotators: Sequence[Contribution], theirs: Sequence[Cluster]) -> list[Cluster]:
    """What only annotators set."""
    return [it for it in match(annotators) if not any(_alike(it, one) for one in theirs)]


def _alike(one: LabelSpan | Cluster, other: LabelSpan | Cluster) -> bool:
    if (one.field, one.label) != (other.field, other.label):
        return False
    return same((one.start, one.end), (other.start, other.end))


def _choice(name: str, everyone: Sequence[Contribution], adjudicator: Contribution) -> Answer:
    value = adjudicator.choices.get(name, "")
    support = sum(person.choices.get(name, "") == value for person in everyone)
    choice = SupportedChoice(name, value, support, Ground.ADJUDICATED.value)
    return Answer(Standing.SETTLED, support / len(everyone), holds=True, choice=choice)


def _span(cluster: Cluster, people: int, *, holds: bool) -> Answer:
    behind = len(cluster.persons) if holds else people - len(cluster.persons)
    return Answer(Standing.SETTLED, behind / people, holds, span=supported(cluster, Ground.ADJUDICATED))
