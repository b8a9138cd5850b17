from __future__ import annotations

import re

import pytest

from deploy.alerting import UNREADABLE, alerts, shipped_up_to, standing, told
from deploy.compliance import Compliance
from deploy.local.endpoints import Endpoints
from schemas.alerts import Alert, Severity
from schemas.codec import Codec, FixedIds
from schemas.matching import STANDING, MatchingStanding
from schemas.vault_log import READ_UP_TO, USE, ReadUpTo
from streams.audit.two_sided import UNANNOUNCED
from streams.engine.messages import Outgoing
from tests.simulation.broker import Broker, MemoryLog
from tests.streams.audit.test_two_sided import START, decrypt, viewed
from topology.loading import load_topology

CODEC = Codec(FixedIds())
TOPOLOGY = load_topology()


@pytest.fixture
def broker():
    audit = {f"audit.{name}": it.partitions for name, it in TOPOLOGY.projects.items()}
    told = {f"alerts.{name}": it.partitions for name, it in TOPOLOGY.projects.items()}
    single = ("audit.platform", "alerts.platform", "checkpoints", "vault-log", "matching")
    return Broker({**audit, **told, **dict.fromkeys(single, 1)})


@pytest.fixture
def seen(broker):
    return Compliance(TOPOLOGY, MemoryLog(broker), CODEC, FixedIds(), Endpoints(None, None, None, "tests"))


def write(broker, topic: str, key: str, record: object) -> None:
    broker.append(Outgoing(topic, key.encode(), CODEC.encode(record)))


def test_what_was_told_and_what_would_be_told_are_alerts(broker, seen):
    told_already = Alert("a" * 32, "some-rule", Severity.NOTICE, "person/ada", START, START)
    write(broker, "alerts.demo", told_already.alert_id, told_already)
    write(broker, "vault-log", f"{USE}d1", decrypt(START, 1))
    write(broker, "vault-log", f"{USE}d2", decrypt(START + 1, 2))
    write(broker, "audit.demo", "label.demo.0", viewed(START, 1))
    found = alerts(seen)
    assert {it.rule for it in found.values()} == {"some-rule", UNANNOUNCED}
    assert [it.details["request"] for it in found.values() if it.rule == UNANNOUNCED] == ["d2"]


def test_each_alert_that_was_told_is_of_a_project_or_of_the_platform(broker, seen):
    for place in ("demo", "platform"):
        one = Alert("a" * 32, "repeated-denials", Severity.WARNING, "person/ada", START, START)
        write(broker, f"alerts.{place}", one.alert_id, one)
    assert [(place, it.rule) for place, it in told(seen)] == [
        ("demo", "repeated-denials"),
        ("platform", "repeated-denials"),
    ]


def test_a_record_that_is_no_alert_hides_none_and_is_one(broker, seen):
    broker.append(Outgoing("alerts.demo", b"junk", b"no alert of anybody"))
    one = Alert("a" * 32, "repeated-denials", Severity.WARNING, "person/ada", START, START)
    write(broker, "alerts.platform", one.alert_id, one)
    (_, junk), (_, after) = told(seen)
    assert (junk.rule, junk.severity, junk.evidence, junk.details) == (UNREADABLE, Severity.CRITICAL, (), {})
    assert re.fullmatch(r"message/alerts\.demo/\d/0", junk.subject), "its place, and nothing of what it holds"
    assert after == one
    assert set(alerts(seen)) == {junk.alert_id, one.alert_id}


def test_where_nothing_has_happened_there_is_none(seen):
    assert alerts(seen) == {}
    assert shipped_up_to(seen) == 0


def test_the_latest_word_of_the_shipper_counts(broker, seen):
    for time in (3, 9, 7):
        write(broker, "vault-log", READ_UP_TO, ReadUpTo(time))
    assert shipped_up_to(seen) == 9


def test_the_matchers_latest_standing_counts(broker, seen):
    assert standing(seen) is None
    for at in (1, 2):
        write(broker, "matching", STANDING, MatchingStanding(at, 0, 0, 0, 0, {"login": at}))
    assert standing(seen) == MatchingStanding(2, 0, 0, 0, 0, {"login": 2})
