from __future__ import annotations

import io
import json

import pytest
from confluent_kafka import KafkaError
from fastavro import parse_schema, schemaless_reader

from schemas.errors import AccessDenied, ConfigError, LogUnavailable, Reason, Refused, Unparseable
from schemas.records import RawReference
from schemas.routing import ROUTINE, routing
from streams.publish.publisher import MISSING_S, Unplaced
from vault.raw import MAX_PAYLOAD_BYTES, Media

SCHEMA = json.dumps(
    {
        "type": "record",
        "name": "Customer",
        "namespace": "io.example",
        "fields": [{"name": "email", "type": "string", "confluent:tags": ["PII"]}, {"name": "age", "type": "int"}],
    }
)


def test_a_json_record_arrives_sealed_and_opens_for_redact(publisher, producer, opened):
    publisher.publish_json({"name": "Zoë", "note": "x"}, key="customer-7")
    publisher.flush()
    (message,) = producer.sent
    payload, envelope = opened(message)
    assert message.topic() == "raw.demo"
    assert json.loads(payload) == {"name": "Zoë", "note": "x"}
    assert (envelope.media, envelope.schema_id) == (Media.JSON, None)


def test_nothing_on_the_topic_is_in_clear(publisher, producer):
    publisher.publish_json({"name": "canary-value"}, key="canary-key")
    publisher.publish_text("canary-value", key="canary-key")
    publisher.publish_avro({"email": "canary-value", "age": 3}, SCHEMA, key="canary-key")
    for message in producer.sent:
        everything = b"".join([message.key, message.value, *message.headers.values()])
        assert b"canary" not in everything


def test_text_arrives_as_it_is(publisher, producer, opened):
    publisher.publish_text("Grüße\r\n")
    payload, envelope = opened(producer.sent[0])
    assert payload == "Grüße\r\n".encode()
    assert envelope.media is Media.TEXT


def test_avro_is_looked_up_once_under_its_own_subject_and_travels_with_its_id(
    publisher, producer, registry, opened
):
    publisher.publish_avro({"email": "a@b.c", "age": 3}, SCHEMA)
    publisher.publish_avro({"email": "d@e.f", "age": 4}, SCHEMA)
    payload, envelope = opened(producer.sent[1])
    assert registry.asked == [("raw.demo-io.example.Customer", SCHEMA)]
    assert (envelope.media, envelope.schema_id) == (Media.AVRO, 41)
    assert schemaless_reader(io.BytesIO(payload), parse_schema(json.loads(SCHEMA)), None) == {
        "email": "d@e.f",
        "age": 4,
    }


def test_nothing_is_published_by_a_schema_that_nobody_has_registered(publisher, producer, registry, time):
    registry.unregistered = {SCHEMA}
    for _ in range(3):
        with pytest.raises(ConfigError, match="veil topology register"):
            publisher.publish_avro({"email": "a@b.c", "age": 3}, SCHEMA)
    assert producer.sent == []
    assert len(registry.asked) == 1, "who tries again at once does not load the registry"
    registry.unregistered = set()
    time.seconds += MISSING_S
    publisher.publish_avro({"email": "a@b.c", "age": 3}, SCHEMA)
    assert len(producer.sent) == 1


def test_equal_keys_hash_alike_others_do_not_and_no_key_is_a_fresh_one(publisher, producer):
    for key in ("a", "a", "b", None, None):
        publisher.publish_text("x", key=key)
    keys = [message.key for message in producer.sent]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
    assert all(len(key) == 64 for key in keys)


def test_a_ciphertext_under_another_key_does_not_open(publisher, producer, opened):
    publisher.publish_text("x", key="a")
    producer.sent[0].key = b"other"
    with pytest.raises(Exception, match="does not open"):
        opened(producer.sent[0])


def test_one_data_key_serves_an_hour_and_names_producer_and_hour(publisher, producer, time):
    publisher.publish_text("x")
    publisher.publish_text("y")
    time.now += 3_600_000
    publisher.publish_text("z")
    wrapped = [message.headers["veil-key"] for message in producer.sent]
    assert wrapped[0] == wrapped[1] != wrapped[2]
    assert producer.sent[0].headers["veil-context"] == b"producer.demo.1/472222"


def test_a_payload_over_a_mebibyte_is_refused_before_it_is_sent(publisher, producer):
    with pytest.raises(Refused) as caught:
        publisher.publish_text("x" * (MAX_PAYLOAD_BYTES + 1))
    assert caught.value.reason is Reason.TOO_LARGE
    assert producer.sent == []


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"x": float("nan")}, Reason.BAD_JSON),
        ({"x": {1, 2}}, Reason.BAD_JSON),
        ({"x": "\ud800"}, Reason.BAD_UTF8),
        (["canary"], Reason.NOT_AN_OBJECT),
    ],
)
def test_what_has_no_json_form_is_refused_and_not_shown(publisher, record, reason):
    with pytest.raises(Unparseable) as caught:
        publisher.publish_json(record)
    assert caught.value.reason is reason
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("record", [{"email": "canary"}, {"email": 3, "age": 3}, {"email": "a", "age": "canary"}])
def test_what_does_not_fit_its_schema_is_refused_and_not_shown(publisher, record):
    with pytest.raises(Unparseable) as caught:
        publisher.publish_avro(record, SCHEMA)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("schema", ["", "[", "{}", '{"type": "canary"}'])
def test_a_schema_that_is_none_is_a_config_error(publisher, schema):
    with pytest.raises(ConfigError):
        publisher.publish_avro({}, schema)


def test_every_delivery_is_told_with_its_place(publisher, producer):
    told = []
    publisher.publish_text("x", done=told.append)
    publisher.publish_text("y", done=told.append)
    counts = publisher.flush()
    assert told == [RawReference("raw.demo", 0, 0), RawReference("raw.demo", 0, 1)]
    assert (counts.queued, counts.delivered, counts.failed) == (2, 2, 0)


def test_one_that_kafka_knew_already_is_delivered_though_it_does_not_say_where(publisher, producer):
    producer.unplaced = True
    told = []
    publisher.publish_text("x", done=told.append)
    counts = publisher.flush()
    assert told == [Unplaced("raw.demo", 0)]
    assert (counts.queued, counts.delivered, counts.failed) == (1, 1, 0)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (KafkaError._MSG_TIMED_OUT, LogUnavailable),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, AccessDenied),
        (KafkaError.MSG_SIZE_TOO_LARGE, Refused),
    ],
)
def test_a_failed_delivery_is_raised_at_flush_and_told_to_its_record(publisher, producer, error, code, expected):
    producer.errors[0] = error(code)
    told = []
    publisher.publish_text("x", done=told.append)
    publisher.publish_text("y", done=told.append) if not told else None
    with pytest.raises(expected):
        publisher.flush()
    assert isinstance(told[0], expected)
    assert publisher.counts().failed == 1


def test_a_failed_delivery_is_raised_by_the_next_publish(publisher, producer, error):
    producer.errors[0] = error(KafkaError._MSG_TIMED_OUT)
    publisher.publish_text("x")
    with pytest.raises(LogUnavailable):
        publisher.publish_text("y")


def test_records_that_stay_unconfirmed_are_an_error(publisher, producer):
    producer.stuck = True
    publisher.publish_text("x")
    with pytest.raises(LogUnavailable, match="may still arrive"):
        publisher.flush()


def test_wrong_credentials_end_a_flush_long_before_its_limit(publisher, producer, time):
    producer.stuck = True
    publisher.publish_text("x")
    publisher.failed(AccessDenied("no"))
    with pytest.raises(AccessDenied):
        publisher.flush()
    assert time.seconds < 5


def test_a_full_queue_is_waited_for(publisher, producer):
    producer.full = 3
    publisher.publish_text("x")
    assert publisher.flush().delivered == 1


def test_a_queue_that_stays_full_is_given_up(publisher, producer):
    producer.full = 10_000
    with pytest.raises(LogUnavailable, match="queue"):
        publisher.publish_text("x")


def test_wrong_credentials_are_raised_and_a_lost_broker_alone_is_not(publisher):
    publisher.failed(LogUnavailable("away"))
    publisher.publish_text("x")
    publisher.failed(AccessDenied("no"))
    with pytest.raises(AccessDenied):
        publisher.flush()


def test_a_routing_travels_with_every_kind_of_record(publisher, producer, opened):
    made = routing(8, "week-48", ["de"])
    publisher.publish_json({"a": 1}, routing=made)
    publisher.publish_text("a", routing=made)
    publisher.publish_avro({"email": "a@b.c", "age": 3}, SCHEMA, routing=made)
    publisher.publish_text("a")
    assert [opened(message)[1].routing for message in producer.sent] == [made, made, made, ROUTINE]
