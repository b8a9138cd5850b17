"""What redact takes: a raw message as it lay on `raw.P`, whether it comes from there or as a copy on `again.P`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.errors import Reason
from schemas.quarantine_release import QuarantineRelease
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

    `fault`: its content is not there, so that it can be nothing but quarantined, for this. `released`: it is a
    copy of an entry in quarantine; then `orders` are those by which two people have released it.
    """

    message: Message
    raw: RawReference
    least_policy: int = 0
    fault: Reason | None = None
    released: bool = False
    orders: tuple[QuarantineRelease, ...] = ()


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
    fault = Reason.TOO_LARGE if origin.too_large else None
    return Arrival(original, raw, origin.least_policy, fault, origin.released)
