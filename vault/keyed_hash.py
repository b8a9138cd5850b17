"""Keyed hashes (HMAC-SHA-256, RFC 2104): topic keys, task ids, digests, subjects.

The key of each purpose lies wrapped in the document `hmac/<purpose>` of the project's mount and opens under the
transit key `hmac-<project>-<purpose>`, so that who may compute which hash is a matter of Vault rights.
"""

from __future__ import annotations

import hmac
from enum import StrEnum

from schemas.errors import ConfigError, Refused, Undecryptable
from schemas.hidden import Hidden, SecretBytes
from vault import wrapped
from vault.interface import Vault, WrappedKey
from vault.keys import framed


class Purpose(StrEnum):
    """What a keyed hash is for; one key each (see the key table in the room's README)."""

    RECORD = "record"
    SUBJECT = "subject"
    DIGEST = "digest"
    TOKEN = "token"  # noqa: S105 - a purpose, not a password
    TASK = "task"


class KeyedHash(Hidden):
    """HMAC-SHA-256 under one key. Parts are framed by their length, so ("ab", "c") and ("a", "bc") differ."""

    __slots__ = ("_secret",)

    def __init__(self, secret: SecretBytes) -> None:
        self._secret = secret

    def digest(self, *parts: bytes) -> bytes:
        """32 bytes."""
        return hmac.digest(self._secret.data, framed(*parts), "sha256")

    def hex(self, *parts: bytes) -> str:
        """64 hexadecimal digits."""
        return self.digest(*parts).hex()


def path_of(purpose: str) -> str:
    """The document that holds the wrapped key."""
    return f"hmac/{purpose}"


def transit_key(project: str, purpose: str) -> str:
    """The transit key that wraps it; its context is the purpose."""
    return f"hmac-{project}-{purpose}"


def create(vault: Vault, project: str, purpose: str) -> bool:
    """Make the key of a purpose where there is none (provisioning). True if it was made now."""
    if vault.read(path_of(purpose)) is not None:
        return False
    key = vault.data_key(transit_key(project, purpose), purpose)
    try:
        vault.create(path_of(purpose), wrapped.pack(WrappedKey(key.wrapped, key.context)))
    except Refused:  # somebody else made it since we looked: theirs holds
        return False
    return True


def load(vault: Vault, project: str, purpose: str) -> KeyedHash:
    """The keyed hash of a purpose. Raises ConfigError where it was never provisioned or does not open."""
    document = vault.read(path_of(purpose))
    if document is None:
        raise ConfigError(f"project {project} has no key for {purpose} hashes; run `veil topology apply`")
    (secret,) = vault.unwrap(transit_key(project, purpose), [wrapped.unpack(document.blob)])
    if isinstance(secret, Undecryptable):
        raise ConfigError(f"the key for {purpose} hashes of project {project} does not open under its transit key")
    return KeyedHash(secret)
