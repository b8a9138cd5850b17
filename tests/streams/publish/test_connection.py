from __future__ import annotations

import pytest
from confluent_kafka import KafkaError

from schemas.errors import AccessDenied, ConfigError, LogUnavailable, Refused, VeilError
from streams.publish.connection import client, error_of, settings


def test_librdkafka_takes_our_settings(tmp_path):
    configuration = settings("127.0.0.1:1", tmp_path / "ca.pem", "user", "password")
    del configuration["ssl.ca.location"]
    client(configuration, lambda error: None)


def test_a_producer_is_idempotent_encrypted_and_hashes_like_java(tmp_path):
    configuration = settings("broker:9092", tmp_path / "ca.pem", "user", "password")
    assert configuration["enable.idempotence"] is True
    assert configuration["security.protocol"] == "SASL_SSL"
    assert configuration["partitioner"] == "murmur2_random"


def test_settings_that_make_no_sense_are_our_error(tmp_path):
    configuration = settings("127.0.0.1:1", tmp_path / "missing.pem", "user", "password")
    with pytest.raises(ConfigError):
        client(configuration, lambda error: None)


def test_a_broker_that_goes_away_while_it_is_greeted_has_refused_nobody():
    text = "SASL SCRAM-SHA-512 mechanism handshake failed: Local: Broker transport failure"
    assert isinstance(error_of(KafkaError(KafkaError._AUTHENTICATION, text)), LogUnavailable)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, AccessDenied),
        (KafkaError._AUTHENTICATION, AccessDenied),
        (KafkaError.MSG_SIZE_TOO_LARGE, Refused),
        (KafkaError._ALL_BROKERS_DOWN, LogUnavailable),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, LogUnavailable),
        (KafkaError._MSG_TIMED_OUT, LogUnavailable),
    ],
)
def test_every_kafka_error_becomes_one_of_ours(code, expected):
    made = error_of(KafkaError(code, "the broker's own words"))
    assert isinstance(made, VeilError)
    assert isinstance(made, expected)
    assert "own words" not in str(made)
