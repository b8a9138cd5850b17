from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.gold import NOT, SET
from schemas.records import Contribution, VerdictStatus
from streams.decide.adjudication import lessons
from streams.decide.majority import majority
from streams.decide.questions import choice_kind, silences, span_kind
from streams.decide.reviewers import Learned, Snapshot, learned
from streams.decide.weighing import weigh
from tests.streams.decide.making import answers, says, span

NOBODY = Snapshot()


def knowing(kind: str, truths: tuple[str, str], **shares: float) -> Snapshot:
    """A snapshot in which each person's share of right answers, of fifty to either truth, is as given."""
    snapshot = NOBODY
    for person, right in shares.items():
        for true, false in (truths, truths[::-1]):
            for answer, times in ((true, round(50 * right)), (false, round(50 * (1 - right)))):
                snapshot = learned(snapshot, [Learned(kind, {true: 1.0}, {person: answer})] * times)
    return snapshot


def test_of_people_nobody_knows_two_of_three_win_as_by_majority():
    found = weigh([says("a", span(0, 4), tone="x"), says("b", span(0, 4), tone="x"), says("c", tone="y")], NOBODY)
    assert found.outcome.status is VerdictStatus.AGREED
    assert [(it.start, it.end, it.support, it.reason) for it in found.outcome.spans] == [(0, 4, 2, "likely")]
    assert [(it.value, it.support, it.reason) for it in found.outcome.choices] == [("x", 2, "likely")]
    assert 0.75 <= found.outcome.confidence < 1.0


def test_one_of_three_alone_loses_and_its_span_is_rejected_with_a_reason():
    found = weigh([says("a", span(0, 4)), says("b"), says("c")], NOBODY)
    assert (found.outcome.status, found.outcome.spans) == (VerdictStatus.AGREED, ())
    assert [(it.start, it.reason) for it in found.outcome.rejected] == [(0, "unlikely")]


def test_two_who_differ_leave_the_question_open():
    assert weigh([says("a", span(0, 4)), says("b")], NOBODY).outcome.status is VerdictStatus.UNRESOLVED
    assert weigh([says("a", tone="x"), says("b", tone="y")], NOBODY).outcome.status is VerdictStatus.UNRESOLVED


def test_three_labels_for_one_place_are_no_agreement_on_nothing():
    found = weigh([says("a", span(0, 4)), says("b", span(0, 4, "PLACE")), says("c", span(0, 4, "ORG"))], NOBODY)
    assert found.outcome.status is VerdictStatus.UNRESOLVED
    assert {it.reason for it in found.outcome.rejected} == {"undecided"}


def test_of_five_two_who_set_different_things_leave_nothing_where_three_set_nothing():
    people = [says("a", span(0, 4)), says("b", span(0, 4, "PLACE")), says("c"), says("d"), says("e")]
    found = weigh(people, NOBODY).outcome
    assert (found.status, found.spans) == (VerdictStatus.AGREED, ())
    assert {it.reason for it in found.rejected} == {"unlikely"}


def test_a_careful_person_outweighs_two_who_are_often_wrong():
    known = knowing(span_kind("PERSON"), (SET, NOT), a=0.98, b=0.55, c=0.55)
    people = [says("a", span(0, 4)), says("b"), says("c")]
    assert majority(people).spans == ()
    assert [it.support for it in weigh(people, known).outcome.spans] == [1]


def test_what_is_known_of_one_label_says_nothing_of_another():
    known = knowing(span_kind("PERSON"), (SET, NOT), a=0.98, b=0.55, c=0.55)
    people = [says("a", span(0, 4, "PLACE")), says("b"), says("c")]
    assert weigh(people, known).outcome.spans == ()


def test_an_answer_that_is_likely_but_not_sure_is_a_plurality():
    known = knowing(choice_kind("tone"), ("x", "y"), a=0.6, b=0.5)
    found = weigh([says("a", tone="x"), says("b", tone="y")], known)
    assert found.outcome.status is VerdictStatus.PLURALITY
    assert found.outcome.choices[0].value == "x"


def test_what_nobody_answered_is_never_the_verdict_however_likely_it_is():
    habit = [Learned(choice_kind("tone"), {"y": 1.0}, {person: "x"}) for person in "ab" for _ in range(50)]
    found = weigh([says("a", tone="x"), says("b", tone="x")], learned(NOBODY, habit)).outcome
    assert (found.choices[0].value, found.choices[0].support) == ("x", 2)
    assert found.status is VerdictStatus.PLURALITY
    assert found.confidence < 0.5


def test_a_rival_of_a_winning_span_is_settled_with_it():
    people = [says("a", span(0, 4)), says("b", span(0, 4)), says("c", span(1, 4, "PLACE"))]
    found = weigh(people, NOBODY).outcome
    assert found.status is VerdictStatus.AGREED
    assert [(it.label, it.reason) for it in found.rejected] == [("PLACE", "overlapped")]


def test_each_question_is_a_lesson_about_everybody_who_was_asked():
    found = weigh([says("a", span(0, 4), tone="x"), says("b", span(0, 4), tone="x"), says("c")], NOBODY)
    assert [(it.kind, it.answers) for it in found.learned] == [
        ("choice/tone", {"a": "x", "b": "x", "c": ""}),
        ("span/PERSON", {"a": SET, "b": SET, "c": NOT}),
    ]
    assert found.learned[1].truth[SET] > 0.75


def saying(person: str, asks: str, answer: bool) -> Contribution:
    if asks == "choice":
        return says(person, tone="xy"[answer])
    return says(person, *([span(0, 4)] if answer else []))


def right_of_300(
    asks: str, shares: tuple[float, ...], seed: int, *, adjudicated: bool = False
) -> tuple[int, int, float]:
    """Of the last 300 of 600 tasks: right by majority, by weight, and the share of right ones among the sure.

    Everyone errs by chance, by their own rate. `adjudicated`: what is not sure is settled by someone who never
    errs, which counts for what is learned only.
    """
    random, known, found = Random(seed), NOBODY, []
    for _ in range(600):
        true = random.random() < 0.5
        answers = [true if random.random() < share else not true for share in shares]
        people = [saying(f"p{at}", asks, answer) for at, answer in enumerate(answers)]
        weighed = weigh(people, known)
        settles = adjudicated and not weighed.outcome.agreed
        lesson = lessons(people, saying("judge", asks, true)) if settles else weighed.learned
        known = learned(known, [*lesson, *silences(known.truths, lesson, people)])
        said = [
            bool(it.spans) if asks == "span" else it.choices[0].value == "y"
            for it in (majority(people), weighed.outcome)
        ]
        found.append((said[0] == true, said[1] == true, weighed.outcome.agreed))
    last = found[300:]
    sure = [right for _, right, agreed in last if agreed]
    return sum(it[0] for it in last), sum(it[1] for it in last), sum(sure) / len(sure)


@pytest.mark.parametrize("asks", ["choice", "span"])
def test_with_careful_and_careless_people_what_is_learned_makes_verdicts_better(asks):
    by_majority, by_weight, _ = right_of_300(asks, (0.95, 0.95, 0.6, 0.6, 0.6), seed=5)
    assert by_weight >= by_majority + 9  # three of a hundred


@pytest.mark.parametrize("asks", ["choice", "span"])
def test_with_people_who_are_alike_little_is_lost_and_what_is_sure_is_right_more_often(asks):
    by_majority, by_weight, sure = right_of_300(asks, (0.8, 0.8, 0.8), seed=5)
    assert by_weight >= by_majority - 9
    assert sure > by_majority / 300


@pytest.mark.parametrize("asks", ["choice", "span"])
def test_adjudications_teach_whom_to_trust_where_too_few_are_careful(asks):
    by_majority, by_weight, _ = right_of_300(asks, (0.95, 0.6, 0.6), seed=5, adjudicated=True)
    assert by_weight >= by_majority + 24  # eight of a hundred


def test_no_labels_give_no_verdict():
    with pytest.raises(ValueError, match="no labels"):
        weigh([], NOBODY)


@given(answers(), st.randoms())
def test_the_order_of_labels_changes_nothing(people, random):
    assert weigh(random.sample(people, len(people)), NOBODY) == weigh(people, NOBODY)


@given(answers())
def test_every_span_somebody_set_is_either_in_the_verdict_or_rejected_with_a_reason(people):
    found = weigh(people, NOBODY).outcome
    assert 0.0 <= found.confidence <= 1.0
    assert all(it.reason == "likely" for it in found.spans)
    assert all(it.reason in {"unlikely", "undecided", "overlapped"} for it in found.rejected)
    assert bool(found.spans or found.rejected) == any(it.spans for it in people)


@given(st.integers(1, 4), st.booleans())
def test_of_an_odd_number_of_strangers_the_majority_is_right(half, marked):
    count = 2 * half + 1
    behind = half + 1 if marked else half
    people = [says(f"p{at}", *([span(0, 4)] if at < behind else [])) for at in range(count)]
    assert [it.support for it in weigh(people, NOBODY).outcome.spans] == ([behind] if marked else [])
