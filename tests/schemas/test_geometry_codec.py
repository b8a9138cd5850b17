from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Undecodable
from schemas.geometry import FieldGeometry, Span
from schemas.geometry_codec import Geometry, decode_geometry, encode_geometry
from schemas.records import FieldDigest, RawReference

NAMES = st.text(st.characters(codec="utf-8"), max_size=8)


@st.composite
def fields(draw: st.DrawFn) -> FieldGeometry:
    name, raw, redacted, spans = draw(NAMES), 0, 0, []
    for _ in range(draw(st.integers(0, 4))):
        start, redacted_start = raw + draw(st.integers(0, 5)), redacted + draw(st.integers(0, 5))
        raw, redacted = start + draw(st.integers(0, 5)), redacted_start + draw(st.integers(0, 5))
        spans.append(Span(name, start, raw, redacted_start, redacted, "PERSON", draw(NAMES), "mask"))
    return FieldGeometry(name, raw + draw(st.integers(0, 5)), redacted + draw(st.integers(0, 5)), tuple(spans))


GEOMETRIES = st.builds(
    Geometry,
    st.builds(RawReference, NAMES, st.integers(0, 99), st.integers(0, 2**62), st.integers(1, 9)),
    st.lists(fields(), max_size=3).map(tuple),
    st.lists(st.builds(FieldDigest, NAMES, st.integers(0, 99), st.binary(max_size=32)), max_size=3).map(tuple),
)


@given(GEOMETRIES)
def test_a_geometry_survives_its_bytes(geometry) -> None:
    assert decode_geometry(encode_geometry(geometry)) == geometry


@given(st.binary(max_size=200))
def test_foreign_bytes_are_undecodable(data) -> None:
    with pytest.raises(Undecodable):
        decode_geometry(data)


@given(GEOMETRIES, st.data())
def test_a_truncated_geometry_is_undecodable(geometry, data) -> None:
    encoded = encode_geometry(geometry)
    with pytest.raises(Undecodable):
        decode_geometry(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"raw": ["raw.demo", 0, -1, 1]},
        {"raw": ["raw.demo", 0, True, 1]},
        {"fields": [{"field": "text", "raw": 3, "redacted": 3, "spans": [[2, 9, 2, 3, "A", "", "mask"]]}]},
        {"fields": [{"field": "text", "raw": 9, "redacted": 9, "spans": [[4, 2, 2, 3, "A", "", "mask"]]}]},
        {"fields": [{"field": "text", "raw": 9, "redacted": 9, "spans": "none"}]},
        {"digests": [["text", 3, "zz"]]},
    ],
)
def test_another_shape_is_undecodable(change) -> None:
    content = json.loads(encode_geometry(Geometry(RawReference("raw.demo", 0, 1), ())))
    with pytest.raises(Undecodable):
        decode_geometry(json.dumps(content | change).encode())
