"""Reveal: hands out the sealed values of one task, once, where a grant is in force."""

from __future__ import annotations

from collections.abc import Iterable

from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from schemas.codec import Codec
from schemas.errors import Undecodable
from schemas.records import EPOCH, SegmentIndex
from streams.engine.log import Ownership
from streams.engine.messages import Message
from streams.engine.segment_topics import KafkaSegmentTopics
from streams.reveal.processor import RevealProcessor, Seams


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The reveal stage of a project."""
    project, grants = around.project, around.book.grants(around.project)
    topics = KafkaSegmentTopics(around.access)
    seams = Seams(grants.unfinished, _Segments(around).of, around.vault, around.clock.now, topics)
    return StageParts(RevealProcessor(project, around.codec, seams), (), Ownership.WHOLE, stop=topics.close)


class _Segments:
    """`segments.P`, read anew for each request: there are few, and the topic is compacted."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def of(self, task_id: str) -> str | None:
        """The segment that holds a task; None where none does (any more). Raises LogUnavailable."""
        return segment_of(task_id, self._around.log.read(f"segments.{self._around.project}"), self._around.codec)


def segment_of(task_id: str, messages: Iterable[Message], codec: Codec) -> str | None:
    """By the index as it stands after these messages. One that can't be read hides no other."""
    found: dict[bytes, str] = {}
    for message in messages:
        key = message.key or b""
        if key.startswith(EPOCH.encode()):
            continue
        found.pop(key, None)
        index = _index(message, codec)
        if index is not None and any(entry.task_id == task_id for entry in index.entries):
            found[key] = index.segment_id
    return next(reversed(found.values()), None)


def _index(message: Message, codec: Codec) -> SegmentIndex | None:
    try:
        return None if message.value is None else codec.decode(message.value, SegmentIndex)
    except Undecodable:
        return None
