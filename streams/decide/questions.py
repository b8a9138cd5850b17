"""What people were asked, in the form in which their errors can be counted: kinds of questions and answers.

A choice is a question of its own kind, its values are the answers. A span that somebody set is one of its label's
kind: is it one (`SET`) or not (`NOT`)? So a person has one rate for overlooking names and another for products.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from schemas.gold import CHOICE_QUESTION, NOT, SET, SPAN_QUESTION
from schemas.records import Contribution
from streams.decide.matching import Cluster
from streams.decide.reviewers import Learned

SPAN_ANSWERS = (SET, NOT)


def choice_kind(name: str) -> str:
    """The kind of a choice."""
    return f"{CHOICE_QUESTION}{name}"


def span_kind(label: str) -> str:
    """The kind of the question whether something is a span of this label."""
    return f"{SPAN_QUESTION}{label}"


def is_span(kind: str) -> bool:
    """Whether a kind of question is that of a label."""
    return kind.startswith(SPAN_QUESTION)


def choice_names(people: Sequence[Contribution]) -> list[str]:
    """The choices that anybody made, in order."""
    return sorted({name for person in people for name in person.choices})


def choice_answers(name: str, people: Sequence[Contribution]) -> dict[str, str]:
    """What each person chose; empty for nothing."""
    return {person.person: person.choices.get(name, "") for person in people}


def span_answers(cluster: Cluster, people: Sequence[Contribution]) -> dict[str, str]:
    """Whether each person set the span."""
    return {it.person: SET if it.person in cluster.persons else NOT for it in people}


def silences(kinds: Iterable[str], asked: Iterable[Learned], people: Sequence[Contribution]) -> list[Learned]:
    """Of each label among the kinds that nobody set in this task: that nothing was there, and nobody said so.

    Without them only spans that somebody set would be counted, people would seem to see things that are not there
    far more often than they do, and one person's mark would count for more the longer it went on.
    """
    heard = {question.kind for question in asked}
    nobody = {it.person: NOT for it in people}
    return [Learned(kind, {NOT: 1.0}, nobody) for kind in sorted(kinds) if is_span(kind) and kind not in heard]


def by_label(clusters: Sequence[Cluster]) -> Iterator[tuple[str, list[Cluster]]]:
    """The spans of each label, in order of label."""
    for label in sorted({cluster.label for cluster in clusters}):
        yield label, [cluster for cluster in clusters if cluster.label == label]
