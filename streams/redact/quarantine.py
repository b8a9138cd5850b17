"""Sealing a record that can't go on, so that a signed release can redact it again.

Of header names that repeat, the last one is kept.
"""

from __future__ import annotations

import re

from schemas.errors import Reason
from schemas.records import Quarantined
from streams.engine.messages import Message
from streams.redact.again.arrivals import Arrival
from vault.data_keys import DataKeys
from vault.keys import framed, quarantine_binding, seal

MAX_KEPT_BYTES = 2 * 1024 * 1024 - 64 * 1024
"""An entry has to fit on its topic, which takes 2 MiB, or its partition would stand still for ever. A publisher's
record is at most 1 MiB; of what is larger (a compressed batch may hold a hundred megabytes) the entry keeps reason
and place only, and `raw.P` the rest for its day.
"""
_KEYED_HASH = re.compile(rb"[0-9a-f]{64}")


def keepable(message: Message) -> bool:
    """Whether quarantine holds the record itself; of a larger one it holds the place only."""
    size = len(message.key or b"") + len(message.value or b"")
    size += sum(len(name) + len(value) + 8 for name, value in message.headers.items())
    return size <= MAX_KEPT_BYTES


def topic_key(message: Message) -> bytes:
    """The record's own key where it is a keyed hash; else its place: a foreign key may be anybody's name."""
    if message.key is not None and _KEYED_HASH.fullmatch(message.key):
        return message.key
    return f"{message.topic}/{message.partition}/{message.offset}".encode()


class Quarantine:
    """Seals for one project and slot. `again.released` opens what two people have released."""

    def __init__(self, project: str, slot: str, keys: DataKeys) -> None:
        self._project = project
        self._slot = slot
        self._keys = keys

    def seal(self, arrived: Arrival, reason: Reason, bundle: str, now: int) -> Quarantined:
        """The record of `quarantine.P`. Key, value and headers travel inside, framed by their lengths; of a record
        that is not `keepable`, nothing does.
        """
        message = arrived.message
        key = self._keys.current(f"quarantine-{self._project}", f"{self._slot}/{now // 3_600_000}", now)
        content = _framed(message) if keepable(message) else framed(b"", b"")
        binding = quarantine_binding(self._project, message.topic, message.partition, message.offset)
        return Quarantined(
            raw=arrived.raw,
            reason=reason.value,
            bundle=bundle,
            wrapped_key=key.wrapped,
            context=key.context,
            sealed=seal(key.secret, content, binding).data,
            quarantined_at=now,
        )


def _framed(message: Message) -> bytes:
    headers = [part for name, value in message.headers.items() for part in (name.encode(), value)]
    return framed(message.key or b"", message.value or b"", *headers)
