"""A verdict and the geometry of its task, as one joined label. Pure; sees coordinates, never a value.

Everything is checked before anything is moved: a label in the wrong place would be believed (fail closed).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.errors import Reason, Refused
from schemas.geometry import FieldGeometry, reproject
from schemas.geometry_codec import Geometry
from schemas.records import FieldShape, JoinedLabel, JoinedSpan, SupportedSpan, Verdict


def join(verdict: Verdict, geometry: Geometry, now: int) -> JoinedLabel:
    """The verdict in raw coordinates.

    Raises Refused: `stale_revision` (the verdict is about another revision of the record), `geometry_mismatch`
    (the text that was labeled isn't the text the geometry describes), `unknown_field`, `span_out_of_range`.
    """
    if verdict.revision != geometry.raw.revision:
        raise Refused(Reason.STALE_REVISION, "a verdict on another revision of its record")
    fields = {field.field: field for field in geometry.fields}
    _check_shapes(verdict.fields, fields)
    return JoinedLabel(
        task_id=verdict.task_id,
        raw=geometry.raw,
        segment_id=verdict.segment_id,
        bundle=verdict.bundle,
        policy=verdict.policy,
        status=verdict.status,
        confidence=verdict.confidence,
        spans=_distinct(_moved(span, fields) for span in verdict.spans),
        choices=verdict.choices,
        digests=geometry.digests,
        joined_at=now,
    )


def _check_shapes(shapes: Iterable[FieldShape], fields: Mapping[str, FieldGeometry]) -> None:
    for shape in shapes:
        field = fields.get(shape.path)
        if field is None or field.redacted_length != shape.length:
            raise Refused(Reason.GEOMETRY_MISMATCH, "a labeled field is not as long as its geometry says")
        known = {(span.redacted_start, span.redacted_end) for span in field.spans}
        if not known.issuperset((it.start, it.end) for it in shape.placeholders):
            raise Refused(Reason.GEOMETRY_MISMATCH, "a placeholder stands where the geometry has none")


def _moved(span: SupportedSpan, fields: Mapping[str, FieldGeometry]) -> JoinedSpan:
    field = fields.get(span.field)
    if field is None:
        raise Refused(Reason.UNKNOWN_FIELD, "a span in a field that the geometry does not have")
    there = reproject(field, span.start, span.end)
    if not 0 <= there.start < there.end <= field.raw_length:
        raise Refused(Reason.GEOMETRY_MISMATCH, "a span that covers nothing of the raw field")
    return JoinedSpan(span.field, there.start, there.end, span.label, span.support, there.snapped)


def _distinct(spans: Iterable[JoinedSpan]) -> tuple[JoinedSpan, ...]:
    """Two spans that cut the same placeholder end as one: the better supported, and one not snapped, stands."""
    best: dict[tuple[str, int, int, str], JoinedSpan] = {}
    for span in sorted(spans, key=lambda it: (it.field, it.start, it.end, it.label, -it.support, it.snapped)):
        best.setdefault((span.field, span.start, span.end, span.label), span)
    return tuple(best.values())
