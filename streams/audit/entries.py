"""What an entry of the Merkle log is: the leaf bytes of the event in a record of an audit topic. Pure.

The sealer takes records as they stand and decides nothing about them; whether an event is genuine is for whoever
verifies. So each record is one entry, whatever it holds:

- an event that fits is its leaf (`schemas.leaf`);
- a larger one (C2SP tlog-tiles gives an entry 65,535 bytes) is its digest and length; the leaf itself lies beside
  the tiles, named by the digest;
- what is no event is a digest, too: it may hold anything, and must not leave the log by this way.

Origin of a log: one audit partition is one log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

MAX_ENTRY = 65_535
"""Bytes; lengths of entries have 16 bits in C2SP tlog-tiles."""
LARGE = b"veilstream/large-leaf/v1\n"
FOREIGN = b"veilstream/foreign-record/v1\n"
_FRAME_BYTES = 5
"""Confluent's: a zero and the schema's id in the registry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`data` is what the tree covers. `large`: the leaf, where it did not fit."""

    data: bytes
    large: bytes | None = None


def entry_of(value: bytes | None, prefixes: Mapping[int, bytes]) -> Entry:
    """The entry for a record's value. `prefixes`: what leaf bytes begin with, by the id in the registry of each
    version of the event's schema.
    """
    value = value or b""
    prefix = prefixes.get(int.from_bytes(value[1:_FRAME_BYTES], "big")) if value[:1] == b"\x00" else None
    if prefix is None or len(value) < _FRAME_BYTES:
        return Entry(_digest_entry(FOREIGN, value))
    return entry_of_leaf(prefix + value[_FRAME_BYTES:])


def entry_of_leaf(data: bytes) -> Entry:
    """The entry for an event's leaf bytes."""
    return Entry(data) if len(data) <= MAX_ENTRY else Entry(_digest_entry(LARGE, data), data)


def large_digest(entry: bytes) -> bytes | None:
    """The digest of the leaf that an entry stands for; None where it is the leaf itself, or a foreign record."""
    if not entry.startswith(LARGE):
        return None
    digest, _, length = entry.removeprefix(LARGE).partition(b"\n")
    try:
        found = bytes.fromhex(digest.decode("ascii"))
    except ValueError:
        return None
    return found if entry == LARGE + _tail(found, length) else None


def is_foreign(entry: bytes) -> bool:
    """Whether the record in this place is no event."""
    return entry.startswith(FOREIGN)


def origin(log: str, topic: str, partition: int) -> str:
    """The name of the log of one audit partition, in checkpoints and of the key that signs them. `log`: the name
    that an installation gives itself.
    """
    return f"{log}/{topic}/{partition}"


def _digest_entry(kind: bytes, data: bytes) -> bytes:
    return kind + _tail(hashlib.sha256(data).digest(), str(len(data)).encode())


def _tail(digest: bytes, length: bytes) -> bytes:
    return digest.hex().encode() + b"\n" + length
