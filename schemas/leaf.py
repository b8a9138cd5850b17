"""Leaf bytes, chain and head signatures of the audit log (fixed: see `schemas.audit`).

Single-object encoding: Avro 1.12 specification, "Single-object encoding". Signatures: Ed25519 (RFC 8032).
"""

from __future__ import annotations

import hashlib
import io
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import fingerprint, to_parsing_canonical_form
from fastavro.types import Schema

from schemas import catalog
from schemas.audit import (
    AuditEvent,
    BatchCoverage,
    Certificate,
    Decision,
    EventType,
    OffsetOutcome,
    RawOutcome,
)
from schemas.codec import body
from schemas.errors import ChainBroken

MARKER = b"\xc3\x01"
GENESIS = bytes(32)
"""`previous` of a slot's first event."""
HEAD = b"veilstream/chain-head/v1\n"
"""Before what a head signature covers, so that it is no signature of anything else."""
_SIGNATURE = parse_schema(["null", "bytes"])
_ABSENT = b"\x00"
"""The same field without one: branch 0."""
_CERTIFICATE = b"veilstream/process-key/v1\n"


@cache
def prefix() -> bytes:
    """The ten bytes before the Avro body: marker and CRC-64-AVRO fingerprint of the event's schema."""
    return prefix_of(catalog.parsed("AuditEvent"))


def prefix_of(writer: Schema) -> bytes:
    """The same for a body written by another version of the schema, parsed."""
    crc = fingerprint(to_parsing_canonical_form(writer), "CRC-64-AVRO")
    return MARKER + int(crc, 16).to_bytes(8, "big")


def leaf(event: AuditEvent) -> bytes:
    """The bytes of the event in the log, its head signature included."""
    return prefix() + body(event)


def event_of(data: bytes) -> AuditEvent:
    """The event whose leaf bytes are `data`. Raises ChainBroken for anything else, other bytes for the same event
    included (Avro leaves room for some): the tree covers the bytes, chain and signature what they mean.

    It does without the typed converter, which takes most of the time: what Avro has read has its types.
    """
    if not data.startswith(prefix()):
        raise ChainBroken("leaf bytes of an unknown schema")
    schema, again = catalog.parsed("AuditEvent"), io.BytesIO()
    try:
        plain: Any = schemaless_reader(io.BytesIO(data[len(prefix()) :]), schema, None)
        schemaless_writer(again, schema, plain)
        event = _typed(plain)
    except (EOFError, ValueError, TypeError, IndexError, KeyError, OverflowError, MemoryError):
        raise ChainBroken("leaf bytes do not fit the schema of the audit event") from None
    if prefix() + again.getvalue() != data:
        raise ChainBroken("leaf bytes are not the event's own")
    return event


def _typed(plain: dict[str, Any]) -> AuditEvent:
    """The event from Avro's plain values. Raises ValueError for a word that is in no vocabulary."""
    batch, certificate = plain["batch"], plain["certificate"]
    return AuditEvent(
        **{
            **plain,
            "type": EventType(plain["type"]),
            "decision": Decision(plain["decision"]),
            "parents": tuple(plain["parents"]),
            "batch": batch and BatchCoverage(**{**batch, "outcomes": tuple(map(_outcome, batch["outcomes"]))}),
            "certificate": certificate and Certificate(**certificate),
        }
    )


def _outcome(plain: dict[str, Any]) -> OffsetOutcome:
    return OffsetOutcome(**{**plain, "outcome": RawOutcome(plain["outcome"])})


def digest(event: AuditEvent) -> bytes:
    """SHA-256 of the leaf: what the next event of the slot names as `previous`."""
    return digest_of_body(body(event))


def digest_of_body(encoded: bytes) -> bytes:
    """The same, for an event whose Avro body is at hand."""
    return digest_of_leaf(prefix() + encoded)


def digest_of_leaf(data: bytes) -> bytes:
    """The same, for leaf bytes."""
    return hashlib.sha256(data).digest()


def head_message(data: bytes, signature: bytes) -> bytes:
    """What a process key signs at the end of a transaction: the event without its signature, here from its leaf
    bytes with this signature, which is what they end with.
    """
    return HEAD + digest_of_leaf(data[: -len(_present(signature))] + _ABSENT)


def _present(signature: bytes) -> bytes:
    """The field `head_signature`, the schema's last, with a signature in it (Avro: branch 1, length, bytes)."""
    out = io.BytesIO()
    schemaless_writer(out, _SIGNATURE, signature)
    return out.getvalue()


def certificate_message(slot: str, epoch: int, public_key: bytes) -> bytes:
    """What the role's Vault key signs when a process starts."""
    return _CERTIFICATE + f"{slot}\n{epoch}\n{public_key.hex()}\n".encode()


def check_certificate(event: AuditEvent, certificate: Certificate, role_key: bytes) -> None:
    """Raise ChainBroken unless the role's key certifies the process key for the event's slot and epoch."""
    message = certificate_message(event.slot, event.epoch, certificate.public_key)
    check(role_key, certificate.signature, message, f"process certificate of {event.event_id}")


def check(public_key: bytes, signature: bytes, message: bytes, what: str) -> None:
    """Raise ChainBroken unless `signature` is by `public_key` (32 raw bytes) over `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise ChainBroken(f"the {what} does not hold") from None
