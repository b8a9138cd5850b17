"""From messages on `raw.P` to payloads: header checks, one batched unwrapping of data keys, decryption."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import RecordError, Undecryptable
from schemas.hidden import Hidden
from schemas.routing import Routing
from streams.engine.messages import Message
from vault.data_keys import UnwrappedKeys
from vault.raw import Envelope, Media, open_raw, parse_raw


class Payload(Hidden):
    """A payload in clear, and how to read it."""

    __slots__ = ("data", "media", "routing", "schema_id")

    def __init__(self, data: bytes, media: Media, schema_id: int | None, routing: Routing) -> None:
        self.data = data
        self.media = media
        self.schema_id = schema_id
        self.routing = routing


def open_messages(messages: Sequence[Message], keys: UnwrappedKeys, project: str) -> list[Payload | RecordError]:
    """The payload of each message, or why there is none; in order.

    Raises VaultUnavailable: then nothing is blamed on a record.
    """
    envelopes = [_envelope(message) for message in messages]
    wrapped = list(dict.fromkeys(e.wrapped for e in envelopes if isinstance(e, Envelope)))
    secrets = dict(zip(wrapped, keys.unwrap(wrapped), strict=True))
    payloads: list[Payload | RecordError] = []
    for message, envelope in zip(messages, envelopes, strict=True):
        if isinstance(envelope, RecordError):
            payloads.append(envelope)
            continue
        secret = secrets[envelope.wrapped]
        if isinstance(secret, Undecryptable):
            payloads.append(Undecryptable(secret.reason))
            continue
        try:
            data = open_raw(secret, envelope, project=project, topic=message.topic, key=message.key)
            payloads.append(Payload(data, envelope.media, envelope.schema_id, envelope.routing))
        except Undecryptable as error:
            payloads.append(error)
    return payloads


def _envelope(message: Message) -> Envelope | RecordError:
    try:
        return parse_raw(message.headers, message.value)
    except RecordError as error:
        return error
