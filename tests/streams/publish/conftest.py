from __future__ import annotations

import pytest

from schemas.hidden import SecretBytes
from streams.publish.publisher import Publisher
from tests.simulation.vault import MemoryVault, VaultStore
from vault.data_keys import DataKeys
from vault.interface import WrappedKey
from vault.keyed_hash import KeyedHash
from vault.raw import open_raw, parse_raw


class FakeError:
    def __init__(self, code, name="SOME_ERROR"):
        self._code, self._name = code, name

    def code(self):
        return self._code

    def name(self):
        return self._name


class Sent:
    """A message as the delivery callback sees it."""

    def __init__(self, topic, value, key, headers, on_delivery, offset):
        self._topic, self.value, self.key, self.headers = topic, value, key, dict(headers)
        self.on_delivery, self._offset = on_delivery, offset

    def topic(self):
        return self._topic

    def partition(self):
        return 0

    def offset(self):
        return self._offset


class MemoryProducer:
    """The part of confluent_kafka.Producer that the publisher uses, delivering on poll and flush."""

    def __init__(self):
        self.sent, self.waiting = [], []
        self.errors = {}
        self.full = 0
        self.stuck = self.unplaced = False

    def produce(self, topic, value=None, key=None, *, on_delivery=None, headers=None):
        if self.full:
            self.full -= 1
            raise BufferError
        message = Sent(topic, value, key, headers, on_delivery, None if self.unplaced else len(self.sent))
        self.sent.append(message)
        self.waiting.append(message)

    def poll(self, timeout):
        return 0 if self.stuck else self.deliver()

    def flush(self, timeout):
        if not self.stuck:
            self.deliver()
        return len(self.waiting)

    def deliver(self):
        count = len(self.waiting)
        while self.waiting:
            message = self.waiting.pop(0)
            message.on_delivery(self.errors.get(message.offset()), message)
        return count


class Registry:
    """Knows every schema but those that were never registered."""

    def __init__(self):
        self.asked = []
        self.unregistered = set()

    def id_under(self, subject_name, schema):
        self.asked.append((subject_name, schema))
        return None if schema in self.unregistered else 40 + len(self.asked)


class Time:
    now = 1_700_000_000_000
    seconds = 0.0

    def monotonic(self):
        self.seconds += 1
        return self.seconds


@pytest.fixture
def producer():
    return MemoryProducer()


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def vault():
    return MemoryVault(VaultStore(auto_keys=True), "demo")


@pytest.fixture
def publisher(producer, registry, time, vault):
    return Publisher(
        "demo",
        "producer.demo.1",
        producer,
        DataKeys(vault),
        KeyedHash(SecretBytes(bytes(32))),
        registry,
        now=lambda: time.now,
        monotonic=time.monotonic,
    )


@pytest.fixture
def opened(vault):
    """What redact sees of a message."""

    def opener(message):
        envelope = parse_raw(message.headers, message.value)
        (secret,) = vault.unwrap("raw-demo", [WrappedKey(envelope.wrapped.wrapped, envelope.wrapped.context)])
        return open_raw(secret, envelope, project="demo", topic="raw.demo", key=message.key), envelope

    return opener


@pytest.fixture
def error():
    return FakeError
