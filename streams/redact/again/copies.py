"""A raw message, or an entry of quarantine, as a copy on `again.P`."""

from __future__ import annotations

from schemas.quarantine_release import QuarantineRelease
from schemas.reredaction import Origin, origin_headers, without_origin
from streams.engine.messages import Message, Outgoing
from streams.redact.again.arrivals import again_topic
from streams.redact.quarantine import keepable, topic_key


def copy_of(message: Message, project: str, revision: int, least_policy: int) -> Outgoing:
    """The copy of a raw message: key, value and headers unchanged, with where it comes from.

    One too large for its topic can't be redacted anyway: its copy says so and where it is, nothing else.
    """
    origin = Origin(message.partition, message.offset, revision, least_policy, too_large=not keepable(message))
    if origin.too_large:
        return Outgoing(again_topic(project), topic_key(message), None, origin_headers(origin))
    headers = (*without_origin(message.headers).items(), *origin_headers(origin))
    return Outgoing(again_topic(project), message.key or b"", message.value, headers)


def released_copy(entry: Message, project: str, order: QuarantineRelease) -> Outgoing:
    """The copy of an entry of `quarantine.P`, as it lies there, for the revision after the one that it holds."""
    origin = Origin(order.partition, order.offset, order.revision + 1, order.policy, released=True)
    return Outgoing(again_topic(project), entry.key or b"", entry.value, origin_headers(origin))
