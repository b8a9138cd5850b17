"""Which records of the topics of segments a backup takes, whatever redact writes while it is taken."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from deploy.backup import contents
from deploy.backup.records import unpacked
from deploy.backup.taking import _Taking
from streams.engine.messages import Message, TopicPartition

BEFORE, GONE, BETWEEN, LATER = (f"redact.demo.0/1/{number}".encode() for number in range(4))


class Growing:
    """A log on which redact goes on."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Message]] = {}

    def write(self, topic: str, key: bytes, value: bytes | None = b"x") -> None:
        kept = self.topics.setdefault(topic, [])
        kept.append(Message(topic, 0, len(kept), key, value))

    def segment(self, key: bytes) -> None:
        """As redact does it: records first, the index last."""
        for topic in contents.entries("demo"):
            self.write(topic, key)
        self.write("segments.demo", key)

    def read(self, topic: str, after: dict[TopicPartition, int]) -> list[Message]:
        first = after.get(TopicPartition(topic, 0), 0)
        return self.topics.get(topic, [])[first:]


@pytest.fixture
def taken(monkeypatch, tmp_path):
    """The keys in each part of a backup of a project whose index changes while the snapshot is taken."""
    log, parts = Growing(), dict[str, list[bytes | None]]()
    log.segment(BEFORE)
    log.segment(GONE)

    def part(self, name, clear, items) -> None:
        if name != contents.FILES:
            parts[name] = [it.key for it in unpacked(name, io.BytesIO(b"".join(clear)))]

    def snapshot(self) -> None:
        log.segment(BETWEEN)
        log.write("segments.demo", GONE, None)
        for topic in contents.entries("demo"):
            log.write(topic, LATER)  # its index is not committed yet

    monkeypatch.setattr(_Taking, "_part", part)
    monkeypatch.setattr(_Taking, "_vault", snapshot)
    monkeypatch.setattr(_Taking, "_schemas", lambda self: None)
    monkeypatch.setattr(_Taking, "_signed", lambda self, projects: None)
    monkeypatch.setattr("deploy.backup.taking._files", lambda root: {})
    around = SimpleNamespace(log=log, topology=SimpleNamespace(projects=["demo"]), root=tmp_path)
    _Taking(around, tmp_path, None, lambda _: None).made()
    return parts


def test_what_came_to_the_index_while_the_snapshot_was_taken_has_its_entries_in_the_backup(taken):
    assert taken["segments.demo"] == [BEFORE, GONE]
    assert taken["segments-later.demo"] == [BETWEEN, GONE]
    for topic in contents.entries("demo"):
        assert taken[topic] == [BEFORE, BETWEEN]
