"""What a backup says of itself: its parts with their hashes, and of which cluster and moment it is. Pure.

The manifest is in clear, since it is verified before anything is decrypted: names, counts, offsets and hashes of
ciphertext. Its signature covers its bytes as they lie there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import TypeAdapter, ValidationError

from deploy.backup.contents import BACKUP
from schemas.errors import ConfigError
from topology.pins import Pins

FORMAT = "veilstream-backup/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
_SIGNED = b"veilstream/backup/v1\n"
"""A signature over a manifest is one over nothing else."""


@dataclass(frozen=True, slots=True)
class Part:
    """One encrypted file. `sha256`, `size`: of the ciphertext; `items`: records, files or schemas in it."""

    sha256: str
    size: int
    items: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`made_at`: milliseconds. `offsets`: by topic, first offset and end of each partition, when all was taken.
    `signer`: whose pinned key has signed.
    """

    format: str
    made_at: int
    cluster: str
    log_name: str
    release: str
    flow_sha256: str
    signer: str
    recipients: tuple[str, ...]
    projects: tuple[str, ...]
    offsets: Mapping[str, tuple[tuple[int, int], ...]]
    parts: Mapping[str, Part]

    def data(self) -> bytes:
        """The file's content."""
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode() + b"\n"

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.size for part in self.parts.values())


def digest(data: bytes) -> str:
    """SHA-256 of a manifest's bytes, in hex: what the audit calls a backup by."""
    return hashlib.sha256(data).hexdigest()


def message(data: bytes) -> bytes:
    """What is signed."""
    return _SIGNED + data


def read_manifest(data: bytes, signature: bytes, pins: Pins) -> Manifest:
    """The manifest in these bytes, where the pinned key of its signer has signed them.

    Raises ConfigError, which says what is wrong with it.
    """
    manifest = _parsed(data)
    if manifest.signer != BACKUP.signer:
        raise ConfigError(f"{MANIFEST}: {_shown(manifest.signer)} may sign no backup, {BACKUP.signer} alone may")
    pinned = pins.of(manifest.signer)
    if pinned is None:
        raise ConfigError(f"{MANIFEST}: signed by {manifest.signer}, whose key is not pinned; give --pins")
    try:
        Ed25519PublicKey.from_public_bytes(pinned).verify(bytes.fromhex(signature.decode("ascii")), message(data))
    except (InvalidSignature, ValueError):
        raise ConfigError(f"{MANIFEST}: {SIGNATURE} is not by the pinned key of {manifest.signer}") from None
    return manifest


def _parsed(data: bytes) -> Manifest:
    try:
        content: Any = json.loads(data)
        if content["format"] != FORMAT:
            raise ConfigError(f"{MANIFEST}: its format is not {FORMAT}; this release reads no other")
        return TypeAdapter(Manifest).validate_python(content)
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError):
        raise ConfigError(f"{MANIFEST}: is no manifest of a backup") from None


def _shown(name: str) -> str:
    return name if name.isprintable() and len(name) <= len("person.") + 64 else "somebody"
