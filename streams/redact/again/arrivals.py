"""What redact takes: a raw message as it lay on `raw.P`, whether it comes from there or as a copy on `again.P`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.records import RawReference
from schemas.reredaction import read_origin, without_origin
from streams.engine.messages import Message
from vault.raw import topic_of


def again_topic(project: str) -> str:
    """The topic of copies."""
    return f"again.{project}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A raw message, and which revision of it is to be redacted. `least_policy`: 0 where any policy may.

    `too_large`: it is a copy that left the content out, and can be nothing but quarantined.
    """

    message: Message
    raw: RawReference
    least_policy: int = 0
    too_large: bool = False


def arrival(message: Message, project: str) -> Arrival:
    """A message of `raw.P` or `again.P` as redact takes it. Raises Unparseable for a copy that says no origin."""
    if message.topic != again_topic(project):
        return Arrival(message, RawReference(message.topic, message.partition, message.offset))
    origin, topic = read_origin(message.headers), topic_of(project)
    original = replace(
        message,
        topic=topic,
        partition=origin.partition,
        offset=origin.offset,
        headers=without_origin(message.headers),
    )
    raw = RawReference(topic, origin.partition, origin.offset, origin.revision)
    return Arrival(original, raw, origin.least_policy, origin.too_large)
