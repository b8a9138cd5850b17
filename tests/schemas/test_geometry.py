from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, Refused
from schemas.geometry import FieldGeometry, Projected, Span, project, reproject


def geometry_of(parts: list[tuple[bool, int, int]]) -> FieldGeometry:
    """Parts of (replaced, raw length, redacted length); kept text has its raw length on both sides."""
    raw = redacted = 0
    spans = []
    for replaced, raw_length, redacted_length in parts:
        width = redacted_length if replaced else raw_length
        if replaced:
            spans.append(Span("f", raw, raw + raw_length, redacted, redacted + width, "X", "r" * width, "mask"))
        raw += raw_length
        redacted += width
    return FieldGeometry("f", raw, redacted, tuple(spans))


parts = st.lists(st.tuples(st.booleans(), st.integers(1, 5), st.integers(0, 5)), min_size=1, max_size=8)

NAMED = geometry_of([(False, 3, 0), (True, 5, 10), (False, 4, 0)])  # "Hi Anna! bye" with a placeholder


@pytest.mark.parametrize(
    ("span", "raw"),
    [
        ((0, 3), Projected(0, 3, False)),
        ((3, 13), Projected(3, 8, False)),
        ((0, 17), Projected(0, 12, False)),
        ((4, 6), Projected(3, 8, True)),
        ((0, 5), Projected(0, 8, True)),
        ((12, 15), Projected(3, 10, True)),
        ((13, 17), Projected(8, 12, False)),
    ],
)
def test_span_in_redacted_text_finds_its_place_in_the_raw_text(span, raw):
    assert reproject(NAMED, *span) == raw


def test_dropped_text_belongs_to_a_span_only_from_both_sides():
    dropped = geometry_of([(False, 3, 0), (True, 4, 0), (False, 3, 0)])
    assert reproject(dropped, 0, 3) == Projected(0, 3, False)
    assert reproject(dropped, 3, 6) == Projected(7, 10, False)
    assert reproject(dropped, 2, 4) == Projected(2, 8, False)
    assert project(dropped, 3, 7) == Projected(3, 3, False)


@pytest.mark.parametrize("span", [(-1, 2), (2, 2), (3, 2), (0, 18), (17, 18)])
def test_span_out_of_range_is_refused(span):
    with pytest.raises(Refused) as error:
        reproject(NAMED, *span)
    assert error.value.reason is Reason.SPAN_OUT_OF_RANGE


@given(parts, st.data())
def test_there_and_back_covers_the_span(parts, data):
    geometry = geometry_of(parts)
    start = data.draw(st.integers(0, geometry.raw_length - 1))
    end = data.draw(st.integers(start + 1, geometry.raw_length))
    there = project(geometry, start, end)
    if there.start == there.end:
        return
    back = reproject(geometry, there.start, there.end)
    dropped = [span for span in geometry.spans if span.redacted_start == span.redacted_end]
    if not dropped:
        assert back.start <= start < end <= back.end
        assert (back.start, back.end) == (start, end) or there.snapped


@given(parts, st.data())
def test_unsnapped_redacted_span_keeps_its_kept_text(parts, data):
    geometry = geometry_of(parts)
    if geometry.redacted_length == 0:
        return
    start = data.draw(st.integers(0, geometry.redacted_length - 1))
    end = data.draw(st.integers(start + 1, geometry.redacted_length))
    raw = reproject(geometry, start, end)
    assert 0 <= raw.start < raw.end <= geometry.raw_length
    inside = [span for span in geometry.spans if raw.start <= span.start and span.end <= raw.end]
    shrunk = sum((span.end - span.start) - (span.redacted_end - span.redacted_start) for span in inside)
    if not raw.snapped:
        assert raw.end - raw.start - shrunk == end - start
