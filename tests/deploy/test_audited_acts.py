"""What people and tools do is on the audit under their own identity: applying the topology, publishing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.provision.parts import connected
from deploy.provisioning import apply_audited
from deploy.publishing import announcing, publishing
from deploy.surroundings import KafkaAccess, surroundings
from schemas.audit import AuditEvent, EventType
from schemas.codec import Codec
from schemas.registry import Registry
from streams.audit.chain import verify_chains
from streams.engine.kafka import KafkaLog
from tests.support.declaring import declared
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.loading import load_topology
from topology.pins import load_pins

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons:
  authors: [amy]
  approvers: [ben]
  operators: [cleo]
  annotators: [dan]
"""


@pytest.fixture(scope="module")
def project(stack) -> Iterator[str]:
    """A project of this run alone, applied for the first time."""
    with declared(stack, "acts", PROJECT) as name:
        yield name


@pytest.fixture
def seen(stack) -> Iterator[Seen]:
    registry = Registry(stack.endpoints.registry.url, stack.endpoints.registry.tls())
    yield Seen(stack, Codec(registry))
    registry.close()


class Seen:
    """An administrator's look at an audit topic."""

    def __init__(self, stack, codec: Codec) -> None:
        kafka = stack.endpoints.kafka
        password = kafka.admin_password_file.read_text().strip()
        self._log = KafkaLog(KafkaAccess(kafka.bootstrap, kafka.ca_file, kafka.admin_user, password))
        self._codec = codec

    def events(self, topic: str) -> list[AuditEvent]:
        return [self._codec.decode(message.value, AuditEvent) for message in self._log.read(topic)]

    def of(self, topic: str, kind: EventType) -> list[AuditEvent]:
        return [event for event in self.events(topic) if event.type is kind]


def test_applying_the_topology_is_on_the_platforms_audit_and_doing_it_again_is_not(stack, project, seen):
    before = seen.of("audit.platform", EventType.TOPOLOGY_APPLIED)
    assert before
    assert before[-1].process == "provisioner.platform"
    assert int(before[-1].details["topic"]) > 0
    folder = stack.root / "projects"
    apply_audited(load_topology(extra_projects=[folder]), stack.endpoints, stack.root)
    assert seen.of("audit.platform", EventType.TOPOLOGY_APPLIED) == before


def test_what_was_published_is_on_the_audit_and_its_chain_holds(stack, project, seen):
    before = seen.of(f"audit.{project}", EventType.RECORDS_PUBLISHED)
    with publishing(stack.root, project) as publisher:
        for number in range(3):
            publisher.publish_json({"text": f"record {number}"})
    (event,) = [one for one in seen.of(f"audit.{project}", EventType.RECORDS_PUBLISHED) if one not in before]
    assert (event.process, event.details["records"]) == (f"producer.{project}", "3")
    pins = load_pins(connected_pins(stack))
    assert verify_chains(seen.events(f"audit.{project}"), pins.keys) == []


def test_who_publishes_for_long_says_so_on_the_way_and_counts_nothing_twice(stack, project, seen):
    def said() -> list[str]:
        events = seen.of(f"audit.{project}", EventType.RECORDS_PUBLISHED)
        return [one.details["records"] for one in events if one not in before]

    before = seen.of(f"audit.{project}", EventType.RECORDS_PUBLISHED)
    around = surroundings(stack.root, Identity("producer", project), project)
    with closing(around), announcing(around, every_s=0.05) as (publisher, _):
        for _ in range(2):
            publisher.publish_json({"text": "one"})
        publisher.flush()
        wait_for(lambda: sum(map(int, said())) == 2, "it says so on the way")
        publisher.publish_json({"text": "another"})
    assert sum(map(int, said())) == 3


def test_what_arrived_before_an_interrupted_run_ended_is_on_the_audit_too(stack, project, seen):
    before = seen.of(f"audit.{project}", EventType.RECORDS_PUBLISHED)
    with pytest.raises(KeyboardInterrupt):
        interrupted(stack.root, project)
    (event,) = [one for one in seen.of(f"audit.{project}", EventType.RECORDS_PUBLISHED) if one not in before]
    assert event.details["records"] == "1"


def test_where_nothing_was_published_that_is_said_since_keys_were_opened_for_it(stack, project, seen):
    before = seen.of(f"audit.{project}", EventType.RECORDS_PUBLISHED)
    with publishing(stack.root, project):
        pass
    (event,) = [one for one in seen.of(f"audit.{project}", EventType.RECORDS_PUBLISHED) if one not in before]
    assert event.details["records"] == "0"


def interrupted(root: Path, project: str) -> None:
    with publishing(root, project) as publisher:
        publisher.publish_json({"text": "one"})
        publisher.flush()
        raise KeyboardInterrupt


def connected_pins(stack) -> Path:
    with connected(stack.endpoints, stack.root) as parts:
        return parts.pins_file
