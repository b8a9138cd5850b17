"""A raw message as a copy on `again.P`."""

from __future__ import annotations

from schemas.reredaction import Origin, origin_headers, without_origin
from streams.engine.messages import Message, Outgoing
from streams.redact.again.arrivals import again_topic
from streams.redact.quarantine import keepable


def copy_of(message: Message, project: str, revision: int, least_policy: int) -> Outgoing:
    """The copy of a raw message: key, value and headers unchanged, with where it comes from.

    One too large for its topic can't be redacted anyway: its copy holds the origin alone, and is refused.
    """
    origin = origin_headers(Origin(message.partition, message.offset, revision, least_policy))
    if not keepable(message):
        return Outgoing(again_topic(project), b"", None, origin)
    headers = (*without_origin(message.headers).items(), *origin)
    return Outgoing(again_topic(project), message.key or b"", message.value, headers)
