"""`veil topology plan|apply` on the real parts."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from deploy.provision.command import apply_topology, plan_topology
from deploy.provision.credentials import CredentialFiles
from deploy.provision.kafka_admin import KafkaAdmin
from deploy.provision.parts import Parts, connected
from schemas.control import control_message
from schemas.errors import AccessDenied, ConfigError
from tests.support.handing import handed
from topology.identity import Identity
from topology.loading import load_topology, parse_project
from topology.pins import Pins, load_pins
from vault import keyed_hash
from vault.approles import AppRoles
from vault.client import VaultClient
from vault.handing import take
from vault.provision import Provisioner
from vault.session import Credentials, Session

pytestmark = pytest.mark.stack

TOPOLOGY = load_topology(extra_projects=[Path(__file__).parents[2] / "topology" / "projects"])
PROVISIONER = Identity("provisioner", "platform")


@pytest.fixture
def parts(stack):
    with connected(stack.endpoints, stack.root) as found:
        apply_topology(TOPOLOGY, found)
        yield found


def as_user(stack, name: str) -> dict:
    """librdkafka's settings for one identity."""
    credentials = CredentialFiles(stack.root).load(Identity.parse(name))
    settings = stack.endpoints.kafka.client_settings()
    return settings | {"sasl.username": credentials.kafka_user, "sasl.password": credentials.kafka_password}


def in_vault(stack, name: str, project: str) -> VaultClient:
    vault = CredentialFiles(stack.root).load(Identity.parse(name)).vault
    assert vault is not None
    endpoint = stack.endpoints.vault
    if vault.secret_id:
        return VaultClient.from_approle(endpoint.url, endpoint.ca_file, vault.role_id, vault.secret_id, project)
    token = handed(stack.root, Identity.parse(name))
    return VaultClient(take(endpoint.url, endpoint.ca_file, name, vault.role_id, token), project)


def with_project(name: str):
    project = parse_project(
        f"{{name: {name}, owner: o, partitions: 1, persons: {{authors: [a-{name}], approvers: [b-{name}]}}}}",
        f"{name}.yaml",
        TOPOLOGY.flow,
    )
    return dataclasses.replace(TOPOLOGY, projects={**TOPOLOGY.projects, name: project})


def test_after_apply_nothing_is_left_to_change(parts):
    planned = plan_topology(TOPOLOGY, parts)
    assert planned.changes == ()
    assert planned.lines()[-1] == "nothing to change"
    again = apply_topology(TOPOLOGY, parts)
    assert again.changes == ()
    assert again.json()["applied"] is True


def test_plan_shows_a_new_project_and_changes_nothing(parts):
    topology = with_project("planned")
    planned = plan_topology(topology, parts)
    shown = "\n".join(planned.lines())
    assert "create topic raw.planned (1 partitions)" in shown
    assert "create acl User:redact.planned: READ on topic raw.planned" in shown
    assert "create transit key view-planned" in shown
    assert "create vault policy label.planned" in shown
    assert "create credentials redact.planned" in shown
    assert "create pin redact.planned" in shown
    assert plan_topology(topology, parts).changes == planned.changes
    assert json.dumps(planned.json())


def test_a_project_no_longer_declared_is_left_alone_and_named(parts):
    apply_topology(with_project("retired"), parts)
    planned = plan_topology(TOPOLOGY, parts)
    assert [str(change) for change in planned.changes] == [
        "update vault policy inspector.platform",  # it looks at nobody's who is not declared
        "update vault policy starter.platform",  # it starts nobody who is not declared
        "update vault policy warden.platform",  # it may end nobody's logins who is not named
    ]
    assert {"topic raw.retired", "kafka user redact.retired", "vault policy redact.retired"} <= set(
        planned.undeclared
    )


def test_the_provisioner_itself_can_add_a_project(stack, parts):
    session = in_vault(stack, PROVISIONER.name, "platform").session
    own = Parts(
        KafkaAdmin(as_user(stack, PROVISIONER.name)),
        Provisioner(session),
        AppRoles(session),
        parts.registry,
        parts.registrar,
        stack.root,
    )
    topology = with_project("added")
    assert apply_topology(topology, own).changes
    assert plan_topology(topology, own).changes == ()
    session.close()


def test_who_has_not_the_registry_s_key_plans_and_rotates_but_begins_no_apply(stack, tmp_path):
    registry = dataclasses.replace(stack.endpoints.registry, token_key_file=tmp_path / "on-a-stick")
    with connected(dataclasses.replace(stack.endpoints, registry=registry), stack.root) as away:
        topology = with_project("unregistered")
        wanted = plan_topology(topology, away).changes
        assert wanted
        with pytest.raises(ConfigError, match="on-a-stick"):
            apply_topology(topology, away)
        assert plan_topology(topology, away).changes == wanted


def test_settings_are_read_of_declared_topics_only(parts):
    found = parts.kafka.topics({"raw.demo"})
    assert {name for name, topic in found.items() if topic.config} == {"raw.demo"}
    assert {"raw.demo", "tasks.demo", "control"} <= set(found)


def test_redact_cannot_apply(stack, parts):
    with pytest.raises(AccessDenied, match="apply needs the provisioner"):
        KafkaAdmin(as_user(stack, "redact.demo")).state(())


def test_generated_rules_suffice_for_redacts_transactional_work(stack, parts):
    mine = as_user(stack, "redact.alpha")
    consumer = Consumer({**mine, "group.id": "redact.alpha", "enable.auto.commit": False})
    consumer.subscribe(["raw.alpha"])
    producer = Producer({**mine, "transactional.id": "redact.alpha.0"})
    producer.init_transactions(30)
    wait_until(lambda: consumer.poll(0.2) is None and len(consumer.assignment()) == 2)
    producer.begin_transaction()
    for topic in ("tasks.alpha", "segments.alpha", "quarantine.alpha", "redact-state.alpha", "audit.alpha"):
        producer.produce(topic, b"v", key=b"k")
    offsets = [TopicPartition("raw.alpha", partition, 0) for partition in (0, 1)]
    producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), 30)
    producer.commit_transaction(30)
    committed = consumer.committed(offsets, timeout=30)
    assert [place.offset for place in committed] == [0, 0]
    consumer.close()


@pytest.mark.parametrize("topic", ["tasks.beta", "raw.alpha", "labels.alpha", "joined.alpha"])
def test_redact_cannot_slip_another_topic_into_its_transaction(stack, parts, topic):
    producer = Producer({**as_user(stack, "redact.alpha"), "transactional.id": "redact.alpha.1", "log_level": 0})
    producer.init_transactions(30)
    producer.begin_transaction()
    refused: list[int] = []

    def slip_in() -> None:
        producer.produce(topic, b"v", on_delivery=lambda error, _: refused.append(error.code() if error else 0))
        producer.commit_transaction(30)

    with pytest.raises(KafkaException) as raised:
        slip_in()
    # The client may have given the transaction up by what the topic's metadata said, before it sent the record, or
    # even took it.
    code = refused[0] if refused else raised.value.args[0].code()
    assert code in {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError._PURGE_QUEUE}


def test_lost_credentials_are_made_anew_and_work(stack, parts):
    files = CredentialFiles(stack.root)
    lost = Identity("model", "beta")
    before = files.load(lost)
    files.path(lost).unlink()
    changes = {str(change) for change in apply_topology(TOPOLOGY, parts).changes}
    assert changes == {"create credentials model.beta", "create kafka user model.beta"}
    assert files.load(lost) != before
    topics = Consumer({**as_user(stack, lost.name), "group.id": lost.group}).list_topics(timeout=30).topics
    assert set(topics) == {"joined.beta"}


def test_credentials_that_vault_no_longer_takes_are_issued_again(stack, parts):
    files = CredentialFiles(stack.root)
    who = Identity("producer", "beta")
    current = files.load(who)
    assert current.vault is not None
    files.save(dataclasses.replace(current, vault=dataclasses.replace(current.vault, secret_id="gone")))
    assert [str(change) for change in apply_topology(TOPOLOGY, parts).changes] == [
        "update credentials producer.beta"
    ]
    assert files.load(who).kafka_password == current.kafka_password
    with in_vault(stack, who.name, "beta") as vault:
        assert len(vault.sign(who.sign_key, b"x")) == 64


def test_a_secret_id_that_lay_in_a_file_is_taken_out_and_opens_nothing_once_it_is_handed_over(stack, parts):
    files, who, endpoint = CredentialFiles(stack.root), Identity("join", "beta"), stack.endpoints.vault
    current = files.load(who)
    assert current.vault is not None
    assert not current.vault.secret_id
    old = parts.logins.issue(who.name)
    files.save(dataclasses.replace(current, vault=old))
    assert [str(change) for change in apply_topology(TOPOLOGY, parts).changes] == ["update credentials join.beta"]
    assert files.load(who) == current
    with (
        VaultClient.from_approle(endpoint.url, endpoint.ca_file, old.role_id, old.secret_id, "beta") as thief,
        pytest.raises(AccessDenied),
    ):
        thief.sign(who.sign_key, b"x")


def test_pins_are_the_keys_that_sign(stack, parts):
    pins = load_pins(parts.pins_file)
    assert {"ada", "grace", "olga", "alice", "redact.demo", "label.alpha"} <= pins.keys.keys()
    message = control_message("withdraw/demo/x/label.demo", 1, "withdraw", b"")
    with in_vault(stack, "label.demo", "demo") as vault:
        assert vault.public_key("sign-label.demo") == pins.of("label.demo")
        assert len(vault.sign("sign-label.demo", message)) == 64


def test_a_changed_signing_key_stops_apply(parts, tmp_path):
    strange = dataclasses.replace(parts, root=tmp_path)
    strange.pins_file.parent.mkdir(parents=True)
    strange.pins_file.write_text(Pins({"ada": bytes(32)}).json())
    with pytest.raises(ConfigError, match="the signing key of ada is not the pinned one"):
        plan_topology(TOPOLOGY, strange)


def test_hmac_keys_open_for_those_declared_and_are_the_same_for_all(stack, parts):
    with (
        in_vault(stack, "producer.alpha", "alpha") as producer,
        in_vault(stack, "redact.alpha", "alpha") as redact,
    ):
        theirs = keyed_hash.load(producer, "alpha", "record").digest(b"x")
        assert keyed_hash.load(redact, "alpha", "record").digest(b"x") == theirs
        assert keyed_hash.load(redact, "alpha", "task").digest(b"x") != theirs
        with pytest.raises(AccessDenied):
            keyed_hash.load(producer, "alpha", "task")
    with in_vault(stack, "redact.beta", "alpha") as other, pytest.raises(AccessDenied):
        keyed_hash.load(other, "alpha", "record")


def test_other_partitions_than_declared_stop_apply_before_anything_happens(parts):
    project = dataclasses.replace(TOPOLOGY.projects["beta"], partitions=7)
    topology = dataclasses.replace(TOPOLOGY, projects={**TOPOLOGY.projects, "beta": project})
    with pytest.raises(ConfigError, match="has 2 partitions, the topology says 7"):
        apply_topology(topology, parts)


def test_vault_audits_the_context_of_each_decrypt_in_clear(stack, parts):
    endpoint = stack.endpoints.vault
    session = Session(endpoint.url, endpoint.ca_file, Credentials(token=endpoint.token_file.read_text().strip()))
    mounts = session.call("list the engines", lambda client: client.read("sys/mounts"))
    assert "context" in mounts["data"]["transit/"]["config"]["audit_non_hmac_request_keys"]
    session.close()


def wait_until(condition) -> None:
    for _ in range(150):
        if condition():
            return
    pytest.fail("the condition did not come about")


@pytest.mark.parametrize(("copies", "replication"), [(None, 1), ("1", 1), ("3", 3)])
def test_an_external_kafka_has_as_many_copies_as_somebody_says(stack, copies, replication):
    kafka = dataclasses.replace(stack.endpoints.kafka, copies=copies)
    with connected(dataclasses.replace(stack.endpoints, kafka=kafka), stack.root) as parts:
        assert parts.environment.replication == replication
