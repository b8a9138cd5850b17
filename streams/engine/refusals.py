"""The audit event of a record that a stage refuses and goes on from (DESIGN invariant 4).

Redact quarantines raw records instead, and copies of them; it refuses a copy that does not say of what.
"""

from __future__ import annotations

from schemas.audit import Decision, Event, EventType
from schemas.errors import Reason
from schemas.resources import message_resource
from streams.engine.messages import Message


def refused(
    message: Message, reason: Reason, *, person: str = "", bundle: str = "", parents: tuple[str, ...] = ()
) -> Event:
    """`record.refused`: the record's place and the reason; `parents` as `schemas.resources` names them."""
    return Event(
        EventType.RECORD_REFUSED,
        resource=message_resource(message.topic, message.partition, message.offset),
        outcome="refused",
        decision=Decision.DENY,
        person=person,
        reason=reason.value,
        bundle=bundle,
        parents=parents,
        details={
            "topic": message.topic,
            "partition": str(message.partition),
            "offset": str(message.offset),
        },
    )
