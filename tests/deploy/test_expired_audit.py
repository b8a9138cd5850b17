"""Account, export and the checks of a restore, once the audit's own retention has taken its beginning."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest

from deploy.backup import proving
from deploy.backup.rebuilding import expired
from deploy.compliance import Compliance
from deploy.local.endpoints import Endpoints
from schemas import cloudevents
from schemas.codec import FixedIds
from streams.audit.findings import FindingKind
from streams.engine.messages import Message, TopicPartition
from tests.deploy.backup.test_manifest import MANIFEST
from tests.simulation.broker import Broker, Entry, MemoryLog
from tests.streams.audit.generate import PROJECT, random_world
from tests.streams.audit.memory_audit import CODEC, PINS, MemoryAudit
from topology.loading import Topology, load_topology
from topology.pins import Pins

TOPIC = f"audit.{PROJECT}"


class Installation:
    """A project's audit on the simulated broker, all of it sealed, and compliance's view of it."""

    def __init__(self) -> None:
        packaged = load_topology()
        projects = {PROJECT: packaged.projects[PROJECT]}
        self.topology = Topology(projects, packaged.flow, Pins(PINS))
        single = ("audit.platform", "checkpoints")
        self.broker = Broker({TOPIC: projects[PROJECT].partitions, **dict.fromkeys(single, 1)})
        placed = list(random_world(11, batches=8).placed())
        for it in placed:
            headers = dict(cloudevents.headers(it.event))
            self._write(TOPIC, it.partition, it.event.slot.encode(), CODEC.encode(it.event), headers)
        self.events = len(placed)
        entries = self.broker.partitions
        sealed = MemoryAudit(
            {place: [it.message.value for it in found] for place, found in entries.items() if found}
        )
        for origin, note in sealed.checkpoints().items():
            self._write("checkpoints", 0, origin.encode(), note)
        endpoints = Endpoints(None, None, None, "veilstream-test")
        self.seen = Compliance(self.topology, MemoryLog(self.broker), CODEC, FixedIds(), endpoints)

    def _write(self, topic: str, partition: int, key: bytes, value: bytes | None, headers=None) -> None:
        entries = self.broker.partitions[TopicPartition(topic, partition)]
        entries.append(Entry(Message(topic, partition, len(entries), key, value, headers or {}, 0)))

    def age(self, part: float) -> set[str]:
        """The oldest events of each partition expire; those partitions."""
        events = sorted(self.event_times())
        before = events[int(len(events) * part)]
        for place in self.broker.partitions:
            if place.topic == TOPIC:
                self.broker.expire(place, sum(time < before for time in self.event_times(place)))
        return {f"{it.topic}/{it.partition}" for it, first in self.broker.firsts.items() if first}

    def event_times(self, place: TopicPartition | None = None) -> list[int]:
        found = self.broker.committed(TOPIC) if place is None else list(self.broker.slice(place, 0))
        return [reading.event.time for reading in proving.Reader(CODEC).placed(found)]


@pytest.fixture
def installation():
    return Installation()


def test_nothing_has_expired_and_all_holds(installation):
    account = installation.seen.account(PROJECT, None)
    assert (account.findings, account.expired) == ((), ())


def test_account_holds_and_says_what_is_not_here(installation):
    late = installation.age(1 / 3)
    account = installation.seen.account(PROJECT, None)
    assert account.findings == ()
    assert late <= {it.where for it in account.expired}
    assert {it.kind for it in account.expired} == {FindingKind.EXPIRED}
    assert account.reconciliation.expired > 0
    assert account.reconciliation.events < installation.events


def test_an_event_that_is_missing_in_what_is_left_is_found(installation):
    installation.age(1 / 3)
    place = max(installation.broker.partitions, key=lambda it: len(installation.broker.partitions[it]))
    installation.broker.partitions[place][-3].aborted = True
    assert FindingKind.SEQUENCE in {it.kind for it in installation.seen.account(PROJECT, None).findings}


@pytest.mark.parametrize("part", [0, 1 / 3])
def test_restore_holds_and_notes_what_has_expired(installation, monkeypatch, tmp_path, part):
    late = installation.age(part)
    monkeypatch.setattr(proving, "compliance", lambda _: nullcontext(installation.seen))
    checks = {it.name: it for it in proving.audits(tmp_path, Pins(PINS))}
    assert [it.failures for it in checks.values()] == [(), ()]
    assert bool(checks[f"{PROJECT}: reconcile"].notes) == bool(late)
    assert len(checks["audit verify"].notes) == len(late)


def test_restored_partitions_begin_after_the_first_offset_where_their_beginning_had_expired():
    manifest = replace(MANIFEST, offsets={TOPIC: ((0, 7), (90_000, 90_010), (1, 1))})
    assert expired(manifest, TOPIC) == (0, 1, 1)
    assert expired(manifest, "audit.other") == ()
