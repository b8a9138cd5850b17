"""The topics on which entries of segments lie: written, and read by place. In memory and on Kafka."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import pytest

from schemas.errors import LogUnavailable, Reason, Refused
from streams.engine import segment_topics
from streams.engine.kafka_access import KafkaAccess
from streams.engine.kafka_login import Consumer, Producer
from streams.engine.missing import PATIENCE_S
from streams.engine.segment_topics import KafkaSegmentTopics
from tests.contract.log.bench import Bench, kafka_bench, memory_bench
from tests.simulation.segment_topics import MemorySegmentTopics
from vault.segments.apart import SegmentTopics, Stored
from vault.segments.document import Place


@dataclass
class Topics:
    """Under test, with a clock of the test's own for how long what is missing is awaited."""

    bench: Bench
    under_test: SegmentTopics
    clock: list[float]
    topic: str

    def stored(self, count: int, size: int = 10) -> list[Stored]:
        return [Stored(self.topic, f"key-{n}".encode(), f"value-{n}:".encode().ljust(size)) for n in range(count)]

    def read(self, place: Place) -> bytes:
        return self.under_test.read(self.topic, place)


def in_memory(clock: Callable[[], float]) -> tuple[Bench, SegmentTopics, Callable[[], None]]:
    bench = memory_bench()
    return bench, MemorySegmentTopics(bench.log.broker, clock), lambda: None


def access_of(stack) -> KafkaAccess:
    endpoint = stack.endpoints.kafka
    password = endpoint.admin_password_file.read_text().strip()
    return KafkaAccess(endpoint.bootstrap, endpoint.ca_file, endpoint.admin_user, password)


def on_kafka(stack, clock: Callable[[], float]) -> tuple[Bench, SegmentTopics, Callable[[], None]]:
    made = KafkaSegmentTopics(access_of(stack), clock)
    return kafka_bench(stack), made, made.close


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.stack)])
def topics(request):
    seconds = [0.0]
    make = (
        in_memory if request.param == "memory" else lambda clock: on_kafka(request.getfixturevalue("stack"), clock)
    )
    bench, under_test, close = make(lambda: seconds[0])
    yield Topics(bench, under_test, seconds, bench.topic())
    close()
    bench.close()


def test_each_record_is_read_at_the_place_that_it_was_given(topics):
    stored = topics.stored(30)
    places = topics.under_test.append(stored)
    assert len(set(places)) == 30
    for record, place in reversed(list(zip(stored, places, strict=True))):
        assert topics.read(place) == record.value


def test_what_is_large_is_read_as_it_was_written(topics):
    stored = topics.stored(20, size=256 * 1024)
    places = topics.under_test.append(stored)
    for record, place in zip(stored, places, strict=True):
        assert topics.read(place) == record.value


def test_nothing_is_written_for_nothing(topics):
    assert topics.under_test.append([]) == []


def test_what_is_written_later_is_read_by_who_was_at_the_end(topics):
    first, second = topics.stored(2)
    (place,) = topics.under_test.append([first])
    assert topics.read(place) == first.value
    (later,) = topics.under_test.append([second])
    assert topics.read(later) == second.value
    assert topics.read(place) == first.value


def test_who_reads_side_by_side_is_given_what_each_asked_for(topics):
    stored = topics.stored(40)
    places = topics.under_test.append(stored)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(topics.read, places)) == [record.value for record in stored]


def test_what_the_log_does_not_reach_is_awaited_and_then_refused(topics):
    (place,) = topics.under_test.append(topics.stored(1))
    beyond = Place(place.partition, place.offset + 5)
    for seconds in (0.0, PATIENCE_S / 2):
        topics.clock[0] = seconds
        with pytest.raises(LogUnavailable, match="not on the log"):
            topics.read(beyond)
    topics.clock[0] = PATIENCE_S
    with pytest.raises(Refused) as caught:
        topics.read(beyond)
    assert caught.value.reason is Reason.UNKNOWN_SEGMENT
    assert topics.read(place)


def test_what_has_expired_is_refused_at_once(topics):
    places = topics.under_test.append(topics.stored(40))
    partition = places[0].partition
    mine = sorted((it for it in places if it.partition == partition), key=lambda it: it.offset)
    topics.bench.expire(topics.topic, mine[1].offset, partition)
    with pytest.raises(Refused) as caught:
        topics.read(mine[0])
    assert caught.value.reason is Reason.UNKNOWN_SEGMENT
    assert topics.read(mine[1])


@pytest.mark.stack
def test_a_topic_that_is_not_there_is_no_record_that_is_gone(stack):
    with closing(KafkaSegmentTopics(access_of(stack), patience_s=2.0)) as topics:
        with pytest.raises(LogUnavailable):
            topics.read("no-such-topic", Place(0, 0))
        with pytest.raises(LogUnavailable):
            topics.append([Stored("no-such-topic", b"k", b"v")])


@pytest.mark.stack
def test_a_writer_and_a_reader_keep_their_connections(stack, monkeypatch):
    made = []

    def counting(kind):
        class Counted(kind):
            def __init__(self, settings):
                super().__init__(settings)
                made.append(kind)

        return Counted

    for kind in (Producer, Consumer):
        monkeypatch.setattr(segment_topics, kind.__name__, counting(kind))
    bench = kafka_bench(stack)
    with closing(bench), closing(KafkaSegmentTopics(access_of(stack), lambda: 0.0)) as topics:
        name = bench.topic()
        for number in range(3):
            (place,) = topics.append([Stored(name, b"key", b"%d" % number)])
            assert topics.read(name, place) == b"%d" % number
    assert sorted(kind.__name__ for kind in made) == ["Consumer", "Producer"]
