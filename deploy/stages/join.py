"""Join: verdicts in, joined labels in raw coordinates out."""

from __future__ import annotations

from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.engine.log import Ownership
from streams.engine.segment_topics import KafkaSegmentTopics
from streams.join.gold_book import GoldBook
from streams.join.processor import JoinProcessor
from vault.segments.opening import Geometries


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The join stage of a project."""
    project, book = around.project, around.book
    topics = KafkaSegmentTopics(around.access)
    source = Geometries(around.vault, project, topics=topics)
    follower = around.log.follow([f"gold.{project}"])
    gold = GoldBook(follower, around.codec, project, around.clock)
    processor = JoinProcessor(project, around.codec, source, gold, lambda task: book.is_withdrawn(project, task))

    def stop() -> None:
        follower.close()
        topics.close()

    return StageParts(processor, (f"verdicts.{project}",), Ownership.SHARED, stop=stop)
