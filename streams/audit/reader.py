"""Audit events from the log, each slot's in order (a slot is the key, so it lies in one partition)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas import cloudevents
from schemas.audit import AuditEvent
from schemas.codec import Codec
from schemas.errors import Undecodable
from streams.audit.findings import Finding, FindingKind
from streams.engine.log import Follower, Log
from streams.engine.messages import Message


@dataclass(frozen=True, slots=True)
class Placed:
    """An event and the place it was read from."""

    topic: str
    partition: int
    offset: int
    event: AuditEvent


class Reader:
    """Decodes audit records; what can't be read, or has headers that disagree with it, becomes a finding."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self.findings: list[Finding] = []

    def placed(self, messages: Iterable[Message]) -> Iterator[Placed]:
        """The events in `messages`."""
        for message in messages:
            event = self._event(message)
            if event is not None:
                yield Placed(message.topic, message.partition, message.offset, event)

    def _event(self, message: Message) -> AuditEvent | None:
        try:
            event = self._codec.decode(message.value, AuditEvent)
        except Undecodable:
            self._find(FindingKind.UNREADABLE, message, "this record is no audit event")
            return None
        self._check_frame(message, message.headers, event)
        return event

    def _check_frame(self, message: Message, headers: Mapping[str, bytes], event: AuditEvent) -> None:
        try:
            cloudevents.check(headers, event)
        except Undecodable as error:
            self._find(FindingKind.HEADERS, message, str(error))
        if message.key != event.slot.encode():
            self._find(FindingKind.HEADERS, message, f"its key is not the slot of {event.event_id}")

    def _find(self, kind: FindingKind, message: Message, text: str) -> None:
        self.findings.append(Finding(kind, f"{message.topic}/{message.partition}/{message.offset}", text))


def read_placed(log: Log, reader: Reader, topics: Sequence[str]) -> Iterator[Placed]:
    """Every event of the topics up to their end as it is now. May raise LogUnavailable, RegistryUnavailable."""
    for topic in topics:
        yield from reader.placed(log.read(topic))


def read_events(log: Log, reader: Reader, topics: Sequence[str]) -> Iterator[AuditEvent]:
    """As `read_placed`, without the places."""
    for placed in read_placed(log, reader, topics):
        yield placed.event


def follow_events(follower: Follower, reader: Reader, limit: int, timeout: float) -> list[AuditEvent]:
    """Up to `limit` new events (`veil audit tail --follow`); waits at most `timeout` seconds for the first."""
    return [placed.event for placed in reader.placed(follower.poll(limit, timeout))]
