from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from streams.label import gate as gates
from streams.label.gate import NOBODY, Gate
from tests.streams.label.conftest import ManualClock
from topology.permissions import Action, Asked, Denial, Permissions
from topology.project import Persons, Project
from topology.qualifications import Qualification

PROJECT = Project("demo", "tests", 1, {}, Persons((), (), ("olga",), ("ann",), (), {"triage-ui": ("ann",)}))
LEASE = Asked("ann", Action.LEASE)


class Entrance:
    """A gate, its project and how often the rules were asked."""

    def __init__(self, monkeypatch):
        self.clock, self.now, self.asked = ManualClock(), PROJECT, 0
        self.gate = Gate(lambda: self.now, self.clock)
        decide = Permissions.decide

        def counted(permissions, asked, now):
            self.asked += 1
            return decide(permissions, asked, now)

        monkeypatch.setattr(Permissions, "decide", counted)


@pytest.fixture
def entrance(monkeypatch):
    return Entrance(monkeypatch)


def test_same_question_is_decided_once_a_minute(entrance):
    for _ in range(3):
        assert entrance.gate.decide(LEASE).allowed
    assert entrance.asked == 1
    entrance.clock.ms += 60_000
    assert entrance.gate.decide(LEASE).allowed
    assert entrance.asked == 2


@pytest.mark.parametrize("other", [{"action": Action.LABEL}, {"issuer": "eve"}, {"devices": frozenset({"a"})}])
def test_other_question_is_another_decision(entrance, other):
    entrance.gate.decide(LEASE)
    entrance.gate.decide(replace(LEASE, **other))
    assert entrance.asked == 2


def test_who_is_revoked_is_refused_at_once_and_so_is_a_token_of_theirs():
    revoked = set()
    gate = Gate(lambda: PROJECT, ManualClock(), revoked.__contains__)
    by_app = replace(LEASE, issuer="triage-ui")
    assert gate.decide(LEASE).allowed
    assert gate.decide(by_app).allowed
    revoked.add("triage-ui")
    assert gate.decide(LEASE).allowed
    assert gate.decide(by_app).reason is Denial.REVOKED
    revoked.add("ann")
    assert gate.decide(LEASE).rules == ("revoked",)
    revoked.clear()
    assert gate.decide(by_app).allowed


def test_changed_file_is_decided_by_at_once(entrance):
    assert entrance.gate.decide(LEASE).allowed
    entrance.now = replace(PROJECT, persons=Persons((), (), (), ()))
    assert not entrance.gate.decide(LEASE).allowed


def test_training_ends_with_its_day_although_decisions_are_remembered(entrance):
    entrance.now = replace(PROJECT, qualifications={"ann": Qualification(datetime(2027, 3, 1, tzinfo=UTC).date())})
    midnight = int(datetime(2027, 3, 2, tzinfo=UTC).timestamp() * 1000)
    entrance.clock.ms = midnight - 1
    assert entrance.gate.decide(LEASE).allowed
    entrance.clock.ms = midnight
    assert entrance.gate.decide(LEASE).reason is Denial.NOT_TRAINED


def test_while_the_file_can_not_be_read_nothing_is_allowed(entrance):
    entrance.gate.decide(LEASE)
    entrance.now = None
    assert entrance.gate.decide(LEASE) is NOBODY
    assert entrance.gate.project() is None
    entrance.now = PROJECT
    assert entrance.gate.decide(LEASE).allowed


def test_memory_is_bounded_and_what_does_not_fit_is_decided_all_the_same(entrance, monkeypatch):
    monkeypatch.setattr(gates, "KEPT", 2)
    people = [Asked(f"p-{one}", Action.LEASE) for one in range(5)]
    assert not any(entrance.gate.decide(one).allowed for one in people)
    assert len(entrance.gate._known) == 2
    assert entrance.gate.decide(LEASE).allowed


@pytest.mark.parametrize(
    ("issuer", "client"),
    [("", "browser"), ("triage-ui", "app triage-ui"), ("olga", "operator olga"), ("eve", "unknown eve")],
)
def test_what_somebody_calls_with_is_named(entrance, issuer, client):
    assert entrance.gate.client(issuer) == client
