from __future__ import annotations

from dataclasses import replace

import pytest
from fastavro.types import Schema

from schemas.audit import EventType
from schemas.codec import Codec, FixedIds
from schemas.control import ControlKind
from schemas.errors import Reason, RegistryUnavailable
from schemas.records import ControlState
from streams.engine.control_reader import STALE_AFTER_S, ControlReader
from streams.engine.log import Follower
from streams.engine.messages import Message, Outgoing
from tests.simulation.broker import Broker, MemoryFollower, MemoryLog
from tests.simulation.vault import MemoryVault, VaultStore
from tests.simulation.world import TOPOLOGY, SimulatedClock
from topology.access import signers
from topology.control import ControlBook
from topology.pins import Pins
from vault.signing import sign_control

VAULT = MemoryVault(VaultStore(auto_keys=True), "demo")
PINS = Pins({who.signer: VAULT.public_key(who.sign_key) for who in signers(TOPOLOGY)})
CODEC = Codec(FixedIds())
TASK = "0123456789abcdef0123456789abcdef"


class Desk:
    """A reader with its `control` topic."""

    def __init__(self) -> None:
        self.broker = Broker({"control": 1})
        self.clock = SimulatedClock()
        self.book = ControlBook(TOPOLOGY.flow, PINS, TOPOLOGY.projects)
        self.reader = ControlReader(
            MemoryLog(self.broker).follow(["control"]), self.book, CODEC, self.clock, "demo"
        )

    def put(self, key: str, state: ControlState | None) -> None:
        self.broker.append(Outgoing("control", key.encode(), CODEC.encode(state) if state else None))


def withdrawal(version: int = 1, signer: str = "olga") -> ControlState:
    key = f"withdraw/demo/{TASK}/{signer}"
    kind = ControlKind.WITHDRAW
    return sign_control(VAULT, signer, key=key, version=version, kind=kind, body=b"{}", now=1)


def test_a_signed_order_is_acknowledged_until_it_is_committed() -> None:
    desk = Desk()
    desk.put(withdrawal().key, withdrawal())
    for _ in range(2):
        news = desk.reader.poll()
        assert news.changed == (f"withdraw/demo/{TASK}",)
        assert [event.type for event in news.events] == [EventType.CONTROL_APPLIED]
    desk.reader.acknowledged()
    assert desk.reader.poll().events == ()
    assert desk.book.is_withdrawn("demo", TASK)


def test_of_two_who_order_the_same_at_once_each_is_answered_under_their_own_key() -> None:
    desk = Desk()
    orders = [withdrawal(), withdrawal(7, "contain.demo")]
    for order in orders:
        desk.put(order.key, order)
    news = desk.reader.poll()
    assert [event.details for event in news.events] == [
        {"key": one.key, "version": str(one.version)} for one in orders
    ]


def test_a_reader_for_all_projects_has_news_of_the_kinds_that_it_obeys() -> None:
    desk = Desk()
    for everywhere, changed in (({ControlKind.WITHDRAW}, (f"withdraw/demo/{TASK}",)), ({ControlKind.FREEZE}, ())):
        book = ControlBook(TOPOLOGY.flow, PINS, TOPOLOGY.projects)
        follower = MemoryLog(desk.broker).follow(["control"])
        reader = ControlReader(follower, book, CODEC, desk.clock, "platform", everywhere)
        desk.put(withdrawal().key, withdrawal())
        assert reader.poll().changed == changed
        assert book.is_withdrawn("demo", TASK)


def test_what_is_not_signed_changes_nothing_and_is_on_the_audit_without_its_key() -> None:
    desk = Desk()
    state = withdrawal()
    desk.put(state.key, replace(state, signature=b""))
    desk.put(state.key, replace(state, signature=bytes(64)))
    desk.put("Jane Doe's diagnosis", None)
    desk.broker.append(Outgoing("control", b"Jane Doe", b"no record"))
    news = desk.reader.poll()
    assert [event.reason for event in news.events] == [
        Reason.UNSIGNED,
        Reason.BAD_SIGNATURE,
        Reason.TOMBSTONE_IGNORED,
        Reason.UNDECODABLE,
    ]
    assert [event.details for event in news.events] == [{"written": str(desk.broker.now)}] * 4
    assert news.changed == ()
    assert "Jane" not in repr(news)
    assert not desk.book.is_withdrawn("demo", TASK)


def test_a_reader_that_cannot_reach_the_end_is_stale_after_thirty_seconds() -> None:
    desk = Desk()
    assert desk.reader.fresh()
    desk.put(withdrawal().key, withdrawal())
    desk.clock.wait(STALE_AFTER_S - 1)
    assert desk.reader.fresh()
    desk.clock.wait(2)
    assert not desk.reader.fresh()
    desk.reader.poll()
    desk.clock.wait(5)
    assert desk.reader.fresh()


def test_a_reader_that_keeps_up_is_never_stale_however_often_something_comes() -> None:
    """Something is always left when it looks; on Kafka the marker behind the latest record, if nothing else."""
    desk = Desk()
    for version in range(1, 3 * int(STALE_AFTER_S)):
        desk.put(withdrawal().key, withdrawal(version))
        assert desk.reader.fresh() or version == 1
        desk.clock.wait(1)
        desk.reader.poll()


def test_a_reader_that_stays_behind_is_stale_though_it_reads_all_the_time() -> None:
    """What it has taken up by then was there more than thirty seconds ago."""
    desk, behind = Desk(), 40
    for version in range(1, behind):
        desk.put(withdrawal().key, withdrawal(version))
    slow = SlowFollower(MemoryLog(desk.broker).follow(["control"]))
    reader = ControlReader(slow, desk.book, CODEC, desk.clock, "demo")
    for version in range(behind, 3 * behind):
        assert not reader.fresh()
        desk.put(withdrawal().key, withdrawal(version))
        desk.clock.wait(1)
        reader.poll()


def test_what_was_read_while_the_registry_was_away_is_taken_up_when_it_is_back() -> None:
    desk = Desk()
    desk.put(withdrawal().key, withdrawal())
    registry = RegistryThatFails()
    reader = ControlReader(
        MemoryLog(desk.broker).follow(["control"]), desk.book, Codec(registry), desk.clock, "demo"
    )
    with pytest.raises(RegistryUnavailable):
        reader.poll()
    assert not reader.fresh(), "what is not understood yet is not heard"
    registry.away = False
    assert reader.poll().changed == (f"withdraw/demo/{TASK}",)
    assert reader.fresh()
    assert desk.book.is_withdrawn("demo", TASK)


class SlowFollower:
    """Gives one record a look."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self.ends, self.passed, self.at_end, self.close = (
            follower.ends,
            follower.passed,
            follower.at_end,
            follower.close,
        )

    def poll(self, limit: int, timeout: float) -> list[Message]:
        return self._follower.poll(min(limit, 1), timeout)


class RegistryThatFails(FixedIds):
    """Away until told otherwise."""

    away = True

    def schema_of(self, schema_id: int) -> Schema:
        if self.away:
            raise RegistryUnavailable("away")
        return super().schema_of(schema_id)


def test_it_waits_for_news_only_where_none_waits_to_be_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, waited = Desk(), list[float]()
    plain = MemoryFollower.poll

    def poll(self: MemoryFollower, limit: int, timeout: float) -> list[Message]:
        waited.append(timeout)
        return plain(self, limit, timeout)

    monkeypatch.setattr(MemoryFollower, "poll", poll)
    desk.reader.poll(0.25)
    desk.put(withdrawal().key, withdrawal())
    for _ in range(2):
        assert desk.reader.poll(0.25).events
    desk.reader.acknowledged()
    desk.reader.poll(0.25)
    assert waited == [0.25, 0.25, 0, 0.25]
