"""Kafka headers of an audit event: CloudEvents 1.0.2, Kafka protocol binding, binary content mode.

`ce_id` and `ce_source` together are unique; `ce_type` is the event type under our reverse domain name. The headers
only repeat what the body says, for consumers that route without Avro: chain and signature cover the body, and
`check` says whether headers still agree with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schemas.audit import AuditEvent
from schemas.errors import Reason, Undecodable

SPEC_VERSION = "1.0"
"""What CloudEvents 1.0.2 asks to be sent: major and minor number."""
CONTENT_TYPE = "application/avro"
TYPE_PREFIX = "io.veilstream."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """The attributes in the headers of one record. `time` in milliseconds since the epoch."""

    id: str
    source: str
    type: str
    time: int
    subject: str


def attributes(event: AuditEvent) -> CloudEvent:
    """What the headers of `event` say."""
    return CloudEvent(event.event_id, event.slot, TYPE_PREFIX + event.type, event.time, event.resource)


def headers(event: AuditEvent) -> tuple[tuple[str, bytes], ...]:
    """The headers, in a fixed order. All values are UTF-8."""
    said = attributes(event)
    pairs = (
        ("content-type", CONTENT_TYPE),
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", said.id),
        ("ce_source", said.source),
        ("ce_type", said.type),
        ("ce_time", rfc3339(said.time)),
        ("ce_subject", said.subject),
    )
    return tuple((name, value.encode()) for name, value in pairs)


def parse(found: Mapping[str, bytes]) -> CloudEvent:
    """The attributes in a record's headers. Raises Undecodable where one is missing or malformed."""
    if _text(found, "ce_specversion") != SPEC_VERSION or _text(found, "content-type") != CONTENT_TYPE:
        raise Undecodable(Reason.UNDECODABLE, f"not a CloudEvent {SPEC_VERSION} with a body in {CONTENT_TYPE}")
    return CloudEvent(
        id=_text(found, "ce_id"),
        source=_text(found, "ce_source"),
        type=_text(found, "ce_type"),
        time=_milliseconds(_text(found, "ce_time")),
        subject=_text(found, "ce_subject"),
    )


def check(found: Mapping[str, bytes], event: AuditEvent) -> None:
    """Raise Undecodable unless the headers say what the body says."""
    if parse(found) != attributes(event):
        raise Undecodable(Reason.UNDECODABLE, f"the headers of {event.event_id} disagree with its body")


def rfc3339(time: int) -> str:
    """Milliseconds since the epoch as RFC 3339 in UTC, for example `2026-03-01T09:30:00.250Z`."""
    moment = _EPOCH + timedelta(milliseconds=time)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        return (moment - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, TypeError, OverflowError):
        raise Undecodable(Reason.UNDECODABLE, "ce_time is not a time with a zone (RFC 3339)") from None


def _text(found: Mapping[str, bytes], name: str) -> str:
    value = found.get(name)
    if value is None:
        raise Undecodable(Reason.MISSING_HEADER, f"header {name} is missing")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise Undecodable(Reason.UNDECODABLE, f"header {name} is not UTF-8") from None
