"""Every identity × every topic × operation, group, transactional id and administration, by real attempts.

Of projects alpha and beta, so also each project against the other, both ways.
"""

from __future__ import annotations

import contextlib

import pytest
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
)

from deploy.provision.credentials import CredentialFiles
from streams.engine.log import Ownership, SessionSpec
from topology.identity import Identity

pytestmark = pytest.mark.stack

DENIED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
# What a broker answers only to someone it has let through. Nothing is written: compacted topics take no record
# without a key, and no topic takes one of more than 2 MiB.
REFUSED_AFTER_RIGHTS = {KafkaError.INVALID_RECORD, KafkaError.MSG_SIZE_TOO_LARGE}
TOO_LARGE = b"x" * (2 * 1024 * 1024 + 1)
LIMIT_S = 30
OTHERS_READ = ("alerts.platform", "audit.platform", "checkpoints", "vault-log")
"""Of all projects, so other tests read them: nothing is left there."""


@pytest.fixture(scope="session")
def settings(applied):
    files = CredentialFiles(applied.root)
    kafka = applied.endpoints.kafka

    def of(name: str) -> dict:
        credentials = files.load(Identity.parse(name))
        return {
            "bootstrap.servers": kafka.bootstrap,
            "ssl.ca.location": str(kafka.ca_file),
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": credentials.kafka_user,
            "sasl.password": credentials.kafka_password,
            "log_level": 0,
        }

    return of


def test_reads_exactly_what_it_declares(declared, settings, topic_names):
    assert readable(settings(declared.name), topic_names) == declared.reads


def test_writes_exactly_what_it_declares(declared, settings, topic_names):
    assert writable(settings(declared.name), topic_names) == declared.writes


def test_uses_only_its_own_group(declared, settings, everyone):
    mine = settings(declared.name)
    around = neighbours(declared.name, everyone)
    allowed = {name for name in around if may_ask(mine, name)}
    assert allowed == ({declared.name} if declared.group else set()) | (declared.measures & around)


def test_asks_how_far_exactly_those_have_read_whom_it_measures_and_moves_none(declared, settings, everyone):
    if not declared.measures:
        return
    mine = settings(declared.name)
    theirs = {
        name for name in everyone if name.endswith(f".{declared.name.partition('.')[2]}")
    } | declared.measures
    own = {declared.name} if declared.group else set()
    assert {name for name in theirs if may_ask(mine, name)} == declared.measures | own
    assert not {name for name in declared.measures - {declared.name} if may_move(mine, name)}


def test_uses_only_its_own_transactional_ids(declared, settings, everyone):
    mine = settings(declared.name)
    allowed = {name for name in neighbours(declared.name, everyone) if may_transact(mine, f"{name}.0")}
    assert allowed == ({declared.name} if declared.transactions else set())


def neighbours(name: str, everyone) -> set[str]:
    """Itself, its role in the other project, another role of its own project, and whoever comes next.

    Rules about groups and ids name one identity each, so everyone against everyone (529 connections, some
    minutes) would show nothing more.
    """
    role, _, place = name.partition(".")
    names = sorted(everyone)
    other = {each for each in names if each.startswith(f"{role}.")}
    colleague = next((each for each in names if each.endswith(f".{place}") and each != name), name)
    return {name, colleague, names[(names.index(name) + 1) % len(names)], *sorted(other)[:2]}


def test_transactional_ids_that_only_begin_alike_are_another_s(applied, settings):
    mine = settings("redact.alpha")
    assert may_transact(mine, "redact.alpha.7")
    assert may_transact(mine, SessionSpec("redact.alpha.7", "", (), Ownership.WHOLE, by_turns=True).second_id)
    assert not may_transact(mine, "redact.alphabet.0")
    assert not may_transact(mine, "redact.alpha")


def test_administers_only_as_provisioner(declared, settings, topic_names):
    admin = AdminClient(settings(declared.name))
    new = NewTopic("raw.stolen", 1, 1)
    acl = AclBinding(
        ResourceType.TOPIC,
        "raw.alpha",
        ResourcePatternType.LITERAL,
        f"User:{declared.name}",
        "*",
        AclOperation.DESCRIBE,
        AclPermissionType.ALLOW,
    )
    config = ConfigResource(ResourceType.TOPIC, "audit.alpha")
    creating = admin.create_topics([new], validate_only=True, request_timeout=LIMIT_S)
    describing = admin.describe_configs([config], request_timeout=LIMIT_S)
    assert answered(creating["raw.stolen"]) == declared.provisions
    assert answered(next(iter(describing.values()))) == (declared.provisions or declared.checks)
    if not (declared.provisions or declared.ends):  # who may, would do it
        assert not answered(next(iter(admin.create_acls([acl], request_timeout=LIMIT_S).values())))
    deleting = admin.delete_topics(topic_names, request_timeout=LIMIT_S)
    assert not [topic for topic, future in deleting.items() if answered(future)]


def test_warden_denies_a_user_and_ends_its_password_and_nobody_without_that_right_does(declared, settings):
    admin = AdminClient(settings(declared.name))
    deny = AclBinding(
        ResourceType.TOPIC,
        "*",
        ResourcePatternType.LITERAL,
        "User:person.nobody",
        "*",
        AclOperation.ALL,
        AclPermissionType.DENY,
    )
    deletion = UserScramCredentialDeletion("person.nobody", ScramMechanism.SCRAM_SHA_512)
    ending = declared.ends or declared.provisions
    denying = admin.create_acls([deny], request_timeout=LIMIT_S)[deny]
    deleting = admin.alter_user_scram_credentials([deletion], request_timeout=LIMIT_S)["person.nobody"]
    assert (answered(denying), answered(deleting)) == (ending, ending)


def readable(settings: dict, topics: list[str]) -> set[str]:
    """The topics that give records, or their end, to this user."""
    consumer = Consumer(
        {**settings, "group.id": "unused", "enable.auto.commit": False, "enable.partition.eof": True}
        | {"auto.offset.reset": "earliest"}
    )
    try:
        shown = {topic for topic in topics if described(consumer, topic)}
        consumer.assign([TopicPartition(topic, 0, 0) for topic in shown])
        outcome: dict[str, bool] = {}
        while outcome.keys() != shown:
            message = consumer.poll(LIMIT_S)
            assert message is not None, f"no answer about {shown - outcome.keys()}"
            error = message.error()
            if message.topic() is not None:  # else it is about the group, which is nobody's
                outcome[message.topic()] = error is None or error.code() == KafkaError._PARTITION_EOF
                assert outcome[message.topic()] or error.code() in DENIED, error
    finally:
        consumer.close()
    return {topic for topic, allowed in outcome.items() if allowed}


def described(consumer: Consumer, topic: str) -> bool:
    """Whether the broker admits to this user that the topic exists. Asking for its records needs that first."""
    error = consumer.list_topics(topic, timeout=LIMIT_S).topics[topic].error
    assert error is None or error.code() in DENIED, error
    return error is None


def writable(settings: dict, topics: list[str]) -> set[str]:
    """The topics whose broker would take a record from this user."""
    producer = Producer(
        {**settings, "message.max.bytes": 4_000_000, "retries": 0, "message.timeout.ms": LIMIT_S * 1000}
    )
    outcome: dict[str, KafkaError | None] = {}
    for topic in topics:
        value = TOO_LARGE if topic in OTHERS_READ else b"x"
        try:
            producer.produce(
                topic,
                value,
                partition=0,
                on_delivery=lambda error, message: outcome.update({message.topic(): error}),
            )
        except KafkaException as refused:  # where the client has heard so before: a question of time
            outcome[topic] = refused.args[0]
    assert producer.flush(2 * LIMIT_S) == 0
    for error in outcome.values():
        assert error is None or error.code() in DENIED | REFUSED_AFTER_RIGHTS, error
    return {topic for topic, error in outcome.items() if error is None or error.code() in REFUSED_AFTER_RIGHTS}


def may_ask(settings: dict, group: str) -> bool:
    """Whether this user may ask what the group has committed: the broker answers, or refuses by an event."""
    consumer = Consumer({**settings, "group.id": group})
    place = TopicPartition("control", 0)
    consumer.assign([place])
    try:
        for _ in range(LIMIT_S):
            message = consumer.poll(0.1)
            error = message.error() if message is not None else None
            if error is not None and error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
                return False
            if error is None and has_committed(consumer, place):
                return True
        pytest.fail(f"no answer about group {group}")
    finally:
        consumer.close()


def may_move(settings: dict, group: str) -> bool:
    """Whether this user may commit a position for the group."""
    consumer = Consumer({**settings, "group.id": group})
    try:
        return permitted(lambda: consumer.commit(offsets=[TopicPartition("control", 0, 0)], asynchronous=False))
    finally:
        consumer.close()


def has_committed(consumer: Consumer, place: TopicPartition) -> bool:
    with contextlib.suppress(KafkaException):
        consumer.committed([place], timeout=1)
        return True
    return False


def may_transact(settings: dict, transactional_id: str) -> bool:
    producer = Producer({**settings, "transactional.id": transactional_id})
    return permitted(lambda: producer.init_transactions(LIMIT_S))


def answered(future) -> bool:
    return permitted(lambda: future.result(timeout=LIMIT_S))


def permitted(attempt) -> bool:
    error = None
    try:
        attempt()
    except KafkaException as raised:
        error = raised.args[0]
    known = {*DENIED, KafkaError.GROUP_ID_NOT_FOUND, KafkaError.RESOURCE_NOT_FOUND}
    assert error is None or error.code() in known, error
    return error is None or error.code() not in DENIED
