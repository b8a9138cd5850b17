"""The edge of a project file's `webhooks`."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, StrictBool

from schemas.errors import ConfigError
from topology.reading import Entry, Name
from topology.webhooks import Webhook, WebhookEvent, fault

MAX_WEBHOOKS = 16
"""Of a project: each has threads of its own."""
MAX_URL = 2_000
"""Characters; longer ones are refused along the way."""


class WebhookEntry(Entry):
    name: Name
    url: str = Field(max_length=MAX_URL, repr=False)
    events: tuple[WebhookEvent, ...] = Field(min_length=1)
    private: StrictBool = False


def to_webhooks(entries: Sequence[WebhookEntry], source: str) -> tuple[Webhook, ...]:
    """The checked entries as values. Raises ConfigError."""
    names = [entry.name for entry in entries]
    for at, entry in enumerate(entries):
        where = f"{source}: webhooks.{at}"
        if entry.name in names[:at]:
            raise ConfigError(f"{where}.name: `{entry.name}` is there twice")
        wrong = fault(entry.url, private=entry.private)
        if wrong:
            raise ConfigError(f"{where}.url: {wrong}")
    return tuple(Webhook(it.name, it.url, frozenset(it.events), it.private) for it in entries)
