"""A batch as redact reads it: arrivals, and the events of what is none."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.audit import Event
from schemas.errors import RecordError
from streams.engine.messages import Message
from streams.engine.refusals import refused
from streams.redact.again.arrivals import Arrival, arrival
from streams.redact.again.released import Releases


def read_arrivals(
    messages: Sequence[Message], project: str, releases: Releases, now: int
) -> tuple[list[Arrival], list[Event]]:
    """What is to be redacted, and what is refused: a copy that names no origin is no revision of anything; one
    from quarantine that nobody has released stays there. Raises LogUnavailable where one waits for its order.
    """
    read: list[tuple[Message, Arrival]] = []
    found: list[Arrival] = []
    refusals: list[Event] = []
    for message in messages:
        try:
            read.append((message, arrival(message, project)))
        except RecordError as error:
            refusals.append(refused(message, error.reason))
    releases.expect((arrived for _, arrived in read), now)
    for message, arrived in read:
        try:
            found.append(releases.take(arrived) if arrived.released else arrived)
        except RecordError as error:
            refusals.append(refused(message, error.reason))
    return found, refusals
