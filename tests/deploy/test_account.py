"""A project's audit as compliance reads it: while everybody works, and of another time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import cast

import pytest

from deploy.compliance import Account, Compliance
from deploy.local.endpoints import Endpoints
from schemas import cloudevents
from schemas.codec import FixedIds
from streams.audit.findings import FindingKind
from streams.audit.recent import GRACE_MS
from streams.engine.kafka import KafkaLog
from streams.engine.messages import Message, TopicPartition
from tests.streams.audit.generate import PROJECT, World, cut_amid_a_transaction, pins
from tests.streams.audit.memory_audit import CODEC
from topology.loading import load_topology
from topology.pins import Pins


class Log:
    """The audit of a world, as it is on its topic. `first`: the first offset of each partition that is left."""

    def __init__(self, world: World, first: int) -> None:
        self._placed = [it for it in world.placed() if it.offset >= first]
        self._first = first

    def offsets_at(self, topic: str, _time: int) -> Mapping[TopicPartition, int]:
        return {TopicPartition(topic, it.partition): self._first for it in self._placed}

    def read(self, topic: str) -> Iterator[Message]:
        for placed in self._placed:
            event = placed.event
            headers = dict(cloudevents.headers(event))
            key, value = event.slot.encode(), CODEC.encode(event)
            yield Message(topic, placed.partition, placed.offset, key, value, headers, event.time)


@pytest.fixture
def world() -> World:
    made = World(Random(5))
    cut_amid_a_transaction(made)
    return made


def account(world: World, now: int | None, first: int = 0) -> Account:
    topology, log = replace(load_topology(), pins=Pins(pins())), cast("KafkaLog", Log(world, first))
    seen = Compliance(topology, log, CODEC, FixedIds(), Endpoints(None, None, None, "tests"))
    return seen.account(PROJECT, now)


@pytest.mark.parametrize("passed", [0, GRACE_MS // 2])
def test_a_transaction_that_is_being_written_is_awaited(world: World, passed: int) -> None:
    found = account(world, world.time + passed)
    assert (found.holds, [it.kind for it in found.awaited]) == (True, [FindingKind.UNSEALED])
    assert found.reconciliation.verdicts == 0


@pytest.mark.parametrize("now", [2 * GRACE_MS, -2 * GRACE_MS, None])
def test_one_that_cannot_be_any_more_is_a_finding(world: World, now: int | None) -> None:
    """It is too old; the reader's clock is behind, by which all could be recent; it is that of a backup."""
    found = account(world, None if now is None else world.time + now)
    assert (found.awaited, [it.kind for it in found.findings]) == ((), [FindingKind.UNSEALED])


def test_where_the_beginning_has_expired_too_that_is_noted_beside_what_is_awaited(world: World) -> None:
    found = account(world, world.time, first=1)
    assert (found.holds, [it.kind for it in found.awaited]) == (True, [FindingKind.UNSEALED])
    assert {it.kind for it in found.expired} == {FindingKind.EXPIRED}
