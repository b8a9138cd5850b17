"""A robot without errors, offline: what it would answer on the same sanitized texts, put back the same way.

It bounds what anyone can reach: what redaction hides, nobody can label.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from deploy.demo.phrases import LEXICON, TONE
from deploy.demo.publishing import payload_of
from deploy.demo.records import Input, customer_schema
from deploy.demo.scoring import Answered
from deploy.demo.summary import Example
from schemas.geometry import FieldGeometry, reproject
from schemas.hidden import RawRecord
from schemas.records import LabelSpan
from streams.label.answering import PERFECT, answer
from streams.label.commands import Result
from streams.label.forms import LeaseView, PlaceholderView, labels_view
from streams.redact.detect.detector import build_detector
from streams.redact.outcome import Outcome, Redacted
from streams.redact.parse import parse
from streams.redact.redactor import redact_many
from topology.policies import Policy
from topology.policies.model import LabelSchema
from vault.raw import Media


@dataclass(frozen=True, slots=True)
class Offline:
    """The redactor as the process has it, without Kafka and Vault."""

    policy: Policy
    outcomes: Sequence[Outcome]

    @classmethod
    def of(cls, policy: Policy, inputs: Sequence[Input]) -> Offline:
        """Redact all inputs. Takes some seconds: the detector is built for it."""
        detector = build_detector(policy)
        return cls(policy, redact_many([raw_record(one) for one in inputs], policy, detector))

    def perfect(self) -> list[Answered | None]:
        """What a robot without errors answers to each input, in raw coordinates; None where it sees no task."""
        return [_perfect(one, self.policy.labels) if isinstance(one, Redacted) else None for one in self.outcomes]


def raw_record(one: Input) -> RawRecord:
    """The record as redact reads it from what is published, tags of its schema included."""
    schema = json.loads(customer_schema()) if one.media is Media.AVRO else None
    return parse(payload_of(one), one.media.value, schema)


def view_of(redacted: Redacted, labels: LabelSchema) -> LeaseView:
    """The task as the API would show it."""
    return LeaseView(
        lease_id="offline",
        fencing_token=1,
        expires_at=0,
        task_id="offline",
        fields=dict(redacted.record.fields),
        placeholders={field.field: _placeholders(field) for field in redacted.geometry},
        labels=labels_view(labels),
    )


def _placeholders(field: FieldGeometry) -> list[PlaceholderView]:
    return [
        PlaceholderView(start=span.redacted_start, end=span.redacted_end, category=span.entity_type)
        for span in field.spans
        if span.redacted_end > span.redacted_start
    ]


def _perfect(redacted: Redacted, labels: LabelSchema) -> Answered:
    result = _answer(redacted, labels)
    spans = {LabelSpan(span.field, *_raw(redacted, span), span.label) for span in result.spans}
    return Answered(spans, result.choices[TONE.name])


def _answer(redacted: Redacted, labels: LabelSchema) -> Result:
    return answer(view_of(redacted, labels), LEXICON, (TONE,), PERFECT, Random(0))  # noqa: S311 - it makes no error


def _raw(redacted: Redacted, span: LabelSpan) -> tuple[int, int]:
    geometry = next(field for field in redacted.geometry if field.field == span.field)
    there = reproject(geometry, span.start, span.end)
    return there.start, there.end


def example_of(redacted: Redacted, raw: RawRecord, labels: LabelSchema, field: str) -> Example:
    """A record made for showing: as written, as shown, and the labels of one field on both sides."""
    written = flat(raw.fields)
    text = redacted.record.fields[field]
    labeled = tuple(
        (span.label, text[span.start : span.end], written[field][slice(*_raw(redacted, span))])
        for span in _answer(redacted, labels).spans
        if span.field == field
    )
    return Example(written, dict(redacted.record.fields), labeled)


def flat(fields: Mapping[str, object], above: str = "") -> dict[str, str]:
    """Texts by path."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        path = f"{above}{name}"
        found |= flat(value, f"{path}.") if isinstance(value, Mapping) else {path: str(value)}
    return found
