"""When certificates are renewed, who hears of it, and what happens where it can't be done."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil
import pytest

from deploy.local.authority import ensure_certificates
from deploy.local.endpoints import KafkaEndpoint
from deploy.local.ports import Ports
from deploy.local.renewal import Renewal, tell_kafka, tell_vault
from deploy.local.shown import serial_at, shown_by
from deploy.supervise.identity import ProcessIdentity
from deploy.supervise.restarts import Phase
from deploy.supervise.state import ProcessStatus
from schemas.errors import StackError
from tests.support.waiting import wait_for

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PORTS = Ports(1, 2, 3, 4, 5, 6)


@dataclass
class Stack:
    """Where `names` are due, once; what fails, fails once."""

    names: tuple[str, ...] = ()
    fails: str = ""
    said: list[tuple[str, ...]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    taken_up: int = 0

    def renew_due(self, now: datetime) -> tuple[str, ...]:
        assert now == NOW
        self._fail("renew")
        names, self.names = self.names, ()
        return names

    def take_up(self) -> None:
        self._fail("take up")
        self.taken_up += 1

    def say(self, names) -> None:
        self._fail("say")
        self.said.append(tuple(names))

    def _fail(self, what: str) -> None:
        if self.fails == what:
            self.fails = ""
            raise StackError(f"can't {what}")

    def renewal(self, every_s: float = 600) -> Renewal:
        return Renewal(self, lambda: NOW, self.say, self.refused.append, threading.Event(), every_s)


def test_each_listener_of_the_parts_that_run_shows_one():
    assert [(it.part, it.port) for it in shown_by(PORTS, ["kafka", "registry"])] == [
        ("kafka", 1),
        ("kafka", 2),
        ("kafka", 3),
        ("registry", 6),
    ]
    assert shown_by(PORTS, []) == ()


def test_a_port_that_nobody_listens_on_shows_none(tmp_path):
    files = ensure_certificates(tmp_path, tmp_path / "ca.key", NOW)
    assert [serial_at(it, files) for it in shown_by(PORTS, ["vault", "registry"])] == [None, None]


def test_where_none_is_due_nothing_is_said():
    stack = Stack()
    stack.renewal().look()
    assert (stack.said, stack.refused, stack.taken_up) == ([], [], 1)


def test_what_is_due_is_renewed_taken_up_and_said_once():
    stack = Stack(("veil-vault",))
    renewal = stack.renewal()
    renewal.look()
    renewal.look()
    assert stack.said == [("veil-vault",)]


@pytest.mark.parametrize("fails", ["renew", "take up", "say"])
def test_what_fails_is_told_and_done_at_the_next_look(fails: str):
    stack = Stack(("veil-vault",), fails)
    renewal = stack.renewal()
    renewal.look()
    assert (stack.said, stack.refused) == ([], [f"can't {fails}"])
    renewal.look()
    assert (stack.said, stack.refused) == ([("veil-vault",)], [f"can't {fails}"])


def test_it_looks_by_itself_until_it_is_stopped():
    stack = Stack(("veil-vault",), "renew")
    renewal = stack.renewal(every_s=0.01)
    renewal.start()
    wait_for(lambda: stack.said, "it was renewed")
    renewal.stop()
    assert not renewal._thread.is_alive()


def test_a_vault_that_ends_as_it_is_told_ends_no_renewal(monkeypatch):
    class Ending:
        def send_signal(self, _: int) -> None:
            raise psutil.NoSuchProcess(1)

    monkeypatch.setattr(ProcessIdentity, "find", lambda _: Ending())
    tell_vault(lambda: [ProcessStatus("vault", Phase.RUNNING, 1, "boot 1.00", 0, None, "log", None)])


def test_a_client_that_kafka_s_settings_do_not_make_is_told_like_one_that_is_not_answered(tmp_path):
    (tmp_path / "password").write_text("x")
    endpoint = KafkaEndpoint("127.0.0.1:9", tmp_path / "no-such-ca.pem", "admin", tmp_path / "password")
    with pytest.raises(StackError, match="not told of its certificate"):
        tell_kafka(endpoint)
