"""A decision in the words of its audit event: who, how, with which confidence, and why. Never a value.

Spans are named by the place of their field among the task's fields, not by its path: a path can hold a name.
Labels and choices are words of the policy's label schema. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.records import Contribution, FieldShape, SupportedChoice, SupportedSpan
from streams.decide.agreement import Agreement
from streams.decide.deciding import Decision

SHOWN = 20
"""Spans of each sort in an event; a record with a thousand has the others in its verdict."""


def explained(
    decision: Decision, contributions: Sequence[Contribution], fields: Sequence[FieldShape]
) -> dict[str, str]:
    """The details of `verdict.reached`. What does not apply is not there."""
    outcome, people = decision.outcome, len(contributions)
    details = {
        "method": decision.method,
        "status": outcome.status.value,
        "confidence": f"{outcome.confidence:.4f}",
        "why": decision.why.value,
        "persons": ",".join(it.person for it in contributions),
        "adjudicator": decision.adjudicator,
        "snapshot": str(decision.snapshot or ""),
        **agreed(decision.agreement),
        "choices": "; ".join(_choice(choice, people) for choice in outcome.choices),
        "spans": _spans(outcome.spans, people, fields),
        "rejected": _spans(outcome.rejected, people, fields),
    }
    return {name: text for name, text in details.items() if text}


def agreed(agreement: Agreement | None) -> Mapping[str, str]:
    """The agreement of a task and its parts."""
    if agreement is None:
        return {}
    parts = {
        "agreement": agreement.value,
        "agreement_spans": agreement.spans,
        "agreement_choices": agreement.choices,
        "f1_exact": agreement.exact_f1,
        "f1_overlap": agreement.overlap_f1,
    }
    return {name: f"{part:.4f}" for name, part in parts.items() if part is not None}


def _choice(choice: SupportedChoice, people: int) -> str:
    return f"{choice.name}={choice.value} {choice.support}/{people} {choice.reason}"


def _spans(spans: Sequence[SupportedSpan], people: int, fields: Sequence[FieldShape]) -> str:
    places = {shape.path: place for place, shape in enumerate(fields)}
    shown = [_span(span, people, places) for span in spans[:SHOWN]]
    if len(spans) > SHOWN:
        shown.append(f"{len(spans) - SHOWN} more")
    return "; ".join(shown)


def _span(span: SupportedSpan, people: int, places: Mapping[str, int]) -> str:
    where = f"{places[span.field]}:{span.start}-{span.end}"
    return f"{where} {span.label} {span.support}/{people} {span.reason} {span.merged}"
