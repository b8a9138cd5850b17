from __future__ import annotations

import threading

import pytest

from schemas.errors import CommitInDoubt
from streams.label.denials import Denials
from streams.label.requests import Overloaded, RequestQueue


def test_requests_are_taken_in_order_and_answered():
    queue = RequestQueue(10)
    futures = [queue.ask(command) for command in "abc"]
    assert queue.wait(0)
    taken = queue.take(2)
    assert [request.command for request in taken] == ["a", "b"]
    taken[0].answer("done")
    taken[1].answer(CommitInDoubt("?"))
    assert futures[0].result(0) == "done"
    with pytest.raises(CommitInDoubt):
        futures[1].result(0)
    assert not futures[2].done()


def test_second_answer_is_dropped():
    queue = RequestQueue(1)
    future = queue.ask("a")
    (request,) = queue.take(1)
    request.answer(1)
    request.answer(CommitInDoubt("?"))
    assert future.result(0) == 1


def test_more_than_the_limit_is_refused_at_once():
    queue = RequestQueue(1)
    queue.ask("a")
    with pytest.raises(Overloaded):
        queue.ask("b")


def test_request_nobody_waits_for_any_more_is_left_out():
    queue = RequestQueue(2)
    queue.ask("a").cancel()
    queue.ask("b")
    assert [request.command for request in queue.take(5)] == ["b"]


def test_waiting_loop_is_woken_by_a_request():
    queue = RequestQueue(1)
    woken = []
    thread = threading.Thread(target=lambda: woken.append(queue.wait(30)))
    thread.start()
    queue.ask("a")
    thread.join(10)
    assert woken == [True]


def test_closing_answers_what_waits_and_refuses_what_comes():
    queue = RequestQueue(2)
    future = queue.ask("a")
    queue.close()
    with pytest.raises(Overloaded):
        future.result(0)
    with pytest.raises(Overloaded):
        queue.ask("b")
    assert not queue.wait(30)


def test_denials_beyond_the_limit_are_counted_and_told_in_the_next_minute():
    denials = Denials(2)
    assert [denials.admit("x", 0) for _ in range(4)] == [0, 0, None, None]
    assert denials.admit("y", 0) == 0
    assert denials.admit("x", 60_000) == 2
    assert denials.admit("x", 60_000) == 0


def test_denials_of_endless_subjects_stay_bounded():
    denials = Denials(1)
    admitted = sum(denials.admit(str(number), 0) is not None for number in range(5_000))
    assert admitted == 1_001
    assert len(denials._seen) <= 1_001
    assert denials.admit("", 60_000) == 5_000 - 1_001
