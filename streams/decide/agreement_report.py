"""How far a project's people agree over all its verdicts: by question, and pair by pair. Pure.

Adjudicators are left out: they settle what others disagree on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from schemas.records import Contribution, Verdict
from streams.decide.agreement import agreement
from streams.decide.alpha import nominal_alpha
from streams.decide.kappa import cohen_kappa, fleiss_kappa
from streams.decide.span_f1 import exact_f1, overlap_f1

LEAST = 10
"""Below so many tasks a coefficient says more about chance than about people: it is left out."""
Values = Sequence[str]


@dataclass(frozen=True, slots=True)
class OfChoice:
    """One choice. `fleiss` is over the `fleiss_tasks` that have the most usual number of answers."""

    choice: str
    tasks: int
    alpha: float | None
    fleiss: float | None
    fleiss_tasks: int


@dataclass(frozen=True, slots=True)
class OfSpans:
    """Means over the tasks on which somebody marked something."""

    tasks: int
    alpha: float | None
    exact_f1: float | None
    overlap_f1: float | None


@dataclass(frozen=True, slots=True)
class OfPair:
    """Two people, over the tasks that both have labeled. `kappa` is the mean over the choices."""

    one: str
    other: str
    tasks: int
    kappa: float | None
    exact_f1: float | None
    overlap_f1: float | None


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Of all tasks that two people or more have labeled."""

    tasks: int
    choices: tuple[OfChoice, ...]
    spans: OfSpans
    pairs: tuple[OfPair, ...]


def report(verdicts: Sequence[Verdict]) -> AgreementReport:
    """The agreement behind these verdicts; coefficients over fewer than `LEAST` tasks are None."""
    tasks = [(verdict, people) for verdict in verdicts if len(people := _annotators(verdict)) > 1]
    answers = [people for _, people in tasks]
    return AgreementReport(len(tasks), tuple(_choices(answers)), _spans(tasks), tuple(_pairs(answers)))


def _annotators(verdict: Verdict) -> list[Contribution]:
    return [it for it in verdict.contributions if it.person != verdict.adjudicator]


def _choices(tasks: Sequence[Sequence[Contribution]]) -> Iterator[OfChoice]:
    units: dict[str, list[Values]] = defaultdict(list)
    for people in tasks:
        for choice in sorted({name for person in people for name in person.choices}):
            units[choice].append([person.choices[choice] for person in people if choice in person.choices])
    for choice, answers in sorted(units.items()):
        compared = [values for values in answers if len(values) > 1]  # one alone agrees and disagrees with nobody
        alike = _alike(compared)
        alpha = nominal_alpha(compared) if len(compared) >= LEAST else None
        fleiss = fleiss_kappa(alike) if len(alike) >= LEAST else None
        yield OfChoice(choice, len(compared), alpha, fleiss, len(alike))


def _alike(answers: Sequence[Values]) -> list[Values]:
    """Those with the most usual number of answers: Fleiss' kappa wants equally many."""
    sizes = Counter(map(len, answers))
    usual = max(sizes, key=lambda size: (sizes[size], size), default=0)
    return [values for values in answers if len(values) == usual] if usual else []


def _spans(tasks: Sequence[tuple[Verdict, list[Contribution]]]) -> OfSpans:
    found = [agreement(people, verdict.fields) for verdict, people in tasks]
    marked = [it for it in found if it is not None and it.spans is not None]
    return OfSpans(
        len(marked),
        _mean([it.spans for it in marked]),
        _mean([it.exact_f1 for it in marked]),
        _mean([it.overlap_f1 for it in marked]),
    )


def _pairs(tasks: Sequence[Sequence[Contribution]]) -> Iterator[OfPair]:
    together: dict[tuple[str, str], list[tuple[Contribution, Contribution]]] = defaultdict(list)
    for people in tasks:
        for one, other in combinations(sorted(people, key=lambda it: it.person), 2):
            together[one.person, other.person].append((one, other))
    for (one_name, other_name), shared in sorted(together.items()):
        marked = [(one.spans, other.spans) for one, other in shared if one.spans or other.spans]
        yield OfPair(
            one_name,
            other_name,
            len(shared),
            _kappa(shared),
            _mean([exact_f1(one, other) for one, other in marked]),
            _mean([overlap_f1(one, other) for one, other in marked]),
        )


def _kappa(shared: Sequence[tuple[Contribution, Contribution]]) -> float | None:
    names = sorted({name for pair in shared for person in pair for name in person.choices})
    kappas = []
    for name in names:
        both = [(one.choices[name], other.choices[name]) for one, other in shared if _have(name, one, other)]
        kappas.append(cohen_kappa(both) if len(both) >= LEAST else None)
    return _mean([kappa for kappa in kappas if kappa is not None], least=1)


def _have(name: str, one: Contribution, other: Contribution) -> bool:
    return name in one.choices and name in other.choices


def _mean(values: Sequence[float | None], least: int = LEAST) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) >= least else None
