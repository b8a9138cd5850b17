"""A process asks at its own socket for what it logs in with."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from deploy.handing.asking import HEARD_S, RETRY_S, SOCKET, ask, tell_used_up
from deploy.handing.rate import MOST
from deploy.handing.serving import serving, slot_of
from deploy.supervise.restarts import STOLEN
from schemas.errors import DependencyError, StackError
from tests.support.waiting import wait_for
from topology.identity import Identity

GOING_ON = threading.Event()


@pytest.fixture
def sockets(tmp_path: Path) -> Path:
    for slot in ("redact.demo.0", "redact.demo.1"):
        (tmp_path / slot).mkdir()
    return tmp_path


@contextmanager
def hanging(path: Path):
    """A starter that takes connections and answers none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen()
        yield listening


class Starting:
    """Hands out a new one each time."""

    def __init__(self) -> None:
        self.numbers = count()
        self.asked: list[tuple[str, str]] = []
        self.told: list[tuple[str, str, int]] = []

    def hand(self, identity: Identity, slot: str) -> bytes:
        self.asked.append((identity.name, slot))
        return f"token-{next(self.numbers)}".encode()

    def ended(self, identity: Identity, slot: str, code: int) -> None:
        self.told.append((identity.name, slot, code))


def test_two_equals_that_ask_at_once_are_each_handed_their_own(sockets):
    starting = Starting()
    with serving(sockets, starting.hand, starting.ended) as slots, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: ask(sockets / slots[n % 2] / SOCKET, GOING_ON), range(2 * MOST)))
    assert slots == ("redact.demo.0", "redact.demo.1")
    assert len(set(found)) == 2 * MOST
    assert set(starting.asked) == {("redact.demo", "redact.demo.0"), ("redact.demo", "redact.demo.1")}


def test_whoever_finds_its_login_used_up_says_so(sockets):
    starting = Starting()
    with serving(sockets, starting.hand, starting.ended):
        tell_used_up(sockets / "redact.demo.1" / SOCKET)
        wait_for(lambda: starting.told, "it is told")
    assert starting.told == [("redact.demo", "redact.demo.1", STOLEN)]
    assert starting.asked == []


def test_it_asks_again_until_there_is_one(sockets):
    starting, refusals = Starting(), count()

    def hand(identity: Identity, slot: str) -> bytes:
        if next(refusals) == 0:
            raise StackError("not yet")
        return starting.hand(identity, slot)

    with serving(sockets, hand, starting.ended):
        assert ask(sockets / "redact.demo.0" / SOCKET, GOING_ON) == "token-0"


def test_a_starter_that_was_started_again_takes_over_the_sockets(sockets):
    starting = Starting()
    for expected in ("token-0", "token-1"):
        with serving(sockets, starting.hand, starting.ended):
            assert ask(sockets / "redact.demo.0" / SOCKET, GOING_ON) == expected
        (sockets / "redact.demo.0" / SOCKET).touch()  # as one that was killed leaves it


def test_without_a_starter_it_gives_up_and_says_what_to_look_at(tmp_path):
    with pytest.raises(DependencyError, match="does the starter run"):
        ask(tmp_path / SOCKET, GOING_ON, patience_s=RETRY_S)


def test_one_that_hangs_is_given_up_after_the_same_time(tmp_path):
    now = count(step=30.0)
    with hanging(tmp_path / SOCKET), pytest.raises(DependencyError, match="for 90 s"):
        ask(tmp_path / SOCKET, GOING_ON, monotonic=lambda: next(now))


def test_one_that_is_told_to_stop_while_the_starter_hangs_waits_no_longer(tmp_path):
    stopping = threading.Event()
    with hanging(tmp_path / SOCKET) as listening, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, tmp_path / SOCKET, stopping, patience_s=3600.0)
        connection, _ = listening.accept()
        with connection:
            stopping.set()
            assert asked.result(timeout=10 * HEARD_S) == ""


def test_one_that_is_told_to_stop_waits_no_longer(tmp_path):
    stopping = threading.Event()
    stopping.set()
    assert ask(tmp_path / SOCKET, stopping) == ""


def test_a_socket_is_its_owner_s_alone(sockets):
    starting = Starting()
    with serving(sockets, starting.hand, starting.ended) as slots:
        for slot in slots:
            assert (sockets / slot / SOCKET).stat().st_mode & 0o077 == 0


def test_a_name_that_is_long_ends_in_its_number():
    assert slot_of("redact.my-project.12") == (Identity("redact", "my-project"), "redact.my-project.12")
