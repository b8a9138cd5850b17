"""What signed `control` does to the whole: policies that change amid faults, minimums, freezes, reviews."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from schemas.audit import AuditEvent, EventType, RawOutcome
from schemas.control import ControlKind, Freezable, FreezeReason, freeze_body, lift_body
from schemas.records import Task
from streams.audit.reconcile import reconcile
from streams.engine.health import Condition
from streams.engine.messages import Outgoing
from streams.redact.bundle import bundle_of
from tests.simulation.people import Person
from tests.simulation.world import POLICY, PROJECT, CanaryDetector, Seat, World
from topology.policies import Policy, policy_bytes
from topology.policies.canonical import with_hash
from vault.signing import sign_control

SEEDS = range(1, 61)
SECOND = with_hash(replace(POLICY, version=2, overlap=2))
BUNDLES = {bundle_of(policy, CanaryDetector()).hash: policy for policy in (POLICY, SECOND)}
DAY_MS = 86_400_000
DUE = int(dt.datetime.fromisoformat(f"{POLICY.review_by}T00:00:00+00:00").timestamp() * 1000)


class Ruled:
    """A world of which redact runs, and who signs there."""

    def __init__(self, seed: int = 1, rate: float = 0.0) -> None:
        self.world = World(seed, rate=rate)
        self.redact = [seat for seat in self.world.seats if seat.role == "redact"]

    def order(self, kind: ControlKind, target: str, signer: str, body: bytes) -> None:
        world = self.world
        key = "/".join(part for part in (kind.value, PROJECT, target, signer) if part)
        now = world.clock.now()
        state = sign_control(world.vault, signer, key=key, version=now, kind=kind, body=body, now=now)
        world.broker.append(Outgoing("control", key.encode(), world.codec.encode(state)))
        world.clock.wait(0.001)

    def publish_policy(self, policy: Policy) -> None:
        for signer in ("ada", "grace"):
            self.order(ControlKind.POLICY, policy.hash, signer, policy_bytes(policy))

    def require(self, version: int) -> None:
        for signer in ("ada", "grace"):
            self.order(ControlKind.MINIMUM, str(version), signer, b"{}")

    def freeze(self, signer: str, *stages: Freezable) -> None:
        self.order(ControlKind.FREEZE, "", signer, freeze_body(stages, FreezeReason.REHEARSAL))

    def resume(self, frozen_by: str, *signers: str) -> None:
        for signer in signers:
            self.order(ControlKind.LIFT, frozen_by, signer, lift_body(self.world.clock.now()))

    def records(self, count: int) -> None:
        on, self.world.faults.on = self.world.faults.on, False
        for _ in range(count):
            self.world.publish()
        self.world.faults.on = on

    def run(self, rounds: int = 8) -> None:
        for _ in range(rounds):
            for seat in self.redact:
                self.world.step(seat)
            self.world.clock.wait(0.2)

    def storm(self, moves: int) -> None:
        random = self.world.random
        for _ in range(moves):
            seat, move = random.choice(self.redact), random.random()
            if move < 0.8:
                self.world.step(seat)
            elif move < 0.88:
                self.world.replace(seat)
            elif move < 0.94:
                self.world.disturb(seat)
            elif seat.zombies:
                self.world.step_zombie(seat)

    def calm(self) -> None:
        self.world.faults.on = False
        for seat in self.redact:
            seat.zombies.clear()
        self.run(40)

    def read(self, kind: str, record_type: type[Any]) -> list[Any]:
        committed = self.world.broker.committed(f"{kind}.{PROJECT}")
        return [self.world.codec.decode(message.value, record_type) for message in committed if message.value]

    @property
    def tasks(self) -> list[Task]:
        return self.read("tasks", Task)

    @property
    def events(self) -> list[AuditEvent]:
        return sorted(self.read("audit", AuditEvent), key=lambda event: (event.slot, event.sequence))

    def health(self, seat: Seat | None = None) -> tuple[Condition, str]:
        loop = (seat or self.redact[0]).loop
        assert loop is not None
        return loop._health.read()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_policy_that_changes_amid_faults_loses_nothing_and_every_task_names_its_bundle(seed: int) -> None:
    ruled = Ruled(seed, rate=0.02)
    ruled.publish_policy(POLICY)
    ruled.records(4)
    ruled.storm(25)
    ruled.publish_policy(SECOND)
    ruled.records(4)
    ruled.storm(25)
    ruled.calm()
    result = reconcile(ruled.events, PROJECT)
    assert result.holds, result.findings
    assert result.records == 8
    tasks = {task.task_id: task for task in ruled.tasks}
    adopted: dict[tuple[str, int], str] = {}
    for event in ruled.events:
        if event.type is EventType.BUNDLE_ADOPTED:
            adopted[event.slot, event.epoch] = event.bundle
        elif event.batch is not None:
            assert adopted[event.slot, event.epoch] == event.bundle
            named = [one.task_id for one in event.batch.outcomes if one.outcome is RawOutcome.TASK]
            for task_id in named:
                task = tasks.pop(task_id)
                assert (task.bundle, task.policy) == (event.bundle, BUNDLES[event.bundle].hash)
                assert task.overlap == BUNDLES[event.bundle].overlap
    assert tasks == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_slot_has_acknowledged_a_policy_it_releases_nothing_by_an_older_one(seed: int) -> None:
    ruled = Ruled(seed, rate=0.02)
    ruled.publish_policy(POLICY)
    ruled.records(3)
    ruled.storm(20)
    ruled.publish_policy(SECOND)
    ruled.records(3)
    ruled.storm(20)
    ruled.calm()
    heard: dict[str, int] = {}
    for event in ruled.events:
        if event.type is EventType.CONTROL_APPLIED:
            heard[event.slot] = max(heard.get(event.slot, 0), 2 if SECOND.hash in event.resource else 1)
        elif event.batch is not None:
            assert BUNDLES[event.bundle].version >= heard[event.slot]
    assert heard == {event.slot: 2 for event in ruled.events}
    result = reconcile(ruled.events, PROJECT)
    assert result.holds, result.findings
    assert result.records == 6


def test_a_frozen_redact_holds_raw_records_says_so_and_loses_none() -> None:
    ruled = Ruled()
    ruled.publish_policy(POLICY)
    ruled.records(2)
    ruled.run()
    before = len(ruled.tasks)
    ruled.freeze("olga", *Freezable)
    ruled.freeze("grace", Freezable.REDACT)
    ruled.run()
    ruled.records(3)
    ruled.run()
    assert len(ruled.tasks) == before
    assert ruled.health()[0] is Condition.WORKING
    assert "frozen by grace and olga" in ruled.health()[1]
    ruled.resume("olga", "olga", "grace")
    ruled.resume("grace", "grace")
    ruled.run()
    assert len(ruled.tasks) == before
    ruled.resume("grace", "olga")
    ruled.run()
    assert ruled.health() == (Condition.WORKING, "")
    assert reconcile(ruled.events, PROJECT).records == 5


def test_a_freeze_survives_a_restart() -> None:
    ruled = Ruled()
    ruled.publish_policy(POLICY)
    ruled.freeze("olga", Freezable.REDACT)
    ruled.records(3)
    for seat in ruled.redact:
        ruled.world.replace(seat)
        seat.zombies.clear()
    ruled.run()
    assert ruled.tasks == []
    assert "frozen by olga" in ruled.health()[1]


def test_a_frozen_label_gives_no_new_lease() -> None:
    ruled = Ruled()
    ruled.publish_policy(POLICY)
    ruled.records(3)
    ruled.run()
    label = next(seat for seat in ruled.world.seats if seat.role == "label")
    ruled.freeze("olga", Freezable.LABEL)
    person = Person("ann-1", ruled.world.random)
    for _ in range(8):
        person.ask(ruled.world.waiting.requests)
        ruled.world.step(label)
    assert person.views == []
    assert "frozen by olga" in ruled.health(label)[1]
    ruled.resume("olga", "olga", "grace")
    for _ in range(8):
        person.ask(ruled.world.waiting.requests)
        ruled.world.step(label)
    assert person.views != []


def test_below_the_minimum_nothing_is_released_until_a_higher_version_is_published() -> None:
    ruled = Ruled()
    ruled.publish_policy(POLICY)
    ruled.require(2)
    ruled.records(3)
    ruled.run()
    assert ruled.tasks == []
    ruled.publish_policy(POLICY)
    ruled.run()
    assert ruled.tasks == []
    ruled.publish_policy(SECOND)
    ruled.run()
    assert {task.policy for task in ruled.tasks} == {SECOND.hash}
    assert reconcile(ruled.events, PROJECT).records == 3


def test_a_review_warns_a_month_before_and_freezes_after_its_day() -> None:
    ruled = Ruled()
    world = ruled.world
    ruled.publish_policy(POLICY)
    ruled.records(1)
    world.clock.ms = DUE - 40 * DAY_MS
    ruled.run()
    assert ruled.health() == (Condition.WORKING, "")
    world.clock.ms = DUE - 30 * DAY_MS
    ruled.run()
    assert f"has to be reviewed by {POLICY.review_by}, in 30 days" in ruled.health()[1]
    before = len(ruled.tasks)
    world.clock.ms = DUE + DAY_MS
    ruled.records(4)
    ruled.run()
    assert len(ruled.tasks) == before
    assert "was due by" in ruled.health()[1]
    ruled.publish_policy(with_hash(replace(SECOND, review_by="2099-12-31")))
    ruled.run()
    assert ruled.health() == (Condition.WORKING, "")
    assert reconcile(ruled.events, PROJECT).records == 5
