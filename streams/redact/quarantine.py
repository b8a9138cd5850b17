"""Sealing a record that can't go on, just as it came, so that a signed release can redact it again."""

from __future__ import annotations

from schemas.errors import Reason
from schemas.records import Quarantined, RawReference
from streams.engine.messages import Message
from vault.data_keys import DataKeys
from vault.keys import framed, quarantine_binding, seal


class Quarantine:
    """Seals for one project and slot; it may seal under `quarantine-P`, and redact alone may open."""

    def __init__(self, project: str, slot: str, keys: DataKeys) -> None:
        self._project = project
        self._slot = slot
        self._keys = keys

    def seal(self, message: Message, reason: Reason, bundle: str, now: int) -> Quarantined:
        """The record of `quarantine.P`. Key, value and headers travel inside, framed by their lengths."""
        key = self._keys.current(f"quarantine-{self._project}", f"{self._slot}/{now // 3_600_000}", now)
        headers = [part for name, value in message.headers.items() for part in (name.encode(), value)]
        content = framed(message.key or b"", message.value or b"", *headers)
        binding = quarantine_binding(self._project, message.topic, message.partition, message.offset)
        return Quarantined(
            raw=RawReference(message.topic, message.partition, message.offset),
            reason=reason.value,
            bundle=bundle,
            wrapped_key=key.wrapped,
            context=key.context,
            sealed=seal(key.secret, content, binding).data,
            quarantined_at=now,
        )
