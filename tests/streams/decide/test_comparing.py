from __future__ import annotations

from math import log

import pytest

from streams.decide.comparing import Answered, compared
from streams.decide.majority import majority
from tests.streams.decide.making import says, span


def task(*labels, skipped=(), decided=True, **durations):
    outcome = majority(labels) if labels and decided else None
    return compared(Answered(labels, skipped, durations, 150, outcome))


def test_time_is_compared_with_the_others_on_the_same_task():
    found = task(says("a"), says("b"), says("c"), a=4_000, b=1_000, c=1_000)
    assert found["a"]["time"] == pytest.approx(log(4))
    assert found["b"]["time"] == pytest.approx(-log(4) / 2)
    assert "time_alone" not in found["a"]


def test_a_task_of_one_person_tells_only_their_time_by_its_size():
    found = task(says("a", span(0, 4), tone="sad"), a=15_000)
    assert found == {"a": {"time_alone": pytest.approx(0.0)}}


def test_a_clock_set_back_and_an_answer_in_no_time_are_a_very_short_time():
    assert task(says("a"), says("b"), a=-5, b=100)["a"]["time"] == 0


def test_agreement_is_the_share_of_answers_that_the_verdict_holds_less_that_of_the_others():
    found = task(says("a", span(0, 4), tone="sad"), says("b", span(0, 4), tone="sad"), says("c", tone="sad"))
    assert found["a"]["agreement"] == pytest.approx(1 - (1 + 0.5) / 2)
    assert found["c"]["agreement"] == pytest.approx(0.5 - 1)


def test_without_a_verdict_that_answers_nobody_agreed_or_disagreed():
    assert "agreement" not in task(says("a", span(0, 4)), says("b", span(0, 4, "PLACE")))["a"]
    assert "agreement" not in task(says("a"), says("b"), decided=False)["a"]


def test_labels_and_choices_are_compared_where_anybody_set_them():
    found = task(says("a", span(0, 4), tone="sad"), says("b", tone="glad"), says("c", tone="glad"))
    assert found["a"]["label/PERSON"] == 1.0
    assert found["b"]["label/PERSON"] == -0.5
    assert found["a"]["choice/tone=sad"] == 1.0
    assert found["a"]["choice/tone=glad"] == -1.0
    assert "label/PLACE" not in found["a"]


def test_a_skip_is_compared_with_who_skipped_and_who_labeled():
    found = task(says("a"), says("b"), skipped={"c"})
    assert (found["c"]["skip"], found["a"]["skip"]) == (1.0, -0.5)
    assert set(found["c"]) == {"skip"}


def test_where_texts_get_harder_for_everybody_nothing_is_told_of_anyone():
    easy = task(says("a"), says("b"), a=1_000, b=2_000)
    hard = task(says("a"), says("b"), a=10_000, b=20_000)
    assert hard["a"]["time"] == pytest.approx(easy["a"]["time"])
