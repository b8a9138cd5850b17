from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import LogUnavailable
from streams.engine.messages import Message, Outgoing
from streams.engine.warm import WarmCopy, WarmLog
from tests.simulation.broker import Broker, MemoryLog

TOPIC = "label-state.demo"
CHANGES = st.lists(st.tuples(st.sampled_from("abcde"), st.none() | st.binary(min_size=1, max_size=2)), max_size=30)


def broker_with(changes):
    broker = Broker({TOPIC: 2})
    for key, value in changes:
        broker.append(Outgoing(TOPIC, key.encode(), value))
    return broker


def compacted(messages):
    latest = {}
    for message in messages:
        latest.pop(message.key, None)
        if message.value is not None:
            latest[message.key] = message.value
    return latest


@given(changes=CHANGES, cut=st.integers(0, 30), twice=st.integers(0, 5))
def test_restoring_from_a_copy_is_restoring_from_the_log(changes, cut, twice):
    broker = broker_with(changes[:cut])
    copy, log = WarmCopy(TOPIC), WarmLog(MemoryLog(broker))
    follower = log.follow([TOPIC])
    seen = follower.poll(100, 0)
    for message in [*seen, *seen[-twice:]]:  # a reader that begins anew repeats itself
        copy.apply(message)
    for key, value in changes[cut:]:
        broker.append(Outgoing(TOPIC, key.encode(), value))
    log.keep(copy)
    assert compacted(log.read(TOPIC)) == compacted(broker.committed(TOPIC))
    assert list(log.read(TOPIC)) == broker.committed(TOPIC)  # the copy is let go of


def test_only_what_came_since_is_asked_for():
    asked = []

    class Asked(MemoryLog):
        def read(self, topic, after=()):
            asked.append(dict(after))
            return super().read(topic, after)

    broker = broker_with([("a", b"1"), ("b", b"2")])
    copy = WarmCopy(TOPIC)
    for message in broker.committed(TOPIC):
        copy.apply(message)
    log = WarmLog(Asked(broker))
    log.keep(copy)
    assert {m.key for m in log.read(TOPIC)} == {b"a", b"b"}
    assert asked == [{m.place: m.offset + 1 for m in broker.committed(TOPIC)}]


def test_copy_is_kept_where_reading_the_rest_fails():
    broker = broker_with([("a", b"1")])
    copy = WarmCopy(TOPIC)
    log = WarmLog(MemoryLog(broker))
    log.keep(copy)
    broker.faults = lambda point: (_ for _ in ()).throw(LogUnavailable(point))
    with pytest.raises(LogUnavailable):
        list(log.read(TOPIC))
    broker.faults = lambda _: None
    assert [m.key for m in log.read(TOPIC)] == [b"a"]
    assert list(copy.drain()) == []


def test_another_topic_is_read_as_it_is():
    broker = Broker({TOPIC: 1, "other": 1})
    broker.append(Outgoing("other", b"a", b"1"))
    log = WarmLog(MemoryLog(broker))
    log.keep(WarmCopy(TOPIC))
    assert [m.value for m in log.read("other")] == [b"1"]


def test_what_was_removed_is_not_kept():
    copy = WarmCopy(TOPIC)
    copy.apply(Message(TOPIC, 0, 0, b"work/a", b"x"))
    copy.apply(Message(TOPIC, 0, 1, b"work/a", None))
    assert list(copy.drain()) == []
    assert copy.get(b"work/a") is None
