from __future__ import annotations

import pytest
from hypothesis import given

from schemas.gold import NOT, SET
from schemas.records import SupportedChoice, SupportedSpan, VerdictStatus
from streams.decide.adjudication import adjudicate, lessons
from tests.streams.decide.making import answers, says, span


def test_the_adjudicators_answer_stands_with_the_support_of_who_gave_it_too():
    annotators = [says("a", span(0, 4), tone="x"), says("b", tone="y")]
    found = adjudicate(annotators, says("z", span(0, 4), tone="y"))
    assert found.status is VerdictStatus.ADJUDICATED
    assert found.spans == (SupportedSpan("text", 0, 4, "PERSON", 2, "adjudicated", "exact"),)
    assert found.choices == (SupportedChoice("tone", "y", 2, "adjudicated"),)
    assert found.confidence == pytest.approx(2 / 3)


def test_bounds_are_the_adjudicators_where_others_set_nearly_the_same():
    found = adjudicate([says("a", span(0, 5)), says("b", span(0, 5))], says("z", span(0, 4)))
    assert found.spans == (SupportedSpan("text", 0, 4, "PERSON", 3, "adjudicated", "anchored"),)
    assert found.rejected == ()


def test_what_the_adjudicator_did_not_set_is_rejected_however_many_did():
    found = adjudicate([says("a", span(0, 4)), says("b", span(0, 4))], says("z"))
    assert found.spans == ()
    assert found.rejected == (SupportedSpan("text", 0, 4, "PERSON", 2, "adjudicated", "exact"),)
    assert found.confidence == pytest.approx(1 / 3)


def test_a_choice_the_adjudicator_left_out_is_left_out():
    assert adjudicate([says("a", tone="x")], says("z")).choices == (SupportedChoice("tone", "", 1, "adjudicated"),)


def test_it_teaches_what_the_annotators_answered_where_the_adjudicator_says_what_is_true():
    annotators = [says("a", span(0, 4), tone="x"), says("b", span(10, 14), tone="y")]
    found = lessons(annotators, says("z", span(0, 4), tone="y"))
    assert [(it.kind, dict(it.truth), dict(it.answers)) for it in found] == [
        ("choice/tone", {"y": 1.0}, {"a": "x", "b": "y"}),
        ("span/PERSON", {SET: 1.0}, {"a": SET, "b": NOT}),
        ("span/PERSON", {NOT: 1.0}, {"a": NOT, "b": SET}),
    ]


@given(answers())
def test_the_verdict_holds_exactly_what_the_adjudicator_said(people):
    own, annotators = people[0], people[1:]
    found = adjudicate(annotators, own)
    assert {(it.start, it.end, it.label) for it in found.spans} == {
        (it.start, it.end, it.label) for it in own.spans
    }
    assert {it.name: it.value for it in found.choices if it.value} == own.choices
    assert all(1 <= it.support <= len(people) for it in found.spans)
