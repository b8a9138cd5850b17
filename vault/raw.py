"""The sealed form of a raw record on `raw.P`: what `streams.publish` writes and redact opens.

A message's value is the payload sealed under a data key of `raw-<project>`; its headers say how to open and read
it. Everything a reader relies on (project, topic, record key, media type, schema) is bound into the ciphertext.

| header | value |
|---|---|
| `veil-version` | `1` |
| `veil-media` | `application/json`, `text/plain`, `text/csv` or `avro/binary` |
| `veil-schema` | registry id of the Avro schema as decimal digits, empty for the others |
| `veil-key` | the data key, wrapped |
| `veil-context` | the context it was wrapped under |
| `veil-routing` | how its task is handed out (`schemas.routing`); left out where nothing is said |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.errors import Reason, Refused, Unparseable
from schemas.hidden import SealedBytes, SecretBytes
from schemas.routing import ROUTINE, Routing
from schemas.routing import parse as parse_routing
from vault.interface import DataKey, WrappedKey
from vault.keys import OVERHEAD, Nonces, associated_data, open_sealed, seal

MAX_PAYLOAD_BYTES = 1024 * 1024
"""Payloads are at most 1 MiB; the topic takes 2 MiB, for the sealed form and its headers."""
MAX_HEADER_BYTES = 4096
"""A wrapped key is 89 bytes and a context about 30; longer ones are nobody's we know."""

VERSION_HEADER = "veil-version"
MEDIA_HEADER = "veil-media"
SCHEMA_HEADER = "veil-schema"
KEY_HEADER = "veil-key"
CONTEXT_HEADER = "veil-context"
ROUTING_HEADER = "veil-routing"
HEADERS = (VERSION_HEADER, MEDIA_HEADER, SCHEMA_HEADER, KEY_HEADER, CONTEXT_HEADER)
VERSION = b"1"
_MAX_SCHEMA_ID = 2**31 - 1


class Media(StrEnum):
    """How a payload is to be read."""

    JSON = "application/json"
    TEXT = "text/plain"
    AVRO = "avro/binary"
    CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A raw message taken apart. `schema_id` is set for Avro only."""

    media: Media
    schema_id: int | None
    wrapped: WrappedKey
    sealed: SealedBytes
    routing: Routing = ROUTINE


def transit_key(project: str) -> str:
    """The transit key that wraps producers' data keys."""
    return f"raw-{project}"


def topic_of(project: str) -> str:
    """The topic of a project's raw records."""
    return f"raw.{project}"


def binding(
    project: str, topic: str, key: bytes, media: Media, schema_id: int | None, routing: Routing = ROUTINE
) -> bytes:
    """The associated data of a raw record."""
    more = (media.value, str(routing))
    return associated_data(
        purpose="raw", project=project, topic=topic, key=key, schema=_schema_text(schema_id), more=more
    )


def seal_raw(
    data_key: DataKey,
    payload: bytes,
    *,
    project: str,
    topic: str,
    key: bytes,
    media: Media,
    schema_id: int | None = None,
    routing: Routing = ROUTINE,
    nonces: Nonces = os.urandom,
) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Value and headers of the message. Raises Refused (`too_large`) for a payload over 1 MiB."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Refused(Reason.TOO_LARGE, f"payload of {len(payload)} bytes; at most {MAX_PAYLOAD_BYTES} are taken")
    sealed = seal(data_key.secret, payload, binding(project, topic, key, media, schema_id, routing), nonces)
    headers = [
        (VERSION_HEADER, VERSION),
        (MEDIA_HEADER, media.value.encode()),
        (SCHEMA_HEADER, _schema_text(schema_id).encode()),
        (KEY_HEADER, data_key.wrapped.encode()),
        (CONTEXT_HEADER, data_key.context.encode()),
    ]
    if routing != ROUTINE:
        headers.append((ROUTING_HEADER, str(routing).encode()))
    return sealed.data, headers


def parse_raw(headers: Mapping[str, bytes | None], value: bytes | None) -> Envelope:
    """The envelope of a message.

    Raises Unparseable (`missing_header`, `unknown_media_type`, `unknown_schema`, `bad_routing`) or Refused
    (`too_large`).
    """
    version, media, schema, wrapped, context = (_header(headers, name) for name in HEADERS)
    if version != VERSION.decode():
        raise Unparseable(Reason.MISSING_HEADER, f"header {VERSION_HEADER} is not {VERSION.decode()}")
    if value is None:
        raise Unparseable(Reason.MISSING_HEADER, "a raw record without a value")
    if len(value) > MAX_PAYLOAD_BYTES + OVERHEAD:
        raise Refused(Reason.TOO_LARGE, f"sealed payload of {len(value)} bytes")
    kind = _media(media)
    wrapped_key = WrappedKey(wrapped, context)
    return Envelope(kind, _schema_id(kind, schema), wrapped_key, SealedBytes(value), _routing(headers))


def open_raw(secret: SecretBytes, envelope: Envelope, *, project: str, topic: str, key: bytes | None) -> bytes:
    """The payload. Raises Undecryptable for another key, topic, project, media type or schema."""
    aad = binding(project, topic, key or b"", envelope.media, envelope.schema_id, envelope.routing)
    return open_sealed(secret, envelope.sealed, aad)


def _header(headers: Mapping[str, bytes | None], name: str) -> str:
    data = headers.get(name)
    if data is None:
        raise Unparseable(Reason.MISSING_HEADER, f"no header {name}")
    if len(data) > MAX_HEADER_BYTES or not data.isascii():
        raise Unparseable(Reason.MISSING_HEADER, f"header {name} is not short ASCII")
    return data.decode("ascii")


def _routing(headers: Mapping[str, bytes | None]) -> Routing:
    return parse_routing(_header(headers, ROUTING_HEADER)) if ROUTING_HEADER in headers else ROUTINE


def _media(text: str) -> Media:
    try:
        return Media(text)
    except ValueError:
        raise Unparseable(Reason.UNKNOWN_MEDIA_TYPE, f"header {MEDIA_HEADER} names no known type") from None


def _schema_id(media: Media, text: str) -> int | None:
    if media is not Media.AVRO:
        if text:
            raise Unparseable(Reason.UNKNOWN_SCHEMA, f"header {SCHEMA_HEADER} on a payload that is not Avro")
        return None
    if not text.isdigit() or text != str(int(text[:10])) or int(text) > _MAX_SCHEMA_ID:
        raise Unparseable(Reason.UNKNOWN_SCHEMA, f"header {SCHEMA_HEADER} is not a schema id")
    return int(text)


def _schema_text(schema_id: int | None) -> str:
    return "" if schema_id is None else str(schema_id)
