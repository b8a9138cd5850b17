from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from streams.label.waiters import Waiters
from tests.support.waiting import wait_for


@pytest.fixture
def waiters():
    return Waiters(3)


def answers(*found):
    return [one.turn.result(0) if one.turn.done() else None for one in found]


def everybody(_person, _batch):
    return True


def test_as_many_are_woken_as_there_is_room_for_the_oldest_first(waiters):
    found = [waiters.wait(name, "") for name in ("ada", "bob", "eve")]
    waiters.look(1, everybody, 1)
    assert answers(*found) == [True, None, None]
    waiters.look(2, everybody, 5)
    assert answers(*found) == [True, True, True]
    assert len(waiters) == 0


def test_who_could_get_nothing_waits_on_and_is_passed_over(waiters):
    found = [waiters.wait(name, batch) for name, batch in (("ada", "x"), ("bob", "y"))]
    waiters.look(1, lambda _, batch: batch == "y", 1)
    assert answers(*found) == [None, True]


def test_nothing_is_looked_at_twice_unless_something_has_changed_or_somebody_has_come(waiters):
    looks = []

    def could(person, _):
        looks.append(person)
        return False

    waiters.look(1, could, 1)
    waiters.wait("ada", "")
    for _ in range(3):
        waiters.look(1, could, 1)
    assert looks == ["ada"]
    waiters.look(2, could, 1)
    waiters.wait("bob", "")
    waiters.look(2, could, 1)
    assert looks == ["ada", "ada", "ada", "bob"]


def test_one_call_a_person_waits_and_above_the_limit_nobody_does(waiters):
    first, second = waiters.wait("ada", ""), waiters.wait("ada", "x")
    assert answers(first, second) == [False, None]
    found = [waiters.wait(name, "") for name in ("bob", "eve", "zoe")]
    assert answers(*found) == [None, None, False]


def test_who_leaves_is_not_woken_and_leaving_late_takes_nobody_elses_place(waiters):
    first = waiters.wait("ada", "")
    second = waiters.wait("ada", "")
    waiters.leave(first)
    assert len(waiters) == 1
    waiters.leave(second)
    waiters.look(1, everybody, 1)
    assert answers(second) == [None]


def test_a_session_that_ends_ends_its_persons_waiting_and_a_stop_everybodys(waiters):
    found = [waiters.wait(name, "") for name in ("ada", "bob")]
    waiters.end("ada")
    waiters.end("nobody")
    assert answers(*found) == [False, None]
    waiters.end_all()
    assert answers(*found) == [False, False]
    assert len(waiters) == 0


def test_after_the_close_nobody_waits(waiters):
    found = [waiters.wait("ada", "")]
    waiters.close()
    found.append(waiters.wait("bob", ""))
    assert answers(*found) == [False, False]


def test_a_caller_who_has_given_up_is_answered_nothing(waiters):
    waiting = waiters.wait("ada", "")
    waiting.turn.cancel()
    waiters.end_all()
    assert waiting.turn.cancelled()


def test_a_call_that_is_over_while_it_is_looked_at_is_answered_once(waiters):
    """The API's thread takes it away, the loop's was about to wake it."""
    found = waiters.wait("ada", "")

    def could(person, batch):
        waiters.wait(person, batch)
        return True

    waiters.look(1, could, 5)
    assert answers(found) == [False]
    assert len(waiters) == 1


def test_many_threads_that_come_leave_and_look_answer_each_call_once(waiters):
    stop, seen, waiters = threading.Event(), [], Waiters(100)

    def come(name):
        while not stop.is_set():
            one = waiters.wait(name, "")
            waiters.wait(name, "")
            seen.append(one)

    def look(number=0):
        while not stop.is_set():
            number += 1
            waiters.look(number, everybody, 100)
            waiters.end("ada")

    with ThreadPoolExecutor(6) as pool:
        working = [pool.submit(come, name) for name in ("ada", "bob", "eve")] + [
            pool.submit(look) for _ in range(3)
        ]
        wait_for(lambda: len(seen) >= 5_000 or any(one.done() for one in working), "calls come and go")
        stop.set()
        for one in working:
            one.result(30)
    assert all(one.turn.done() for one in seen)
