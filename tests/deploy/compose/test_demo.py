"""What the cluster's demo says of each kill, to people and in its file."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from deploy.compose import demo
from deploy.compose.faults import Fault
from deploy.compose.recovery import recovery
from deploy.compose.running import Settings
from tests.demo.test_screen import EXAMPLE, REPORT

STEADY = recovery("label leases tasks", [0.4, 0.9, 9.0, *(9.0 + n / 2 for n in range(30))], 0.0)
UNSTEADY = recovery("records are published", [1.5 * n for n in range(1, 20)], 0.0)
FAULT = Fault("kafka-2", "a broker", 0.31, (STEADY, UNSTEADY), 41.5, {"200": 90, "503": 4}, {"label.demo.0": 1})


@pytest.fixture
def performed(monkeypatch):
    """The demo, without what it runs on."""

    def perform(folder, screen, ground, later):
        folder.mkdir(parents=True)
        ground(None, screen)
        return REPORT, EXAMPLE, []

    monkeypatch.setattr(demo, "perform", perform)
    monkeypatch.setattr(demo, "_ground", lambda *args: args[-1].append(SimpleNamespace(found=[FAULT])))


def test_recovery_times_are_printed_and_kept_in_a_file(performed, tmp_path, capsys):
    assert demo.main(tmp_path, Settings()) == demo.OK
    said = " ".join(capsys.readouterr().out.split())
    assert "kafka-2 (a broker) killed by SIGKILL" in said
    assert "label leases tasks first 0.4; longest gap 8.1; no gap over 1 s from 9.0 to 23.5" in said
    assert "records are published first 1.5; longest gap 1.5; gaps over 1 s to the end of looking (28.5)" in said
    assert "all copies are in sync after 41.5 s" in said
    assert "90 × 200, 4 × 503; ended by themselves: label.demo.0 (1)" in said
    (kept,) = json.loads((tmp_path / demo.FOLDER / demo.RECOVERIES).read_text())
    assert [it["what"] for it in kept["recoveries"]] == ["label leases tasks", "records are published"]
    assert (kept["killed"], kept["back_s"], kept["gap_bound_s"]) == ("kafka-2", 41.5, 1.0)
