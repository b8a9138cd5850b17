"""The publisher on the real broker, Vault and registry."""

from __future__ import annotations

import contextlib
import json
import secrets

import hvac
import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.registering import register
from schemas.errors import AccessDenied, ConfigError, LogUnavailable
from schemas.hidden import SecretBytes
from schemas.registry import Registry
from streams.publish.connection import settings
from streams.publish.files import Format, publish_file
from streams.publish.lasting import connect
from streams.publish.publisher import Publisher
from tests.support.topics import create_topic
from vault.client import VaultClient
from vault.data_keys import DataKeys, UnwrappedKeys
from vault.keyed_hash import KeyedHash
from vault.raw import Media, open_raw, parse_raw

pytestmark = pytest.mark.stack

PROJECT = f"publishing-{secrets.token_hex(4)}"  # an external stack keeps the topics of earlier runs
TOPIC = f"raw.{PROJECT}"
SCHEMA = json.dumps(
    {
        "type": "record",
        "name": "Publishing",
        "namespace": "io.example",
        "fields": [{"name": "email", "type": "string", "confluent:tags": ["PII"]}],
    }
)


@pytest.fixture(scope="module")
def vault(stack):
    place = stack.endpoints.vault
    token = place.token_file.read_text().strip()
    root = hvac.Client(place.url, token=token, verify=str(place.ca_file))
    with contextlib.closing(root.adapter):
        if "transit/" not in root.sys.list_mounted_secrets_engines():
            root.sys.enable_secrets_engine("transit")
        root.secrets.transit.create_key(f"raw-{PROJECT}", derived=True)
    with VaultClient.from_token(place.url, place.ca_file, token, PROJECT) as client:
        yield client


@pytest.fixture(scope="module")
def topic(stack):
    admin = AdminClient(stack.endpoints.kafka.client_settings())
    create_topic(admin, NewTopic(TOPIC, 4, 1, config={"max.message.bytes": "2097152"}))
    return TOPIC


@pytest.fixture
def registry(stack):
    with contextlib.closing(Registry(stack.endpoints.registry.url, stack.endpoints.registry.tls())) as client:
        yield client


@pytest.fixture
def publish_to(stack, vault, registry):
    def made(project, password=None):
        kafka = stack.endpoints.kafka
        right = kafka.admin_password_file.read_text().strip()
        publishers = []
        producer = connect(
            settings(kafka.bootstrap, kafka.ca_file, kafka.admin_user, password or right),
            lambda error: publishers[0].failed(error),  # noqa: PLW0108 - there is no publisher yet
        )
        publishers.append(
            Publisher(
                project, "producer.1", producer, DataKeys(vault), KeyedHash(SecretBytes(bytes(32))), registry
            )
        )
        return publishers[0]

    return made


def read_opened(stack, vault, count):
    """So many records from the start of the topic: (record key, media, payload)."""
    consumer = Consumer(
        {
            **stack.endpoints.kafka.client_settings(),
            "group.id": f"{PROJECT}-test",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([TOPIC])
    keys = UnwrappedKeys(vault, f"raw-{PROJECT}")
    found = []
    while len(found) < count:
        messages = consumer.consume(count - len(found), timeout=20)
        assert messages, f"{len(found)} of {count} records within 20 s"
        for message in messages:
            assert message.error() is None
            envelope = parse_raw(dict(message.headers()), message.value())
            secret = keys.one(envelope.wrapped)
            payload = open_raw(secret, envelope, project=PROJECT, topic=TOPIC, key=message.key())
            found.append((message.key(), envelope.media, payload))
    consumer.close()
    return found


def test_what_is_published_is_what_a_reader_with_the_key_opens(stack, vault, topic, publish_to, tmp_path):
    with pytest.raises(ConfigError, match="not registered"):
        publish_to(PROJECT).publish_avro({"email": "a@b.c"}, SCHEMA)
    publisher = publish_to(PROJECT)
    assert register(stack.endpoints, PROJECT, SCHEMA).subject == f"{TOPIC}-io.example.Publishing"
    publisher.publish_json({"id": "j"}, key="same")
    publisher.publish_text("x" * 1024 * 1024, key="same")
    publisher.publish_avro({"email": "a@b.c"}, SCHEMA)
    file = tmp_path / "lines.jsonl"
    file.write_text("".join(f'{{"id":{number}}}\n' for number in range(2500)))
    publish_file(file, Format.JSON_LINES, publisher, PROJECT)
    assert publisher.flush().delivered == 2503

    records = read_opened(stack, vault, 2503)
    assert {f'{{"id":{number}}}'.encode() for number in range(2500)} <= {payload for _, _, payload in records}
    assert [media for _, media, _ in records].count(Media.AVRO) == 1
    same = [key for key, _, payload in records if payload == b'{"id":"j"}' or len(payload) == 1024 * 1024]
    assert len(same) == 2
    assert same[0] == same[1]


def test_a_wrong_password_is_denied(topic, publish_to):
    publisher = publish_to(PROJECT, password="wrong")
    publisher.publish_text("x")
    with pytest.raises(AccessDenied):
        publisher.flush()


def test_a_topic_that_is_not_there_is_named_as_such(vault, publish_to):
    publisher = publish_to("nowhere")
    publisher._topic = "raw.not-there"
    publisher._project = PROJECT
    publisher.publish_text("x")
    with pytest.raises(LogUnavailable, match="no such topic"):
        publisher.flush()
