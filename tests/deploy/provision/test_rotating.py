"""New passwords for Kafka on the stack's broker: who has the old one is refused, who works goes on."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.passwords import PasswordWatch
from deploy.provision.command import apply_topology, plan_topology
from deploy.provision.credentials import CredentialFiles, Credentials
from deploy.provision.parts import connected
from deploy.provision.rotating import rotate, rotated
from schemas.errors import ConfigError
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.loading import load_topology

pytestmark = pytest.mark.stack

TOPOLOGY = load_topology()
REPLAY = Identity("replay", "demo")


@pytest.fixture
def parts(stack):
    with connected(stack.endpoints, stack.root) as found:
        apply_topology(TOPOLOGY, found)
        yield found


def access_of(stack) -> KafkaAccess:
    kafka, mine = stack.endpoints.kafka, CredentialFiles(stack.root).load(REPLAY)
    return KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password)


def logs_in_with(stack, credentials: Credentials) -> bool:
    kafka = stack.endpoints.kafka
    return logs_in(KafkaAccess(kafka.bootstrap, kafka.ca_file, credentials.kafka_user, credentials.kafka_password))


def logs_in(access: KafkaAccess) -> bool:
    try:
        AdminClient(access.settings() | {"log_level": 0}).list_topics(timeout=10)
    except KafkaException:
        return False
    return True


def test_processes_are_rotated_and_programs_of_others_are_not_unless_they_are_named():
    every = {it.name for it in rotated(TOPOLOGY, ())}
    assert {"redact.demo", "watch.platform", "console.platform", "exporter.demo"} <= every
    assert not {"producer.demo", "synth.demo", "person.ada"} & every
    assert [it.name for it in rotated(TOPOLOGY, ["person.ada", "redact.demo", "person.ada"])] == [
        "person.ada",
        "redact.demo",
    ]
    with pytest.raises(ConfigError, match=r"no identity redact\.nothing"):
        rotated(TOPOLOGY, ["redact.nothing"])


def test_a_session_that_works_goes_on_and_opens_new_connections_with_the_new_password(stack, parts):
    access, old = access_of(stack), access_of(stack)
    watch = PasswordWatch(CredentialFiles(stack.root), REPLAY, access.login, look_s=0.02)
    log = KafkaLog(access)
    session = log.open(SessionSpec(REPLAY.slot(77), REPLAY.group, ("control",), Ownership.WHOLE))

    def commit() -> None:
        session.poll(10, 0.01)
        session.begin()
        session.produce(Outgoing("replay-state.demo", b"rotating", None))
        session.commit()

    commit()
    passed_on = []
    for _ in range(3):
        rotate([REPLAY], parts, lambda renewed: passed_on.extend(logs_in_with(stack, it) for it in renewed))
        commit()
    assert passed_on == [False] * 3, "who reads a copy has it before Kafka asks for it"
    wait_for(lambda: access.login.password == access_of(stack).login.password, "the new password is taken up")
    assert not logs_in(old)
    assert logs_in(access)
    commit()
    session.close()
    watch.close()
    assert plan_topology(TOPOLOGY, parts).changes == ()
