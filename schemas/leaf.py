"""Leaf bytes, chain and head signatures of the audit log (fixed: see `schemas.audit`).

Single-object encoding: Avro 1.12 specification, "Single-object encoding". Signatures: Ed25519 (RFC 8032).
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastavro import schemaless_reader
from fastavro.schema import fingerprint, to_parsing_canonical_form
from fastavro.types import Schema

from schemas import catalog
from schemas.audit import AuditEvent, Certificate
from schemas.codec import adapter, body
from schemas.errors import ChainBroken

MARKER = b"\xc3\x01"
GENESIS = bytes(32)
"""`previous` of a slot's first event."""
HEAD = b"veilstream/chain-head/v1\n"
"""Before what a head signature covers, so that it is no signature of anything else."""
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
    """
    if not data.startswith(prefix()):
        raise ChainBroken("leaf bytes of an unknown schema")
    try:
        plain = schemaless_reader(io.BytesIO(data[len(prefix()) :]), catalog.parsed("AuditEvent"), None)
        event = adapter(AuditEvent).validate_python(plain)
        same = leaf(event) == data
    except (EOFError, ValueError, TypeError, IndexError, KeyError, OverflowError, MemoryError):
        raise ChainBroken("leaf bytes do not fit the schema of the audit event") from None
    if not same:
        raise ChainBroken("leaf bytes are not the event's own")
    return event


def digest(event: AuditEvent) -> bytes:
    """SHA-256 of the leaf: what the next event of the slot names as `previous`."""
    return digest_of_body(body(event))


def digest_of_body(encoded: bytes) -> bytes:
    """The same, for an event whose Avro body is at hand."""
    return hashlib.sha256(prefix() + encoded).digest()


def head_message(event: AuditEvent) -> bytes:
    """What a process key signs at the end of a transaction: the event without its signature."""
    return HEAD + digest(replace(event, head_signature=None))


def certificate_message(slot: str, epoch: int, public_key: bytes) -> bytes:
    """What the role's Vault key signs when a process starts."""
    return _CERTIFICATE + f"{slot}\n{epoch}\n{public_key.hex()}\n".encode()


def check_head(event: AuditEvent, public_key: bytes) -> None:
    """Raise ChainBroken unless the event's head signature is by `public_key`."""
    check(public_key, event.head_signature or b"", head_message(event), f"head signature of {event.event_id}")


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
