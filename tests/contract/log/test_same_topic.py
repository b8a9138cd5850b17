"""Whether the sealer knows a topic again, on either log: by what lies there, not by offsets."""

from __future__ import annotations

import pytest

from streams.audit.same_topic import begin_late, not_the_same
from streams.audit.sealing import begun, grown
from streams.engine.messages import Outgoing, TopicPartition
from tests.contract.log.bench import numbered


def sealed(bench, topic):
    """The logs of a topic, by partition, up to its end as it is now."""
    logs = {}
    for message in bench.log.read(topic):
        log = logs.get(message.partition) or begun(message.place, f"tests/{topic}/{message.partition}")
        logs[message.partition] = grown(log, [message], {})
    return logs


@pytest.fixture
def topic(bench):
    """Of two partitions, with records in both."""
    name = bench.topic()
    bench.write(*numbered(name, 20))
    assert len(sealed(bench, name)) == 2
    return name


def test_topic_that_grows_is_the_same(bench, topic):
    logs = sealed(bench, topic)
    bench.write(*numbered(topic, 20, first=20))
    assert not_the_same(bench.log, topic, logs.values()) == []


def test_topic_whose_records_have_expired_is_the_same(bench, topic):
    logs = sealed(bench, topic)
    bench.expire(topic, bench.log.offsets_at(topic, 2**53)[TopicPartition(topic, 0)])
    assert not_the_same(bench.log, topic, logs.values()) == []
    bench.write(*numbered(topic, 20, first=20))
    assert not_the_same(bench.log, topic, logs.values()) == []


@pytest.mark.parametrize("more", [0, 4, 200])
def test_topic_that_was_made_again_is_another_however_long_it_is_by_now(bench, topic, more):
    logs = sealed(bench, topic)
    bench.make_again(topic)
    if more:
        bench.write(*numbered(topic, more, first=1_000))
    found = not_the_same(bench.log, topic, logs.values())
    assert sorted(log.partition for log in found) == [0, 1]


def test_partition_with_records_before_a_position_begins_late(bench):
    topic = bench.topic(1)
    place = TopicPartition(topic, 0)
    for number in range(3):
        bench.write(Outgoing(topic, b"k", b"%d" % number))
    first, second, _ = bench.log.read(topic)
    assert begin_late(bench.log, topic, [place], {place: first.offset}) == []
    assert begin_late(bench.log, topic, [place], {place: second.offset}) == [place]
    bench.expire(topic, second.offset)
    assert begin_late(bench.log, topic, [place], {place: second.offset}) == []
