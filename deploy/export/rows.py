"""What an export says of a task, as plain values: one row each, the same in JSON Lines and in Parquet. Pure."""

from __future__ import annotations

from typing import Any

from schemas.records import FieldDigest, JoinedLabel, JoinedSpan, RawReference, SupportedChoice, SupportedSpan

Row = dict[str, Any]


def joined_row(label: JoinedLabel) -> Row:
    """A joined label: spans in code points of the raw field, end-exclusive; digests in hexadecimal."""
    return {
        "task_id": label.task_id,
        "raw": _raw(label.raw),
        "status": label.status.value,
        "confidence": label.confidence,
        "spans": [span_row(span) | {"snapped": span.snapped} for span in label.spans],
        "choices": [choice_row(choice) for choice in label.choices],
        "digests": [_digest(digest) for digest in label.digests],
        "policy": label.policy,
        "bundle": label.bundle,
        "joined_at": label.joined_at,
    }


def _raw(raw: RawReference) -> Row:
    return {"topic": raw.topic, "partition": raw.partition, "offset": raw.offset, "revision": raw.revision}


def span_row(span: JoinedSpan | SupportedSpan) -> Row:
    """What the spans of both sides have in common."""
    return {
        "field": span.field,
        "start": span.start,
        "end": span.end,
        "label": span.label,
        "support": span.support,
    }


def choice_row(choice: SupportedChoice) -> Row:
    """A choice of the verdict; `value` is empty where nothing won."""
    return {"name": choice.name, "value": choice.value, "support": choice.support}


def _digest(digest: FieldDigest) -> Row:
    return {"field": digest.field, "length": digest.length, "digest": digest.digest.hex()}
