from __future__ import annotations

import threading

import pytest

from schemas.errors import CommitInDoubt
from streams.label import requests
from streams.label.requests import Overloaded, RequestQueue
from streams.web.denials import Denials


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
    thread.join(60)
    assert woken == [True]


FOREVER_S = 60.0


def answered(queue, *commands, meanwhile=()):
    """A round that these commands were taken in and answered by; others came in between."""
    for command in commands:
        queue.ask(command)
    taken = queue.take(len(commands))
    for command in meanwhile:
        queue.ask(command)
    for request in taken:
        request.answer("done")


def taken_by(queue, *commands):
    """What a loop that waits takes when these are asked one after the other."""
    taken = []
    thread = threading.Thread(target=lambda: taken.extend(queue.wait(FOREVER_S) and queue.take(10)))
    thread.start()
    for command in commands:
        queue.ask(command)
    thread.join(60)
    return [request.command for request in taken]


@pytest.fixture
def patient(monkeypatch):
    """A queue that would wait for ever for those it expects."""
    monkeypatch.setattr(requests, "GAP_S", FOREVER_S)
    monkeypatch.setattr(requests, "GATHER_S", FOREVER_S)
    return RequestQueue(10)


def test_whoever_is_alone_waits_for_nobody(patient):
    answered(patient, "a")
    patient.ask("b")
    assert taken_by(patient) == ["b"]


def test_those_answered_together_are_taken_together(patient):
    answered(patient, "a", "b", "c")
    assert taken_by(patient, "a", "b", "c") == ["a", "b", "c"]


def test_those_who_came_during_a_round_are_joined_by_those_it_answered(patient):
    answered(patient, "a", "b", meanwhile="cd")
    assert taken_by(patient, "a", "b") == ["c", "d", "a", "b"]


@pytest.mark.parametrize("limit", ["GAP_S", "GATHER_S"])
def test_those_who_do_not_come_back_are_not_waited_for_long(patient, monkeypatch, limit):
    monkeypatch.setattr(requests, limit, 0.001 if limit == "GAP_S" else 0.0)
    answered(patient, "a", "b")
    assert taken_by(patient, "a") == ["a"]


def test_after_an_idle_round_nobody_is_expected(patient):
    answered(patient, "a", "b")
    assert not patient.wait(0)
    assert patient.take(10) == []
    assert taken_by(patient, "a") == ["a"]


def test_closing_ends_the_wait_for_others(patient):
    answered(patient, "a", "b")
    patient.ask("a")
    waited = []
    thread = threading.Thread(target=lambda: waited.append(patient.wait(FOREVER_S)))
    thread.start()
    patient.close()
    thread.join(60)
    assert waited == [False]


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
