"""What the starter says where its login is told to be used up again and again: one alert for each handing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from deploy import starting
from deploy.starting import Starter
from deploy.supervise.restarts import STOLEN
from schemas.audit import EventType
from topology.identity import Identity

KEEPER = Identity("keeper", "demo")


@pytest.fixture
def said(monkeypatch):
    """What stands on the audit, of a starter whose Vault and Kafka are stand-ins."""
    written: list[EventType] = []
    around = SimpleNamespace(vault=SimpleNamespace(session=None), close=lambda: None)
    monkeypatch.setattr(starting, "handed_by_administrator", lambda *_: None)
    monkeypatch.setattr(starting, "surroundings", lambda *_, **__: around)
    monkeypatch.setattr(starting, "hand", lambda *_: "token")
    monkeypatch.setattr(
        starting, "act", lambda _around, _outputs, events: written.extend(it.type for it in events)
    )
    return written


def test_a_slot_that_tells_it_a_thousand_times_raises_one_alert_a_handing(said, tmp_path):
    starter = Starter(tmp_path, None, None, lambda: 0.0)
    for _ in range(2):
        starter.hand(KEEPER, "keeper.demo.0")
        for _ in range(1000):
            starter.ended(KEEPER, "keeper.demo.0", STOLEN)
    starter.stop()
    assert said.count(EventType.LOGIN_STOLEN) == 2


def test_what_is_told_of_one_slot_leaves_the_others_as_they_were(said, tmp_path):
    starter = Starter(tmp_path, None, None, lambda: 0.0)
    for slot in ("keeper.demo.0", "keeper.demo.1"):
        starter.hand(KEEPER, slot)
    for slot in ("keeper.demo.0", "keeper.demo.0", "keeper.demo.1"):
        starter.ended(KEEPER, slot, STOLEN)
    starter.stop()
    assert said.count(EventType.LOGIN_STOLEN) == 2
