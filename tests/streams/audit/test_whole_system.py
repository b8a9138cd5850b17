"""What the real stages write, under crashes and zombies, stands before every verifier."""

from __future__ import annotations

import pytest

from streams.audit.export import write_export
from streams.audit.findings import FindingKind
from streams.audit.reader import Reader
from streams.audit.reconcile import reconcile
from streams.audit.verify import verify_export
from tests.simulation import schedule
from tests.simulation.world import PROJECT, World


@pytest.fixture
def run(monkeypatch):
    """Runs a seed of the simulation; the world as it is in the end."""
    checked = schedule.check
    worlds: list[World] = []

    def keep(world: World, people: list) -> object:
        worlds.append(world)
        return checked(world, people)

    monkeypatch.setattr(schedule, "check", keep)

    def run(seed: int) -> World:
        schedule.run(seed)
        return worlds[-1]

    return run


@pytest.mark.parametrize("seed", range(1, 9))
def test_audit_of_a_simulated_schedule_verifies_offline(run, tmp_path, seed):
    world = run(seed)
    reader = Reader(world.codec)
    placed = reader.placed(world.broker.committed(f"audit.{PROJECT}"))
    write_export(tmp_path, placed, world.topology.pins.keys, PROJECT)
    verification = verify_export(tmp_path, world.topology.pins.keys)
    assert reader.findings == []
    assert verification.findings == ()
    assert verification.reconciliation.tasks > 0
    assert verification.reconciliation.unlimited == 0


def test_no_event_of_a_simulated_schedule_can_be_left_out(run):
    world = run(3)
    messages = list(world.broker.committed(f"audit.{PROJECT}"))
    events = [placed.event for placed in Reader(world.codec).placed(messages)]
    batches = [event for event in events if event.batch]
    for gone in batches:
        rest = [event for event in events if event is not gone]
        kinds = {finding.kind for finding in reconcile(rest, PROJECT).findings}
        assert kinds <= {FindingKind.GAP, FindingKind.NO_ORIGIN}
        assert kinds or not any(outcome.task_id for outcome in gone.batch.outcomes)
