from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import SupportedChoice, SupportedSpan, VerdictStatus
from streams.decide.majority import majority
from tests.streams.decide.making import answers, says, span


def test_two_of_three_win_and_their_support_is_counted() -> None:
    result = majority([says("a", span(0, 4)), says("b", span(0, 4)), says("c")])
    assert result.status is VerdictStatus.AGREED
    assert result.spans == (SupportedSpan("text", 0, 4, "PERSON", 2, "majority", "exact"),)
    assert result.confidence == pytest.approx(2 / 3)


def test_one_of_three_alone_loses_to_those_who_set_nothing_there() -> None:
    result = majority([says("a", span(0, 4)), says("b"), says("c")])
    assert (result.status, result.spans) == (VerdictStatus.AGREED, ())
    assert result.confidence == pytest.approx(2 / 3)


def test_two_people_who_differ_leave_the_question_open() -> None:
    result = majority([says("a", span(0, 4)), says("b")])
    assert (result.status, result.spans, result.confidence) == (VerdictStatus.UNRESOLVED, (), 0.0)


def test_three_labels_for_one_place_are_no_agreement_on_nothing() -> None:
    three = [says("a", span(0, 4)), says("b", span(0, 4, "PLACE")), says("c", span(0, 4, "ORG"))]
    assert majority(three).status is VerdictStatus.UNRESOLVED


def test_the_most_frequent_of_contested_labels_is_the_plurality() -> None:
    five = [
        says("a", span(0, 4)),
        says("b", span(0, 4)),
        says("c", span(0, 4, "PLACE")),
        says("d", span(0, 4, "ORG")),
        says("e"),
    ]
    result = majority(five)
    assert result.status is VerdictStatus.PLURALITY
    assert result.spans == (SupportedSpan("text", 0, 4, "PERSON", 2, "plurality", "exact"),)


def test_a_rival_of_a_winning_span_is_settled_with_it() -> None:
    result = majority([says("a", span(0, 4)), says("b", span(0, 4)), says("c", span(1, 4, "PLACE"))])
    assert (result.status, len(result.spans)) == (VerdictStatus.AGREED, 1)


def test_choices_win_by_majority_then_plurality_and_stay_empty_in_a_tie() -> None:
    assert majority([says("a", tone="x"), says("b", tone="x"), says("c", tone="y")]).choices == (
        SupportedChoice("tone", "x", 2, "majority"),
    )
    plurality = majority([says("a", tone="x"), says("b", tone="x"), says("c", tone="y"), says("d", tone="z")])
    assert (plurality.status, plurality.choices[0].value) == (VerdictStatus.PLURALITY, "x")
    tie = majority([says("a", tone="x"), says("b", tone="y")])
    assert (tie.status, tie.choices) == (VerdictStatus.UNRESOLVED, (SupportedChoice("tone", "", 0, "tied"),))


def test_who_gives_no_answer_counts_for_no_answer() -> None:
    result = majority([says("a", tone="x"), says("b"), says("c")])
    assert (result.status, result.choices) == (VerdictStatus.AGREED, (SupportedChoice("tone", "", 2, "majority"),))


def test_every_span_that_does_not_hold_says_why() -> None:
    people = [
        says("a", span(0, 4), span(10, 14)),
        says("b", span(0, 4), span(20, 24)),
        says("c", span(1, 4, "PLACE"), span(20, 24, "PLACE")),
    ]
    assert [(it.start, it.label, it.reason) for it in majority(people).rejected] == [
        (1, "PLACE", "overlapped"),
        (10, "PERSON", "outvoted"),
        (20, "PERSON", "tied"),
        (20, "PLACE", "tied"),
    ]


def test_nothing_asked_and_nothing_found_is_full_agreement() -> None:
    result = majority([says("a"), says("b")])
    assert (result.status, result.confidence) == (VerdictStatus.AGREED, 1.0)


def test_no_labels_give_no_verdict() -> None:
    with pytest.raises(ValueError, match="no labels"):
        majority([])


@given(answers(), st.randoms())
def test_the_order_of_labels_changes_nothing(people, random) -> None:
    assert majority(random.sample(people, len(people))) == majority(people)


@given(answers())
def test_support_and_confidence_stay_within_what_people_said(people) -> None:
    result = majority(people)
    assert 0.0 <= result.confidence <= 1.0
    assert all(1 <= it.support <= len(people) for it in result.spans)
    assert all(0 <= it.support <= len(people) for it in result.choices)
    assert len(set(result.spans)) == len(result.spans)
    assert (result.status is VerdictStatus.AGREED) == result.agreed


@given(answers())
def test_agreed_spans_have_more_than_half_behind_them(people) -> None:
    result = majority(people)
    if result.agreed:
        assert all(2 * it.support > len(people) for it in (*result.spans, *result.choices))


@given(answers(most=1), st.integers(2, 5))
def test_people_of_one_mind_agree_fully(people, copies) -> None:
    (one,) = people
    result = majority([replace(one, person=f"p{number}") for number in range(copies)])
    assert (result.status, result.confidence) == (VerdictStatus.AGREED, 1.0)
    assert {(it.start, it.end, it.label) for it in result.spans} <= {
        (it.start, it.end, it.label) for it in one.spans
    }
    assert {it.name: it.value for it in result.choices} == one.choices
