from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Refused
from schemas.geometry import FieldGeometry
from schemas.records import FieldShape, JoinedSpan, PlaceholderSpan, SupportedChoice
from streams.join.joining import join
from tests.streams.join.making import DIGEST, GEOMETRY, SHAPE, span, verdict


def test_spans_beside_and_around_a_placeholder_move_to_raw_coordinates() -> None:
    joined = join(verdict(span(0, 2), span(3, 13), span(15, 18)), GEOMETRY, 9)
    assert [(it.start, it.end, it.snapped) for it in joined.spans] == [
        (0, 2, False),
        (3, 15, False),
        (17, 20, False),
    ]


def test_a_span_that_cuts_a_placeholder_snaps_to_the_whole_raw_span_and_is_marked() -> None:
    joined = join(verdict(span(5, 18)), GEOMETRY, 9)
    assert joined.spans == (JoinedSpan("text", 3, 20, "NAME", 2, snapped=True),)


def test_the_joined_label_names_where_it_came_from_and_keeps_choices_and_digests() -> None:
    choices = (SupportedChoice("tone", "calm", 3),)
    joined = join(verdict(choices=choices), GEOMETRY, 9)
    assert (joined.raw, joined.task_id, joined.segment_id) == (GEOMETRY.raw, "task-1", "redact.demo.0/1/0")
    assert (joined.choices, joined.digests, joined.joined_at) == (choices, (DIGEST,), 9)
    assert (joined.bundle, joined.policy, joined.confidence) == ("bundle", "policy", 0.75)


def test_two_spans_that_snap_to_one_stand_as_the_better_supported() -> None:
    joined = join(verdict(span(4, 6, support=1), span(7, 13, support=3)), GEOMETRY, 9)
    assert joined.spans == (JoinedSpan("text", 3, 15, "NAME", 3, snapped=True),)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"revision": 2}, "stale_revision"),
        ({"fields": (replace(SHAPE, length=19),)}, "geometry_mismatch"),
        ({"fields": (SHAPE, FieldShape("title", 3))}, "geometry_mismatch"),
        (
            {"fields": (replace(SHAPE, placeholders=(PlaceholderSpan(4, 13, "PERSON"),)),)},
            "geometry_mismatch",
        ),
        ({"spans": (span(0, 19),)}, "span_out_of_range"),
        ({"spans": (span(0, 2, field="title"),)}, "unknown_field"),
    ],
)
def test_a_verdict_that_does_not_fit_its_geometry_is_refused(change, reason) -> None:
    with pytest.raises(Refused) as refused:
        join(verdict(**change), GEOMETRY, 9)
    assert refused.value.reason == reason


def test_a_span_with_nothing_behind_it_in_the_raw_field_is_refused() -> None:
    grown = replace(
        GEOMETRY, fields=(FieldGeometry("text", 20, 18, (GEOMETRY.fields[0].spans[0]._replace(end=3),)),)
    )
    with pytest.raises(Refused):
        join(verdict(span(3, 13)), grown, 9)


@given(st.lists(st.tuples(st.integers(0, 17), st.integers(1, 18)).filter(lambda it: it[0] < it[1]), max_size=5))
def test_every_joined_span_lies_in_the_raw_field_and_holds_the_name_whole_or_not_at_all(bounds) -> None:
    joined = join(verdict(*(span(*it) for it in bounds)), GEOMETRY, 9)
    for it in joined.spans:
        assert 0 <= it.start < it.end <= 20
        assert it.end <= 3 or it.start >= 15 or (it.start <= 3 and it.end >= 15)
    assert len(joined.spans) <= len(bounds)
