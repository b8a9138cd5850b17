from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import FieldShape
from streams.decide.agreement import agreement
from tests.streams.decide.making import FIELDS, answers, says, span


def test_people_of_one_mind_agree_fully_in_every_way():
    found = agreement([says("a", span(0, 4), tone="x"), says("b", span(0, 4), tone="x")], FIELDS)
    assert found is not None
    parts = (found.spans, found.choices, found.exact_f1, found.overlap_f1, found.value)
    assert parts == (1.0, 1.0, 1.0, 1.0, 1.0)


def test_the_lower_of_spans_and_choices_is_what_a_bar_is_compared_with():
    found = agreement([says("a", span(0, 4), tone="x"), says("b", span(0, 4), tone="y")], FIELDS)
    assert found is not None
    assert (found.spans, found.choices, found.value) == (1.0, 0.0, 0.0)


def test_what_nobody_answered_is_not_measured_and_nothing_at_all_is_agreement():
    found = agreement([says("a"), says("b")], FIELDS)
    assert found is not None
    assert (found.spans, found.choices, found.exact_f1, found.overlap_f1, found.value) == (
        None,
        None,
        None,
        None,
        1.0,
    )


def test_one_person_agrees_with_nobody():
    assert agreement([says("a", span(0, 4))], FIELDS) is None


def test_two_of_three_choosing_alike_agree_in_one_of_three_pairs():
    found = agreement([says("a", tone="x"), says("b", tone="x"), says("c", tone="y")], FIELDS)
    assert found is not None
    assert found.choices == pytest.approx(1 / 3)


def test_the_same_place_in_another_field_is_another_place():
    fields = (FieldShape("text", 40), FieldShape("title", 40))
    same = agreement([says("a", span(0, 4, field="title")), says("b", span(0, 4, field="title"))], fields)
    other = agreement([says("a", span(0, 4)), says("b", span(0, 4, field="title"))], fields)
    assert same is not None
    assert other is not None
    assert same.value == 1.0
    assert other.value < 0.1


@given(answers(), st.randoms())
def test_the_order_of_people_changes_nothing(people, random):
    one, other = agreement(people, FIELDS), agreement(random.sample(people, len(people)), FIELDS)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.value == pytest.approx(other.value)
        assert one.value <= 1.0
