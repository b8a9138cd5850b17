"""A process that was taken over asks as it likes: nobody else is kept waiting, and few logins are made."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from contextlib import ExitStack
from itertools import count

import pytest
from structlog.testing import capture_logs

from deploy.handing.asking import LOGIN, RETRY_S, SOCKET, USED_UP, ask, tell_used_up
from deploy.handing.listening import ASKED_WITHIN_S, PAUSE_S, WAITING, line_of
from deploy.handing.rate import MOST, WINDOW_S
from deploy.handing.serving import serving
from schemas.errors import DependencyError
from tests.support.waiting import DEADLINE_S
from topology.identity import Identity

GOING_ON = threading.Event()
BAD, GOOD = "decide.demo.0", "redact.demo.0"


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def sockets(tmp_path):
    for slot in (BAD, GOOD):
        (tmp_path / slot).mkdir()
    return tmp_path


class Dripping:
    """Sends one byte after another, each of them soon enough by itself."""

    def __init__(self, now: Time, each_s: float) -> None:
        self.time, self.each_s, self.left_s = now, each_s, 0.0

    def settimeout(self, within_s: float) -> None:
        self.left_s = within_s

    def recv(self, _: int) -> bytes:
        self.time.now += min(self.each_s, self.left_s)
        if self.each_s > self.left_s:
            raise TimeoutError
        return b"l"


def test_who_sends_a_byte_at_a_time_has_the_time_of_one_request():
    now = Time()
    with pytest.raises(TimeoutError):
        line_of(Dripping(now, 1.5), now)
    assert now.now <= ASKED_WITHIN_S


def test_a_line_in_pieces_is_one():
    here, there = socket.socketpair()
    with here, there:
        there.sendall(LOGIN[:3])
        there.sendall(LOGIN[3:])
        assert line_of(here) == LOGIN


def connected(path):
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(1.0)
    with contextlib.suppress(BlockingIOError):  # more than wait there
        made.connect(str(path))
    return made


def test_many_that_connect_and_say_nothing_take_one_thread_and_nobody_else_s_login(sockets):
    with serving(sockets, lambda *_: b"token", lambda *_: None), ExitStack() as closed:
        before = threading.active_count()
        for _ in range(20 * WAITING):
            closed.enter_context(connected(sockets / BAD / SOCKET))
        assert ask(sockets / GOOD / SOCKET, GOING_ON) == "token"
        assert threading.active_count() == before


def test_a_loop_at_one_socket_is_heard_with_a_pause_after_each(sockets):
    told, began = count(), time.monotonic()
    with serving(sockets, lambda *_: b"token", lambda *_: next(told)):
        for _ in range(20):
            tell_used_up(sockets / BAD / SOCKET)
        took = time.monotonic() - began
    assert next(told) == 20
    assert took >= 18 * PAUSE_S  # 19 of them, and clocks that differ a little


def test_one_slot_in_a_loop_is_handed_few_logins_and_another_its_own(sockets):
    made, now = count(), Time()
    with (
        serving(sockets, lambda *_: f"token-{next(made)}".encode(), lambda *_: None, now),
        capture_logs() as logs,
    ):
        handed = [ask(sockets / BAD / SOCKET, GOING_ON) for _ in range(MOST)]
        with pytest.raises(DependencyError):
            ask(sockets / BAD / SOCKET, GOING_ON, patience_s=3 * RETRY_S)
        assert ask(sockets / GOOD / SOCKET, GOING_ON) == f"token-{MOST}"
        now.now += WINDOW_S
        assert ask(sockets / BAD / SOCKET, GOING_ON) == f"token-{MOST + 1}"
    assert len(set(handed)) == MOST
    assert [(it["event"], it["slot"]) for it in logs] == [("too_many_logins", BAD)]


def test_for_who_has_given_up_meanwhile_nothing_is_made(sockets):
    asked: list[str] = []
    begun, going_on, told = threading.Event(), threading.Event(), threading.Event()

    def hand(identity: Identity, slot: str) -> bytes:
        asked.append(slot)
        begun.set()
        going_on.wait(DEADLINE_S)
        return b"token"

    with serving(sockets, hand, lambda *_: told.set()):
        first, second, third = (connected(sockets / BAD / SOCKET) for _ in range(3))
        with first, third:
            first.sendall(LOGIN)
            assert begun.wait(DEADLINE_S)
            second.sendall(LOGIN)
            second.close()
            third.sendall(USED_UP)
            going_on.set()
            assert told.wait(DEADLINE_S)  # who came after it was heard
    assert asked == [BAD]


def test_a_mistake_in_one_answer_ends_no_slot(sockets):
    asked = count()

    def hand(*_: object) -> bytes:
        if next(asked) == 0:
            raise RuntimeError
        return b"token"

    with serving(sockets, hand, lambda *_: None), capture_logs() as logs:
        assert ask(sockets / GOOD / SOCKET, GOING_ON) == "token"
    assert [it["event"] for it in logs] == ["bug"]
