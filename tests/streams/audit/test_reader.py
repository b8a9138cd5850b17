from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from schemas import cloudevents
from schemas.codec import Codec, FixedIds
from streams.audit.findings import FindingKind
from streams.audit.reader import Reader, follow_events, read_events, read_placed
from streams.engine.messages import Message
from tests.streams.audit.generate import World, random_world

CODEC = Codec(FixedIds())


class StoredLog:
    """The one call of the Log seam the reader makes."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages

    def read(self, topic: str, key: bytes | None = None) -> Iterator[Message]:
        return (message for message in self._messages if message.topic == topic)


class StoredFollower:
    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages

    def poll(self, limit: int, timeout: float) -> list[Message]:
        taken, self._messages = self._messages[:limit], self._messages[limit:]
        return taken


def messages_of(world: World) -> list[Message]:
    return [
        Message(
            it.topic,
            it.partition,
            it.offset,
            it.event.slot.encode(),
            CODEC.encode(it.event),
            dict(cloudevents.headers(it.event)),
        )
        for it in world.placed()
    ]


@pytest.fixture
def messages() -> list[Message]:
    return messages_of(random_world(9))


def test_all_events_come_with_their_places(messages):
    world, reader = random_world(9), Reader(CODEC)
    found = list(read_placed(StoredLog(messages), reader, ["audit.demo"]))
    assert [(it.topic, it.partition, it.offset) for it in found] == [
        (it.topic, it.partition, it.offset) for it in messages
    ]
    assert [it.event.event_id for it in found] == [event.event_id for event in world.events()]
    assert reader.findings == []


def test_events_of_several_topics_follow_each_other(messages):
    moved = [replace(message, topic="audit.platform") for message in messages]
    found = list(read_events(StoredLog(messages + moved), Reader(CODEC), ["audit.demo", "audit.platform"]))
    assert len(found) == 2 * len(messages)


@pytest.mark.parametrize("value", [None, b"", b"\x00\x00\x00\x00\x0a", b"\x00\x00\x00\x00\x01abc", b"\xff" * 40])
def test_record_that_is_no_event_is_a_finding_and_the_rest_goes_on(messages, value):
    messages[3] = replace(messages[3], value=value)
    reader = Reader(CODEC)
    found = list(read_events(StoredLog(messages), reader, ["audit.demo"]))
    assert len(found) == len(messages) - 1
    place = f"audit.demo/{messages[3].partition}/{messages[3].offset}"
    assert [(it.kind, it.where) for it in reader.findings] == [(FindingKind.UNREADABLE, place)]


def test_headers_that_disagree_with_the_body_are_a_finding(messages):
    messages[3] = replace(messages[3], headers={**messages[3].headers, "ce_subject": b"task/other"})
    reader = Reader(CODEC)
    list(read_events(StoredLog(messages), reader, ["audit.demo"]))
    assert [it.kind for it in reader.findings] == [FindingKind.HEADERS]


def test_key_that_is_not_the_slot_is_a_finding(messages):
    messages[3] = replace(messages[3], key=b"another")
    reader = Reader(CODEC)
    list(read_events(StoredLog(messages), reader, ["audit.demo"]))
    assert [it.kind for it in reader.findings] == [FindingKind.HEADERS]


def test_following_goes_on_where_it_was(messages):
    follower, reader = StoredFollower(messages), Reader(CODEC)
    first = follow_events(follower, reader, 2, 0.1)
    rest = follow_events(follower, reader, 10_000, 0.1)
    assert len(first) == 2
    assert len(first) + len(rest) == len(messages)
