"""Which alerts an incident may be about, and which of them its evidence holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.compliance import Compliance
from deploy.incidents import alert_of
from deploy.local.endpoints import Endpoints
from deploy.preserving import alerts_for
from schemas.alerts import Alert, Severity
from schemas.codec import Codec, FixedIds
from schemas.errors import ConfigError
from streams.audit.incidents import Incident, Said
from streams.engine.messages import Outgoing
from tests.simulation.broker import Broker, MemoryLog
from tests.topology.test_control import TOPOLOGY as PACKAGED
from topology.loading import parse_project

CODEC = Codec(FixedIds())
OTHER = """
name: other
owner: the tests of Veilstream
persons: {authors: [rob], approvers: [rita], operators: [roy], annotators: [ray, ann-1]}
"""
TOPOLOGY = replace(PACKAGED, projects={**PACKAGED.projects, "other": parse_project(OTHER, "test", PACKAGED.flow)})


@pytest.fixture
def broker():
    return Broker(dict.fromkeys(("alerts.demo", "alerts.other", "alerts.platform"), 1))


@pytest.fixture
def seen(broker):
    return Compliance(TOPOLOGY, MemoryLog(broker), CODEC, FixedIds(), Endpoints(None, None, None, "tests"))


def tell(broker, place: str, digit: str, subject: str, **details: str) -> Alert:
    one = Alert(digit * 32, "enumeration", Severity.CRITICAL, subject, 1, 2, (), details)
    broker.append(Outgoing(f"alerts.{place}", one.alert_id.encode(), CODEC.encode(one)))
    return one


@pytest.mark.parametrize(
    ("place", "subject"),
    [
        ("demo", "person/ann-1"),
        ("platform", "person/ann-1"),
        ("platform", "person/whom-no-project-names"),
        ("platform", "message/control/0/7"),
    ],
)
def test_an_incident_is_about_an_alert_of_its_project_or_of_the_platform(broker, seen, place, subject):
    broker.append(Outgoing(f"alerts.{place}", b"k", b"no alert"))
    one = tell(broker, place, "a", subject)
    assert alert_of(seen, "demo", "a" * 8) == one


@pytest.mark.parametrize(("subject", "identity"), [("person/ray", ""), ("kafka/person.ray/read", "person.ray")])
def test_an_alert_about_somebody_of_another_project_is_that_ones(broker, seen, subject, identity):
    one = tell(broker, "platform", "a", subject, **({"identity": identity} if identity else {}))
    with pytest.raises(ConfigError, match="nobody of demo; it is of other"):
        alert_of(seen, "demo", "a" * 8)
    assert alert_of(seen, "other", "a" * 8) == one


@pytest.mark.parametrize("prefix", ["b" * 8, "a" * 7, ""])
def test_an_id_that_no_alert_has_or_that_is_too_short_is_refused(broker, seen, prefix):
    tell(broker, "platform", "a", "person/ann-1")
    with pytest.raises(ConfigError, match="no alert has an id"):
        alert_of(seen, "demo", prefix)


def test_evidence_holds_the_projects_alerts_and_of_the_platforms_the_one_that_it_is_about(broker, seen):
    own, about = tell(broker, "demo", "a", "person/ann-1"), tell(broker, "platform", "b", "person/ann-1")
    tell(broker, "platform", "c", "person/ray")
    tell(broker, "other", "d", "person/ray")
    incident = Incident("2026-11-26-00000000", Said("olga", 3), "stolen-account", 1, about.alert_id)
    assert list(alerts_for(seen, "demo", incident)) == [own, about]
