"""Where reading a topic stops while others write to it. What the broker has to say is in `tests/contract/log`."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from streams.engine import kafka
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.messages import Message, TopicPartition

SHORT, LONG = TopicPartition("t", 0), TopicPartition("t", 1)
FETCH = 500
"""Records of a partition that one poll gives, as a fetch does."""


class Growing:
    """A topic of a short and a long partition, to both of which others write with every poll."""

    def __init__(self, *_: object) -> None:
        self._sizes = {SHORT: 10, LONG: 5_000}
        self._at = dict.fromkeys(self._sizes, 0)

    def ends(self) -> dict[TopicPartition, int]:
        return dict(self._sizes)

    def passed(self, ends: Mapping[TopicPartition, int]) -> bool:
        return all(self._at[place] >= end for place, end in ends.items())

    def poll(self, _limit: int, _timeout: float) -> list[Message]:
        found: list[Message] = []
        for place, size in self._sizes.items():
            first, self._at[place] = self._at[place], min(size, self._at[place] + FETCH)
            found += [Message(place.topic, place.partition, n, b"k", b"v") for n in range(first, self._at[place])]
            self._sizes[place] += FETCH // 2
        return found

    def close(self) -> None:
        pass


def test_every_partition_is_read_up_to_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what somebody wrote on one because of a record on another would be read without that record."""
    monkeypatch.setattr(kafka, "KafkaFollower", Growing)
    read: dict[TopicPartition, int] = {}
    for message in KafkaLog(KafkaAccess("nowhere", None, "u", "p")).read("t"):
        read[message.place] = message.offset + 1
    assert read == {SHORT: 10, LONG: 5_000}
