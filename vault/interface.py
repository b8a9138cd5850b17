"""The seam to Vault: everything a running process asks of it.

Two implementations: `vault.client.VaultClient` (OpenBao or HashiCorp Vault, by hvac) and the simulator's;
both pass `tests/contract/vault`. All calls are thread-safe and block at most the client's time limit.
All may raise VaultUnavailable (try again later; the call may or may not have happened), AccessDenied
(the identity's policy forbids it). No message or exception holds a key or a plaintext.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.errors import Undecryptable
from schemas.hidden import SecretBytes

MAX_DOCUMENT_BYTES = 256 * 1024
"""Raft storage takes 1 MiB an entry; 256 kB are 342 kB in base64, and rewriting one stays cheap for keeper."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A fresh 256-bit key, in clear for us and wrapped by a transit key for its reader."""

    secret: SecretBytes
    wrapped: str
    context: str


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key wrapped by a (derived) transit key under `context`."""

    wrapped: str
    context: str


@dataclass(frozen=True, slots=True)
class Document:
    """A blob at a path of the project's mount, with the KV v2 version it was read at."""

    path: str
    blob: bytes
    version: int


@dataclass(frozen=True, slots=True)
class KeyVersions:
    """The versions of a transit key. Vault wraps by the latest, unwraps by those from `minimum` on, and has lost
    those below `available` (0: none) for ever.
    """

    name: str
    latest: int
    minimum: int
    available: int
    created: Mapping[int, int]
    """By version that can be used: when it was made, in milliseconds of Vault's clock, cut to the second."""


class Rewrapping(Protocol):
    """Wrapping keys anew under the latest version of their transit key, without seeing them."""

    def key_versions(self, key: str) -> KeyVersions:
        """The versions of a transit key. Raises VaultUnavailable also where there is no such key."""
        ...

    def rewrap(self, key: str, wrapped: Sequence[WrappedKey]) -> list[WrappedKey | Undecryptable]:
        """The same keys under the latest version, in order, in batches of ≤ 249. One that fails, fails alone."""
        ...


class KeyAdministration(Protocol):
    """What a key administrator does. Nothing here shows or uses a key. Repeating `rotate` rotates again."""

    def key_versions(self, key: str) -> KeyVersions:
        """See `Rewrapping`."""
        ...

    def rotate(self, key: str) -> None:
        """A new version, which wraps from now on."""
        ...

    def raise_minimum(self, key: str, version: int) -> None:
        """Refuse what versions below this one have wrapped, and to wrap by them. It could be lowered again."""
        ...

    def trim(self, key: str, version: int) -> None:
        """Destroy the versions below this one, which is at most the minimum. For ever."""
        ...


class Transit(Protocol):
    """The transit engine."""

    def data_key(self, key: str, context: str) -> DataKey:
        """A new data key wrapped by `key`, for example `view-demo`. The right is *datakey*, not *decrypt*."""
        ...

    def wrap_only(self, key: str, secret: SecretBytes, context: str) -> WrappedKey:
        """`secret` wrapped by `key` (transit encrypt)."""
        ...

    def unwrap(self, key: str, wrapped: Sequence[WrappedKey]) -> list[SecretBytes | Undecryptable]:
        """The keys in clear, in order, in batches of ≤ 249. One that does not open fails alone: as
        `retired_data_key` where its version is below the key's minimum, else as `unknown_data_key`.
        """
        ...

    def sign(self, key: str, message: bytes) -> bytes:
        """Ed25519 signature (64 bytes) by a transit key, for example `sign-redact.demo`."""
        ...

    def public_key(self, key: str) -> bytes:
        """The 32 raw bytes of an Ed25519 transit key's latest public key."""
        ...


class Documents(Protocol):
    """One project's KV v2 mount. Paths are relative to it: `view/<segment id>`."""

    def create(self, path: str, blob: bytes) -> None:
        """Write a new document (cas=0). Raises Refused: `duplicate` where the path is in use (a destroyed one is
        free again), `mapping_too_large` over 256 kB.
        """
        ...

    def create_all(self, documents: Sequence[tuple[str, bytes]]) -> None:
        """Write several new documents side by side; all exist when it returns. Errors as for `create`."""
        ...

    def read(self, path: str) -> Document | None:
        """The latest version, or None where there is none (any more)."""
        ...

    def replace(self, path: str, blob: bytes, version: int) -> None:
        """Write the version after `version` and destroy all before it. Raises Refused (`stale_version`)."""
        ...

    def holds(self, path: str, version: int) -> bool:
        """Whether that version of a document can still be read."""
        ...

    def destroy(self, path: str) -> None:
        """Destroy every version and the metadata. Nothing happens where nothing is."""
        ...

    def names(self, folder: str) -> list[str]:
        """All document paths below `folder`, recursively, sorted."""
        ...


class StoredKeys(Documents, Rewrapping, Protocol):
    """What keeper works on: documents, and the keys in them, which it can't open."""


class Wrapping(Protocol):
    """Single-use delivery. Not part of what stages share: approvers and reveal hand over by it."""

    def wrap(self, content: Mapping[str, str], ttl_s: int) -> str:
        """A token that unwraps to this content once, within so many seconds (`vault.wrapping.Unwrapping`)."""
        ...


class Vault(Transit, Documents, Protocol):
    """Both engines under one identity, serving one project."""
