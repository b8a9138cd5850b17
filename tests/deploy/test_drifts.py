from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from deploy import drifts
from deploy.cli.app import app
from schemas.audit import AuditEvent
from streams.decide.charts import Alarm
from streams.decide.drift_book import drifted

ALARM = Alarm("label/COMPLAINT", 0.02, 0.41, 31, 1_700_000_000_000)


def event(person: str = "ann-1") -> AuditEvent:
    """As decide writes it, in a chain."""
    told = drifted(person, ALARM)
    return AuditEvent(
        slot="decide.demo.0",
        epoch=1,
        sequence=7,
        previous=b"",
        process="decide.demo",
        time=1_700_000_500_000,
        type=told.type,
        resource=told.resource,
        outcome=told.outcome,
        decision=told.decision,
        person=told.person,
        purpose=told.purpose,
        reason=told.reason,
        bundle=told.bundle,
        parents=told.parents,
        batch=None,
        certificate=None,
        details=told.details,
    )


def test_what_decide_tells_is_read_back() -> None:
    found = drifts.drift_of(event())
    assert (found.person, found.signal, found.usual, found.level) == (
        "ann-1",
        "label/COMPLAINT",
        "0.0200",
        "0.4100",
    )
    assert (found.answers, found.since, found.time) == ("31", ALARM.since, 1_700_000_500_000)


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_shows_person_signal_and_levels(monkeypatch, as_json) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(drifts, "drifts", lambda root, project, person: [drifts.drift_of(event())])
    result = CliRunner().invoke(app, ["label", "drift", *(["--json"] if as_json else [])])
    assert result.exit_code == 0
    if as_json:
        assert json.loads(result.stdout)["drifts"][0]["person"] == "ann-1"
    else:
        assert "label/COMPLAINT" in result.stdout
        assert "2023-11-14 22:13" in result.stdout
        assert "0.0200" in result.stdout
        assert "0.4100" in result.stdout


def test_the_command_says_so_where_nobody_has_changed(monkeypatch) -> None:
    monkeypatch.setattr(drifts, "drifts", lambda root, project, person: [])
    assert "Nobody" in CliRunner().invoke(app, ["label", "drift"]).stdout
