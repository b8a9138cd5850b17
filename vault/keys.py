"""Envelope crypto: AES-256-GCM (NIST SP 800-38D) with the nonce in front, and what binds it to its place.

Pure: no Vault, no clock. Nonces are random (96 bits); the caps of `vault.data_keys` keep a key far below the
2^32 random nonces that SP 800-38D §8.3 allows.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import Reason, Undecryptable
from schemas.hidden import SealedBytes, SecretBytes

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD = NONCE_BYTES + TAG_BYTES
"""How much longer a ciphertext is than its plaintext."""

Nonces = Callable[[int], bytes]
"""Gives so many fresh random bytes; `os.urandom` except in tests and the simulator."""

_VERSION = b"veilstream/aad/v1"
_LENGTH = struct.Struct(">I").pack


def seal(secret: SecretBytes, plaintext: bytes, aad: bytes, nonces: Nonces = os.urandom) -> SealedBytes:
    """`plaintext` under `secret` (32 bytes), bound to `aad`."""
    nonce = nonces(NONCE_BYTES)
    return SealedBytes(nonce + AESGCM(secret.data).encrypt(nonce, plaintext, aad))


def open_sealed(secret: SecretBytes, sealed: SealedBytes, aad: bytes) -> bytes:
    """The plaintext. Raises Undecryptable for another key, another place, or changed bytes."""
    if len(sealed.data) < OVERHEAD:
        raise Undecryptable(Reason.UNDECRYPTABLE, "too short to be a ciphertext")
    nonce, body = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
    try:
        return AESGCM(secret.data).decrypt(nonce, body, aad)
    except (InvalidTag, ValueError):
        raise Undecryptable(Reason.UNDECRYPTABLE, "does not open under this key and place") from None


def fresh_key(nonces: Nonces = os.urandom) -> SecretBytes:
    """A new 256-bit key."""
    return SecretBytes(nonces(KEY_BYTES))


def associated_data(
    *, purpose: str, project: str, topic: str, key: bytes | str, schema: str = "", more: tuple[str, ...] = ()
) -> bytes:
    """What a ciphertext is bound to, unambiguously: each part after its length (big-endian 32-bit).

    Two different tuples never give the same bytes, so a ciphertext moved elsewhere does not open.
    """
    return framed(_VERSION, purpose, project, topic, key, schema, *more)


def framed(*parts: bytes | str) -> bytes:
    """The parts one after the other, each behind its length as big-endian 32-bit integer."""
    out: list[bytes] = []
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        out += (_LENGTH(len(data)), data)
    return b"".join(out)


def unframed(data: bytes) -> list[bytes]:
    """The parts that `framed` put together. Raises ValueError for anything else."""
    parts, at = [], 0
    while at < len(data):
        start = at + 4
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise ValueError("not framed parts: one ends behind the end")
        parts.append(data[start:at])
    return parts


def task_binding(project: str, task_id: str, revision: int) -> bytes:
    """What the content of a task is bound to (`Task.sealed` on `tasks.P`), under its task key."""
    topic = f"tasks.{project}"
    return associated_data(
        purpose="task", project=project, topic=topic, key=task_id, schema="Task", more=(str(revision),)
    )


def find_binding(project: str, find_id: str) -> bytes:
    """What a find is bound to: the report it comes from."""
    return associated_data(purpose="find", project=project, topic=f"finds.{project}", key=find_id, schema="Find")


def quarantine_binding(project: str, topic: str, partition: int, offset: int) -> bytes:
    """What a quarantined record is bound to: where its raw record lies."""
    place = f"{partition}/{offset}"
    return associated_data(purpose="quarantine", project=project, topic=topic, key=place, schema="Quarantined")
