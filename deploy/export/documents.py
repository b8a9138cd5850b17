"""A task's sanitized text with the verdict on it: what forms with a text are made of. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.export.rows import Row, choice_row, span_row
from schemas.hidden import Hidden
from schemas.records import SupportedSpan, Verdict


@dataclass(frozen=True, slots=True, repr=False)
class Document(Hidden):
    """A decided task. `texts` by field path; the verdict's spans are code points of these, end-exclusive."""

    verdict: Verdict
    texts: Mapping[str, str]

    @property
    def task_id(self) -> str:
        """Of the task."""
        return self.verdict.task_id

    def spans_of(self, path: str) -> list[SupportedSpan]:
        """The spans in a field, the earliest first."""
        found = (span for span in self.verdict.spans if span.field == path)
        return sorted(found, key=lambda span: (span.start, span.end, span.label))


class Tally(Counter[str]):
    """What became of the spans in a form that has tokens. All are told: none is left out in silence."""

    EXACT = "exact"
    """Begins and ends with a token."""
    WIDENED = "widened"
    """To the whole of the tokens it touches."""
    OVERLAPPING = "overlapping"
    """Not written as an entity: another that begins earlier, or as early and is longer, has some of its tokens."""
    NOWHERE = "nowhere"
    """Left out: it touches no token (it marks nothing but white space)."""


def document_row(document: Document) -> Row:
    """As JSON Lines and Parquet have it."""
    verdict = document.verdict
    return {
        "task_id": verdict.task_id,
        "fields": [{"field": path, "text": text} for path, text in document.texts.items()],
        "status": verdict.status.value,
        "confidence": verdict.confidence,
        "spans": [span_row(span) for span in verdict.spans],
        "choices": [choice_row(choice) for choice in verdict.choices],
        "policy": verdict.policy,
        "bundle": verdict.bundle,
        "decided_at": verdict.decided_at,
    }
