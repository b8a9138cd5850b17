"""The plaintext of one task's entry in a geometry document: where its record came from and how its fields moved.

Redact writes it, join reads it; nobody else can open it. Canonical JSON (RFC 8259, keys sorted, no spaces), so
that the same geometry gives the same bytes. Holds no value: a replacement is what an annotator sees.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from schemas.errors import Reason, Undecodable
from schemas.geometry import FieldGeometry, Span
from schemas.records import FieldDigest, RawReference

VERSION = 1

Json = str | int | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Geometry:
    """What joining needs of one task. `fields` and `digests` name sanitized fields only, no denied one."""

    raw: RawReference
    fields: tuple[FieldGeometry, ...]
    digests: tuple[FieldDigest, ...] = ()


def encode_geometry(geometry: Geometry) -> bytes:
    """The geometry in bytes; about 60 bytes a span."""
    raw = geometry.raw
    content: Json = {
        "version": VERSION,
        "raw": [raw.topic, raw.partition, raw.offset, raw.revision],
        "fields": [_field_json(field) for field in geometry.fields],
        "digests": [[digest.field, digest.length, digest.digest.hex()] for digest in geometry.digests],
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode_geometry(data: bytes) -> Geometry:
    """The geometry in `data`.

    Raises Undecodable for anything else: no JSON, another version, another shape, spans out of order or range.
    """
    try:
        content = json.loads(data)
        if content["version"] != VERSION:
            raise Undecodable(Reason.UNDECODABLE, "a geometry of another version")
        return Geometry(
            _raw_of(content["raw"]),
            tuple(_field_of(item) for item in content["fields"]),
            tuple(_digest_of(item) for item in content["digests"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        # `from None`: these exceptions can quote what they choked on.
        raise Undecodable(Reason.UNDECODABLE, "no geometry: its bytes do not have the shape of one") from None


def _field_json(field: FieldGeometry) -> Json:
    spans: list[Json] = [_span_json(span) for span in field.spans]
    return {"field": field.field, "raw": field.raw_length, "redacted": field.redacted_length, "spans": spans}


def _span_json(span: Span) -> Json:
    return [
        span.start,
        span.end,
        span.redacted_start,
        span.redacted_end,
        span.entity_type,
        span.replacement,
        span.action,
    ]


def _raw_of(item: list[object]) -> RawReference:
    topic, partition, offset, revision = item
    return RawReference(_text(topic), _count(partition), _count(offset), _count(revision))


def _field_of(item: dict[str, object]) -> FieldGeometry:
    name, spans = _text(item["field"]), item["spans"]
    if not isinstance(spans, list):
        raise TypeError("spans")
    found = tuple(_span_of(name, span) for span in spans)
    field = FieldGeometry(name, _count(item["raw"]), _count(item["redacted"]), found)
    _check_order(field)
    return field


def _span_of(field: str, item: list[object]) -> Span:
    start, end, redacted_start, redacted_end, entity_type, replacement, action = item
    return Span(
        field,
        _count(start),
        _count(end),
        _count(redacted_start),
        _count(redacted_end),
        _text(entity_type),
        _text(replacement),
        _text(action),
    )


def _digest_of(item: list[object]) -> FieldDigest:
    field, length, digest = item
    return FieldDigest(_text(field), _count(length), bytes.fromhex(_text(digest)))


def _check_order(field: FieldGeometry) -> None:
    raw, redacted = 0, 0
    for span in field.spans:
        if not (raw <= span.start <= span.end and redacted <= span.redacted_start <= span.redacted_end):
            raise ValueError("order")
        raw, redacted = span.end, span.redacted_end
    if raw > field.raw_length or redacted > field.redacted_length:
        raise ValueError("range")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("count")
    return value
