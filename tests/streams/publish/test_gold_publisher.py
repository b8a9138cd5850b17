"""A record and its truth, or neither: whatever fails at which step."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas.errors import AccessDenied, CommitInDoubt, LogUnavailable
from schemas.records import RawReference
from streams.publish.gold_publisher import Beside, GoldPublisher
from tests.simulation.vault import MemoryVault, VaultStore
from vault import keyed_hash
from vault.data_keys import DataKeys
from vault.keyed_hash import Purpose
from vault.raw import HEADERS, Media, open_raw, parse_raw


class Delivered:
    """A message as a delivery report has it."""

    def __init__(self, topic: str, partition: int, offset: int | None) -> None:
        self._place = topic, partition, offset

    def topic(self):
        return self._place[0]

    def partition(self):
        return self._place[1]

    def offset(self):
        return self._place[2]


class Failure(KafkaException):
    """An error of the client, which needs an abort or doesn't."""

    def __init__(self, code: int, aborts: bool = False) -> None:
        super().__init__(_Error(code, aborts))


class _Error:
    def __init__(self, code: int, aborts: bool) -> None:
        self._code, self._aborts = code, aborts

    def code(self):
        return self._code

    def name(self):
        return str(self._code)

    def txn_requires_abort(self):
        return self._aborts


class Producer:
    """Does as told; remembers what was done and what was committed."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.open: list[tuple] = []
        self.committed: list[tuple] = []
        self.fails: dict[str, Exception] = {}
        self.refuses: dict[str, _Error] = {}
        self.silent = self.unplaced = False

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what in self.fails:
            raise self.fails[what]

    def init_transactions(self, timeout):
        self._do("init")

    def begin_transaction(self):
        self._do("begin")
        self.open = []

    def produce(self, topic, value=None, key=None, partition=-1, *, on_delivery=None, headers=None):
        self._do(f"produce {topic}")
        self.open.append((topic, key, value, partition, headers))
        if not self.silent:
            offset = None if self.unplaced else 40 + len(self.open)
            on_delivery(self.refuses.get(topic), Delivered(topic, max(partition, 0), offset))

    def flush(self, timeout):
        self._do("flush")
        return 0

    def commit_transaction(self, timeout):
        self._do("commit")
        self.committed += self.open

    def abort_transaction(self, timeout):
        self._do("abort")
        self.open = []


@pytest.fixture
def vault():
    vault = MemoryVault(VaultStore(auto_keys=True), "demo")
    keyed_hash.create(vault, "demo", Purpose.RECORD)
    return vault


@pytest.fixture
def producer():
    return Producer()


@pytest.fixture
def publisher(producer, vault):
    record_hash = keyed_hash.load(vault, "demo", Purpose.RECORD)
    return GoldPublisher(
        "demo", "producer.demo.7f3a", producer, DataKeys(vault), record_hash, now=lambda: 3_600_000
    )


def truth(raw: RawReference) -> list[Beside]:
    return [Beside("gold.demo", f"{raw.partition}/{raw.offset}".encode(), b"truth", partition=raw.partition)]


def test_the_truth_names_where_the_record_lies_and_both_are_committed_together(producer, publisher, vault):
    raw = publisher.publish(b"made up", Media.TEXT, truth)
    assert raw == RawReference("raw.demo", 0, 41)
    record, beside = producer.committed
    assert (beside[0], beside[1], beside[3]) == ("gold.demo", b"0/41", 0)
    assert producer.done == ["begin", "produce raw.demo", "flush", "produce gold.demo", "flush", "commit"]
    topic, key, value, partition, headers = record
    assert [name for name, _ in headers] == list(HEADERS)
    envelope = parse_raw(dict(headers), value)
    assert envelope.wrapped.context == "producer.demo.7f3a/1"
    (secret,) = vault.unwrap("raw-demo", [envelope.wrapped])
    assert open_raw(secret, envelope, project="demo", topic=topic, key=key) == b"made up"
    assert (partition, len(key)) == (-1, 64)


def test_a_record_that_kafka_does_not_place_is_taken_back(producer, publisher):
    producer.unplaced = True
    with pytest.raises(LogUnavailable, match="does not say where"):
        publisher.publish(b"made up", Media.TEXT, truth)
    assert (producer.done[-1], producer.committed) == ("abort", [])


@pytest.mark.parametrize(
    ("what", "error", "ours"),
    [
        ("begin", Failure(KafkaError._ALL_BROKERS_DOWN), LogUnavailable),
        ("produce raw.demo", Failure(KafkaError.TOPIC_AUTHORIZATION_FAILED), AccessDenied),
        ("produce gold.demo", Failure(KafkaError.TOPIC_AUTHORIZATION_FAILED), AccessDenied),
        ("flush", Failure(KafkaError._ALL_BROKERS_DOWN), LogUnavailable),
        ("commit", Failure(KafkaError.NOT_ENOUGH_REPLICAS, aborts=True), LogUnavailable),
    ],
)
def test_whatever_fails_before_the_commit_leaves_neither(producer, publisher, what, error, ours):
    producer.fails[what] = error
    with pytest.raises(ours):
        publisher.publish(b"made up", Media.TEXT, truth)
    assert producer.committed == []
    assert what == "begin" or producer.done[-1] == "abort"


@pytest.mark.parametrize("topic", ["raw.demo", "gold.demo"])
def test_a_record_that_the_broker_refuses_takes_the_other_with_it(producer, publisher, topic):
    producer.refuses[topic] = _Error(KafkaError.TOPIC_AUTHORIZATION_FAILED, aborts=False)
    with pytest.raises(AccessDenied):
        publisher.publish(b"made up", Media.TEXT, truth)
    assert (producer.committed, producer.done[-1]) == ([], "abort")


def test_a_broker_that_confirms_nothing_is_told_and_nothing_is_committed(producer, publisher):
    producer.silent = True
    with pytest.raises(LogUnavailable, match="did not confirm"):
        publisher.publish(b"made up", Media.TEXT, truth)
    assert (producer.committed, producer.done[-1]) == ([], "abort")


def test_a_commit_nobody_knows_about_says_so(producer, publisher):
    producer.fails["commit"] = Failure(KafkaError._TIMED_OUT)
    with pytest.raises(CommitInDoubt, match="both are, or neither"):
        publisher.publish(b"made up", Media.TEXT, truth)
    assert "abort" not in producer.done


def test_ctrl_c_leaves_no_transaction_open(producer, publisher):
    def interrupted(_raw: RawReference) -> list[Beside]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publisher.publish(b"made up", Media.TEXT, interrupted)
    assert producer.done[-1] == "abort"


def test_opening_fences_and_an_unknown_right_is_told(producer, publisher):
    producer.fails["init"] = Failure(KafkaError.CLUSTER_AUTHORIZATION_FAILED)
    with pytest.raises(AccessDenied):
        publisher.open()
