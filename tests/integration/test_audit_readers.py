"""What others read of a real audit, of joined labels, of tasks sealed and open: the CloudEvents SDK, Kafka's
console consumer, Confluent's Avro deserializer, Java's, kcat. And what `veil audit trace` and `access` say of the
audit.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import confluent_kafka
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.base import Format
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12Certificate,
    serialize_java_truststore,
    serialize_key_and_certificates,
)
from cryptography.x509 import load_pem_x509_certificates

from deploy import compliance
from deploy.cli.exits import Exit
from deploy.compliance import COMPLIANCE
from deploy.local.endpoints import load_endpoints
from deploy.provision.credentials import CredentialFiles
from schemas import catalog
from schemas.audit import EventType
from schemas.leaf import event_of, prefix
from schemas.resources import raw_resource
from tests.deploy.cli.conftest import run  # noqa: F401 - a fixture
from tests.schemas.cloudevents_rules import faults
from tests.support.connect import sink_settings, stands_for, worker_settings, working
from tests.support.kafka_tools import AVRO, login, run_tool, write_settings
from tests.support.waiting import wait_for
from topology.identity import Identity

pytestmark = pytest.mark.stack

KCAT = shutil.which("kcat") or ""
LIBRARY = next(Path(confluent_kafka.__file__).parents[1].glob("confluent_kafka.libs/librdkafka-*"), None)
"""Ours: kcat may have one older than 2.6.1, which no Kafka 4 lets log in (its nonces break RFC 5802, 7)."""
PERSONS = ("tova", "tino", "tam")
RECORDS = [{"product": "kettle", "text": f"the kettle broke again, case {n}"} for n in range(3)]


@pytest.fixture(scope="module")
def traced(pipeline_of):
    """Three records on their way: two joined, one withdrawn by an operator."""
    pipeline = pipeline_of("traced")
    pipeline.start()
    pipeline.sign_open("tilda", "tarek")
    raws = pipeline.publish(*RECORDS)
    pipeline.wait_records("tasks", len(raws))
    pipeline.wait_records("open", len(raws))
    gone = pipeline.records("tasks")[0].task_id
    pipeline.withdraw("tiva", gone)
    for role in ("label", "join", "keeper"):
        pipeline.wait_event(f"withdrawn by {role}", lambda e, role=role: let_go(pipeline, e, role, gone))
    wait_for(lambda: taken_back(pipeline) == {gone}, "its text is taken back")
    wait_for(lambda: labeled(pipeline), "three labels a task")
    pipeline.wait_records("joined", len(raws) - 1)
    wait_for(lambda: len(pipeline.events(EventType.LABEL_JOINED)) == len(raws) - 1, "the audit says so too")
    pipeline.stop()
    return pipeline, raws, gone


def let_go(pipeline, event, role, task_id):
    ours = event.type is EventType.TASK_WITHDRAWN and event.process == f"{role}.{pipeline.project}"
    return ours and task_id in event.resource


def taken_back(pipeline):
    return {it.key.decode() for it in pipeline.messages("open") if it.value is None}


def labeled(pipeline):
    pipeline.annotate("tiva", PERSONS, lambda client, lease: client.label(lease, [], {"tone": "neutral"}))
    return len(pipeline.records("labels")) >= 3 * (len(RECORDS) - 1)


# Other people's tools


class Opaque(Format):
    """Data of a content type that the SDK has no format for: bytes as they are."""

    def read(self, event_factory, data):
        raise NotImplementedError

    def write(self, event):
        raise NotImplementedError

    def read_data(self, body, datacontenttype):
        assert datacontenttype == "application/avro"
        return body

    def write_data(self, data, datacontenttype):
        raise NotImplementedError

    def get_content_type(self):
        raise NotImplementedError


def test_every_event_is_a_cloud_event_by_the_rules_of_the_specification(traced):
    pipeline, _, _ = traced
    messages = pipeline.messages("audit")
    assert len(messages) > 40
    assert {fault for message in messages for fault in faults(message.headers)} == set()


def test_ids_and_sources_of_cloud_events_are_unique_together(traced):
    pipeline, _, _ = traced
    messages = pipeline.messages("audit")
    assert len({(m.headers["ce_source"], m.headers["ce_id"]) for m in messages}) == len(messages)


def test_the_sdk_of_cloudevents_reads_every_event_as_we_wrote_it(traced):
    pipeline, _, _ = traced
    events = {event.event_id: event for event in pipeline.audit()}
    for message in pipeline.messages("audit"):
        read = from_binary(KafkaMessage(dict(message.headers), message.key, message.value), Opaque())
        event = events.pop(read.get_id())
        assert (read.get_type(), read.get_source()) == (f"io.veilstream.{event.type}", event.slot)
        assert (read.get_subject(), read.get_specversion()) == (event.resource, "1.0")
        assert round(read.get_time().timestamp() * 1000) == event.time
        assert read.get_datacontenttype() == "application/avro"
        assert read.get_data() == message.value
    assert events == {}


def test_confluents_own_deserializer_reads_every_event(traced):
    """Its values are those of our events; the bytes that it read are the leaves that are hashed into the chain."""
    pipeline, _, _ = traced
    context = SerializationContext(f"audit.{pipeline.project}", MessageField.VALUE)
    events = {event.event_id: event for event in pipeline.audit()}
    with SchemaRegistryClient(registry_settings(pipeline)) as client:
        read = AvroDeserializer(client)
        for message in pipeline.messages("audit"):
            value = read(message.value, context)
            event = events.pop(f"{value['slot']}/{value['sequence']}")
            assert event_of(prefix() + message.value[5:]) == event
            assert (value["type"], value["resource"], value["person"]) == (
                event.type,
                event.resource,
                event.person,
            )
            assert (value["parents"], value["details"]) == (list(event.parents), dict(event.details))
            assert value["previous"] == event.previous
    assert events == {}


def registry_settings(pipeline):
    """Of Confluent's client, which shows the local stack's certificate."""
    place = load_endpoints(pipeline.root / "run" / "endpoints.json").registry
    return {
        "url": place.url,
        "ssl.ca.location": str(place.ca_file),
        **({"ssl.certificate.location": str(place.cert_file)} if place.cert_file else {}),
        **({"ssl.key.location": str(place.key_file)} if place.key_file else {}),
    }


@pytest.mark.parametrize("kind", ["joined", "tasks", "open"])
def test_confluents_own_deserializer_reads_joined_labels_and_tasks_sealed_and_open(traced, kind):
    pipeline, _, _ = traced
    context = SerializationContext(f"{kind}.{pipeline.project}", MessageField.VALUE)
    with SchemaRegistryClient(registry_settings(pipeline)) as client:
        read = AvroDeserializer(client)
        found = [read(message.value, context) for message in pipeline.messages(kind) if message.value]
    found = sorted(found, key=lambda it: it["task_id"])  # partitions are read in any order
    ours = sorted(pipeline.records(kind), key=lambda it: it.task_id)
    assert [it["task_id"] for it in found] == [it.task_id for it in ours]
    assert [it["segment_id"] for it in found] == [it.segment_id for it in ours]
    if kind == "joined":
        assert [it["raw"]["offset"] for it in found] == [it.raw.offset for it in ours]
    elif kind == "tasks":
        assert [it["sealed"] for it in found] == [it.sealed for it in ours], "and can't be opened by it"
    else:
        assert [it["fields"][0]["text"] for it in found] == [it.fields[0].text for it in ours]


def javas_keys(place, folder):
    """Java's options for the registry's certificates, in a file of their own."""
    secret = secrets.token_hex(16)
    client, *chain = load_pem_x509_certificates(place.cert_file.read_bytes())
    key = load_pem_private_key(place.key_file.read_bytes(), None)
    authorities = load_pem_x509_certificates(place.ca_file.read_bytes())
    kept = BestAvailableEncryption(secret.encode())
    (folder / "keys").write_bytes(serialize_key_and_certificates(b"client", key, client, chain, kept))
    trusted = [PKCS12Certificate(it, b"ca") for it in authorities]
    (folder / "trusted").write_bytes(serialize_java_truststore(trusted, kept))
    stores = {"keyStore": folder / "keys", "trustStore": folder / "trusted"}
    options = [f"-Djavax.net.ssl.{name}={file}" for name, file in stores.items()]
    options += [f"-Djavax.net.ssl.{name}Password={secret}" for name in stores]
    options += [f"-Djavax.net.ssl.{name}Type=PKCS12" for name in stores]
    (folder / "options").write_text("\n".join(options))
    return f"@{folder / 'options'}"


@pytest.mark.parametrize("kind", ["joined", "tasks", "open", "audit"])
def test_javas_deserializer_which_connects_converter_wraps_reads_what_we_wrote(traced, kind, tmp_path):
    """One record, through Kafka's console consumer, which would hand it a tombstone as the word null."""
    pipeline, _, _ = traced
    kafka = load_endpoints(pipeline.root / "run" / "endpoints.json").kafka
    config = write_settings(
        tmp_path / "consumer.properties",
        {
            **login(kafka, kafka.admin_user, kafka.admin_password_file.read_text().strip()),
            "isolation.level": "read_committed",
            "enable.auto.commit": "false",
        },
    )
    registry = load_endpoints(pipeline.root / "run" / "endpoints.json").registry
    deserializing = {
        "apicurio.registry.url": registry.url.removesuffix("/apis/ccompat/v7") + "/apis/registry/v2",
        "apicurio.registry.as-confluent": "true",
        "apicurio.registry.use-id": "contentId",
    }
    formatting = {
        "value.deserializer": "io.apicurio.registry.serde.avro.AvroKafkaDeserializer",
        **{f"value.deserializer.{name}": value for name, value in deserializing.items()},
    }
    written = write_settings(tmp_path / "formatter.properties", formatting)
    message = next(it for it in pipeline.messages(kind) if it.value)
    printed = run_tool(
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        *("--bootstrap-server", kafka.bootstrap, "--topic", message.topic, "--partition", str(message.partition)),
        *("--offset", str(message.offset), "--max-messages", "1", "--timeout-ms", "30000"),
        *("--command-config", str(config), "--formatter-config", str(written)),
        also=AVRO,
        options=[javas_keys(registry, tmp_path)],
    )
    if kind == "audit":
        read = json.loads(printed)
        assert f"{read['slot']}/{read['sequence']}" == message.headers["ce_id"].decode()
    else:
        assert json.loads(printed)["task_id"] == message.key.decode()


READERS = {"joined": "model", "tasks": "copier", "open": "subscriber", "audit": COMPLIANCE.role}
"""Each may read that topic, and in no case write one that a stage reads."""
TYPES = {"joined": "JoinedLabel", "tasks": "Task", "open": "OpenTask", "audit": "AuditEvent"}
BYTES = {"joined": (), "tasks": ("sealed",), "open": (), "audit": ("previous", "head_signature")}


@pytest.mark.parametrize("kind", ["joined", "tasks", "open", "audit"])
def test_kafka_connect_writes_what_we_wrote_to_a_file_record_by_record(traced, kind, tmp_path):
    """Tombstones, too; nothing is left out, changed, or there twice. Read by who may read it, and nobody else."""
    pipeline, _, _ = traced
    messages, schema = pipeline.messages(kind), json.loads(catalog.text(TYPES[kind]))
    context = SerializationContext(f"{kind}.{pipeline.project}", MessageField.VALUE)
    with SchemaRegistryClient(registry_settings(pipeline)) as client:
        read = AvroDeserializer(client)
        expected = [read(it.value, context) if it.value else None for it in messages]
    assert kind not in {"joined", "open"} or None in expected, "of the task that was withdrawn"
    lines = sunk(pipeline, kind, tmp_path, len(messages))
    assert len(lines) == len(expected)
    for value in expected:
        same = [it for it in lines if stands_for(it, value, schema, BYTES[kind])]
        assert same, f"no line is {value}"
        lines.remove(same[0])


def sunk(pipeline, kind, folder, count):
    """The lines of Connect's file, once there are as many as records, and it has been ended in good order."""
    endpoints = load_endpoints(pipeline.root / "run" / "endpoints.json")
    place = COMPLIANCE.place if kind == "audit" else pipeline.project
    mine = CredentialFiles(pipeline.root).load(Identity(READERS[kind], place))
    file = folder / "sunk"
    worker = worker_settings(
        login(endpoints.kafka, mine.kafka_user, mine.kafka_password),
        endpoints.kafka.bootstrap,
        endpoints.registry.url.removesuffix("/apis/ccompat/v7"),
        folder,
    )
    sink = sink_settings(f"{kind}.{pipeline.project}", mine.identity.group, file, BYTES[kind])
    with working(folder, worker, sink, [javas_keys(endpoints.registry, folder)]) as process:

        def written():
            assert process.poll() is None, (folder / "connect.log").read_text()
            return file.exists() and file.read_text().count("\n") >= count

        wait_for(written, "as many lines as there are records")
    return file.read_text().splitlines()


def consumed(pipeline, folder, partition, count):
    """What Kafka's console consumer prints of a partition, read as compliance."""
    kafka = load_endpoints(pipeline.root / "run" / "endpoints.json").kafka
    mine = CredentialFiles(pipeline.root).load(COMPLIANCE)
    config = write_settings(
        folder / "consumer.properties",
        {
            **login(kafka, mine.kafka_user, mine.kafka_password),
            "isolation.level": "read_committed",
            "enable.auto.commit": "false",
        },
    )
    return run_tool(
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        *("--bootstrap-server", kafka.bootstrap, "--topic", f"audit.{pipeline.project}"),
        *("--partition", str(partition), "--offset", "earliest", "--max-messages", str(count)),
        *("--timeout-ms", "30000", "--command-config", str(config)),
        *("--formatter-property", "print.key=true", "--formatter-property", "print.headers=true"),
        *("--formatter-property", "print.value=false", "--formatter-property", "print.offset=true"),
    ).splitlines()


def test_kafkas_console_consumer_reads_the_audit_as_compliance(traced, tmp_path):
    """Committed events only, each with its key and headers; the offsets between are transactions' markers."""
    pipeline, _, _ = traced
    messages = pipeline.messages("audit")
    partition = max({m.partition for m in messages}, key=lambda p: sum(m.partition == p for m in messages))
    expected = [m for m in messages if m.partition == partition]
    lines = consumed(pipeline, tmp_path, partition, len(expected))
    assert len(lines) == len(expected)
    for line, message in zip(lines, expected, strict=True):
        offset, headers, key = line.split("\t")
        assert offset == f"Offset:{message.offset}"
        assert key == message.key.decode()
        assert dict(it.split(":", 1) for it in headers.split(",")) == {
            name: value.decode() for name, value in message.headers.items()
        }


def kept_by_kcat(pipeline, folder, topic):
    """Offset, key and value of each record that kcat reads, to the end of the topic as it is; by partition."""
    kafka = load_endpoints(pipeline.root / "run" / "endpoints.json").kafka
    settings = {
        **{name: value for name, value in kafka.client_settings().items() if isinstance(value, str)},
        "isolation.level": "read_committed",
    }
    config = write_settings(folder / "kcat.conf", settings)
    done = subprocess.run(
        [KCAT, "-F", config, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%p %o %K %S %k%s"],
        env={"LD_PRELOAD": str(LIBRARY)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found, rest = set(), done.stdout
    while rest:
        partition, offset, key, value, rest = rest.split(b" ", 4)
        end = max(int(key), 0)
        found.add((int(partition), int(offset), rest[:end], rest[end : end + max(int(value), 0)]))
        rest = rest[end + max(int(value), 0) :]
    return found


@pytest.mark.skipif(not KCAT or not LIBRARY, reason="not installed: kcat, or librdkafka as a file")
@pytest.mark.parametrize("kind", ["joined", "audit", "tasks", "open"])
def test_kcat_reads_what_we_wrote_byte_by_byte(traced, kind, tmp_path):
    pipeline, _, _ = traced
    found = kept_by_kcat(pipeline, tmp_path, f"{kind}.{pipeline.project}")
    messages = pipeline.messages(kind)
    assert found == {(it.partition, it.offset, it.key or b"", it.value or b"") for it in messages}
    assert {it[3][:1] for it in found} - {b""} == {b"\0"}, "Confluent's wire format"


# Lineage and access


@pytest.fixture(autouse=True)
def declared(traced, monkeypatch):
    """The commands know the project, which no file under the root declares."""
    pipeline, _, _ = traced
    monkeypatch.setattr(compliance, "load_topology", lambda **_: pipeline.topology)


def veil(run, pipeline, *arguments):  # noqa: F811
    return run("audit", *arguments, "--project", pipeline.project, "--root", pipeline.root)


def told(run, pipeline, *arguments):  # noqa: F811
    ended = veil(run, pipeline, *arguments, "--json")
    assert ended.code == Exit.OK, ended.err
    return json.loads(ended.out)


@pytest.fixture
def joined(traced):
    """A raw record that went all the way, its joined label, and its pipeline."""
    pipeline, _, _ = traced
    return pipeline, pipeline.records("joined")[0]


def test_a_raw_record_is_traced_to_its_joined_label_and_to_who_signed_its_policy(run, joined):  # noqa: F811
    pipeline, label = joined
    place = f"{label.raw.topic}/{label.raw.partition}/{label.raw.offset}"
    found = told(run, pipeline, "trace", place)
    nodes = {node["id"]: node for node in found["nodes"]}
    kinds = [node["kind"] for node in found["nodes"]]
    assert found["subjects"] == [raw_resource(label.raw)]
    assert (kinds.count("lease"), kinds.count("label"), kinds.count("verdict")) == (3, 3, 1)
    assert f"joined/{label.task_id}" in nodes
    assert nodes[f"policy/{label.policy}"]["facts"]["policy"] == "demo@1"
    signed = {edge["source"].rpartition("/")[2] for edge in found["edges"] if edge["relation"] == "signed"}
    assert signed == {"tilda", "tarek"}
    assert nodes[f"bundle/{label.bundle}"]["facts"]["release"]
    assert {nodes[it]["person"] for it in nodes if it.startswith("lease/")} == set(PERSONS)


def test_a_withdrawn_task_tells_who_ordered_it_and_who_let_go(run, traced):  # noqa: F811
    pipeline, _, gone = traced
    found = told(run, pipeline, "trace", f"withdraw/{pipeline.project}/{gone}/tiva")
    (node,) = [node for node in found["nodes"] if node["id"] in found["subjects"]]
    assert (node["person"], node["facts"]["ordered_by"]) == ("tiva", "tiva")
    assert {f"{role}.{pipeline.project}" for role in ("label", "join", "keeper")} <= node["facts"].keys()


@pytest.mark.parametrize("what", ["demo@1", "tova", "tiva"])
def test_policies_and_persons_are_traced_in_words_and_as_a_picture(run, traced, what, tmp_path):  # noqa: F811
    pipeline, _, _ = traced
    ended = veil(run, pipeline, "trace", what, "--svg", tmp_path / "it.svg")
    assert (ended.code, ended.out.split()[0]) == (Exit.OK, what), ended.err
    assert ET.parse(tmp_path / "it.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own


def test_an_id_that_occurs_nowhere_ends_with_1(run, traced):  # noqa: F811
    pipeline, _, _ = traced
    ended = veil(run, pipeline, "trace", "f" * 32, "--json")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert "occurs nowhere" in ended.err


def test_access_tells_what_a_person_saw_and_who_saw_a_task(run, joined):  # noqa: F811
    pipeline, label = joined
    mine = told(run, pipeline, "access", "tova")
    assert mine["counts"]["view"] >= 2
    assert all(it["rule"] and it["bundle"] and it["purpose"] for it in mine["latest"] if it["what"] == "view")
    of_it = told(run, pipeline, "access", "--of", label.task_id)
    views = [it for it in of_it["latest"] if it["what"] != "open"]
    assert {it["person"] for it in views} == set(PERSONS)
    assert {it["resource"] for it in views} == {f"task/{label.task_id}"}
    (opening,) = [it for it in of_it["latest"] if it["what"] == "open"]
    assert "person" not in opening, "who reads it there is not known"
    words = veil(run, pipeline, "access", "tova").out
    assert re.match(r"tova: \d+ views? of \d+ tasks?", words)
