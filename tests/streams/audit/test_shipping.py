"""The shipper in the loop, on the in-memory log and vault: killed and set back at every step there is."""

from __future__ import annotations

import json

import pytest

from schemas.audit import AuditEvent, EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import Abortable, CommitInDoubt, LogUnavailable, VaultUnavailable
from schemas.states import FollowedFile
from schemas.vault_log import DENIED, READ_UP_TO, USE, KafkaDenied, Outcome, ReadUpTo, VaultUse
from streams.audit.shipping import MARK_EVERY_MS, SKEW_MS, Piece, ShipProcessor
from streams.engine.control_reader import ControlReader
from streams.engine.health import Health
from streams.engine.log import Ownership, SessionSpec
from streams.engine.loop import Loop, Stage
from streams.engine.requests import NoRequests
from tests.simulation.broker import Broker, Crash, MemoryLog
from tests.simulation.vault import MemoryVault, VaultStore
from tests.simulation.world import TOPOLOGY, SimulatedClock
from topology.control import ControlBook

CODEC = Codec(FixedIds())
TOPICS = {"vault-log": 1, "shipper-state": 1, "audit.platform": 1, "control": 1}
CANARY = "Zorvik-Quelmer"
LATER = 1_795_695_060_000
"""Some seconds after the time of all lines."""


def used(number: int, kind: str = "response") -> bytes:
    request = {
        "id": f"r{number}", "operation": "update", "path": "transit/decrypt/view-demo", "remote_address": CANARY,
        "data": {"ciphertext": CANARY},
    }  # fmt: skip
    auth = {"metadata": {"role_name": "label.demo"}, "client_token": CANARY}
    entry = {"time": "2026-11-26T12:10:53.4Z", "type": kind, "auth": auth, "request": request, "response": CANARY}
    return json.dumps(entry).encode()


def refused(name: str) -> bytes:
    return (
        f"1795695053426 Principal = User:label.demo is Denied operation = READ from host = ::1 on resource = "
        f"Topic:LITERAL:{name} for request = FETCH with resourceRefCount = 1 based on rule DefaultDeny"
    ).encode()


class MemoryLines:
    """Lines by number, three at a time. `faults` may raise."""

    def __init__(self, name, faults) -> None:
        self.name, self.faults, self.lines, self.lost = name, faults, [], ""

    def read(self, place):
        self.faults()
        start = place.offset if place else 0
        lines = self.lines[start : start + 3]
        lost, self.lost = self.lost, ""
        end = start + len(lines)
        return Piece(lines, FollowedFile(self.name, 1, end, "", 0), end == len(self.lines), lost)


class Bench:
    """A shipper with everything around it. `at`: the call at which `error` is raised."""

    def __init__(self, at: int = 0, error: BaseException | None = None) -> None:
        self.at, self.error, self.calls = at, error, 0
        self.broker = Broker(TOPICS, lambda _point: self._fault())
        self.log, self.clock = MemoryLog(self.broker), SimulatedClock()
        self.vault = MemoryVault(VaultStore(auto_keys=True), "platform", hook=lambda *_: self._fault())
        self.files = {name: MemoryLines(name, self._fault) for name in ("vault", "kafka")}
        self.loop = self.new()

    def new(self) -> Loop:
        stage = Stage(
            "shipper", "platform", "shipper.platform.0", "shipper.platform",
            SessionSpec("shipper.platform.0", "shipper.platform", (), Ownership.WHOLE),
            "shipper-state", "audit.platform",
        )  # fmt: skip
        book = ControlBook(TOPOLOGY.flow, TOPOLOGY.pins, TOPOLOGY.projects)
        return Loop(
            stage, ShipProcessor(CODEC, self.files), self.log, self.vault,
            lambda: ControlReader(self.log.follow(["control"]), book, CODEC, self.clock, "platform"),
            CODEC, self.clock, lambda message: self.vault.sign("sign-shipper.platform", message),
            NoRequests(), Health(),
        )  # fmt: skip

    def round(self, count: int = 1) -> None:
        """Rounds half a second apart; a process that dies is started again."""
        for _ in range(count):
            self.clock.ms += 500
            try:
                self.loop.round()
            except Crash:
                self.loop = self.new()

    def shipped(self, prefix: str, kind: type) -> list:
        found = [it for it in self.broker.committed("vault-log") if it.key.decode().startswith(prefix)]
        return [CODEC.decode(it.value, kind) for it in found]

    def _fault(self) -> None:
        self.calls += 1
        if self.error is not None and self.calls == self.at:
            raise self.error


def play(bench: Bench) -> None:
    bench.files["vault"].lines += [used(number, "request") for number in range(8)]
    bench.files["vault"].lines += [used(number) for number in range(8)]
    bench.round(3)
    bench.files["kafka"].lines += [refused(f"raw.{number}") for number in range(4)]
    bench.round(2)
    bench.files["vault"].lines += [used(number) for number in range(8, 11)]
    bench.round(8)


def chances() -> int:
    bench = Bench()
    play(bench)
    return bench.calls


@pytest.mark.parametrize(
    "error",
    [Crash("x"), Abortable("x"), CommitInDoubt("x"), LogUnavailable("x"), VaultUnavailable("x")],
    ids=lambda it: type(it).__name__,
)
def test_a_setback_at_any_step_loses_no_line_and_doubles_none(error):
    for at in range(1, chances() + 1):
        bench = Bench(at=at, error=error)
        play(bench)
        bench.round(8)
        assert [it.request_id for it in bench.shipped(USE, VaultUse)] == [f"r{number}" for number in range(11)]
        assert [it.name for it in bench.shipped(DENIED, KafkaDenied)] == [f"raw.{number}" for number in range(4)]


def test_nothing_else_of_a_line_goes_on():
    bench = Bench()
    play(bench)
    for topic in TOPICS:
        assert all(CANARY.encode() not in (message.value or b"") for message in bench.broker.committed(topic))


def test_a_line_that_is_none_and_lines_that_are_lost_are_told_once_each():
    bench = Bench()
    bench.files["vault"].lines += [used(1), b"no line", used(2)]
    bench.files["kafka"].lines += [b"no line either"]
    bench.files["vault"].lost = "gone"
    bench.round(8)
    unreadable = [it for it in bench.shipped(USE, VaultUse) if it.outcome is Outcome.UNREADABLE]
    assert sorted(it.target for it in unreadable) == ["kafka/line", "vault/gone", "vault/line"]
    assert len({it.request_id for it in unreadable}) == 3


def test_it_says_up_to_when_vaults_log_was_read_and_says_it_seldom_while_there_is_nothing():
    bench = Bench()
    bench.round(41)
    marks = [it.time for it in bench.shipped(READ_UP_TO, ReadUpTo)]
    assert marks == sorted(set(marks))
    assert bench.clock.ms - SKEW_MS - MARK_EVERY_MS < marks[-1] <= bench.clock.ms - SKEW_MS
    assert len(marks) <= 41 * 500 / MARK_EVERY_MS + 1


def test_while_lines_are_left_it_has_read_up_to_the_last_one_only():
    bench = Bench()
    bench.clock.ms = LATER
    bench.files["vault"].lines += [used(number) for number in range(30)]
    while not bench.shipped(USE, VaultUse):
        bench.round()
    lines = bench.shipped(USE, VaultUse)
    assert len(lines) == 3
    assert [it.time for it in bench.shipped(READ_UP_TO, ReadUpTo)] == [lines[-1].time - SKEW_MS]


def test_a_line_of_times_to_come_says_nothing_of_the_lines_after_it():
    bench = Bench()
    bench.files["vault"].lines += [used(number) for number in range(30)]
    while not bench.shipped(USE, VaultUse):
        bench.round()
    assert bench.shipped(USE, VaultUse)[0].time > bench.clock.ms
    assert bench.shipped(READ_UP_TO, ReadUpTo) == []


def test_what_cant_be_read_says_nothing_of_the_lines_after_it():
    bench = Bench()
    bench.clock.ms = LATER
    bench.files["vault"].lines += [used(1), b"no line", *(used(number) for number in range(2, 30))]
    while not bench.shipped(USE, VaultUse):
        bench.round()
    first, unreadable, _ = bench.shipped(USE, VaultUse)
    assert unreadable.outcome is Outcome.UNREADABLE
    assert unreadable.time > first.time
    assert [it.time for it in bench.shipped(READ_UP_TO, ReadUpTo)] == [first.time - SKEW_MS]


def test_lines_that_are_none_one_after_another_are_told_once():
    bench = Bench()
    bench.files["vault"].lines += [b"", b"", b"", used(1), b"", b""]
    bench.round(8)
    told = [it.outcome for it in bench.shipped(USE, VaultUse)]
    assert told == [Outcome.UNREADABLE, Outcome.DONE, Outcome.UNREADABLE]


def test_its_own_events_are_its_start_and_no_more():
    bench = Bench()
    play(bench)
    events = [CODEC.decode(it.value, AuditEvent) for it in bench.broker.committed("audit.platform")]
    assert [event.type for event in events] == [EventType.PROCESS_STARTED]
