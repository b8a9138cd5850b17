"""What opens a restored Vault, which is in no backup: its seal key, and an administrator's token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.openbao import SEAL_KEY, SEAL_KEY_BYTES
from schemas.errors import ConfigError
from schemas.hidden import Hidden

TOKEN = "vault-root-token"  # noqa: S105 - a file's name
Ask = Callable[[str], str]
"""Asks a person for a secret, without showing it."""


@dataclass(frozen=True, slots=True, repr=False)
class OldSecrets(Hidden):
    """Of the Vault that was backed up."""

    seal_key: bytes
    token: str


def read_secrets(folder: Path, ask: Ask) -> OldSecrets:
    """From the folder where the local stack keeps them; what is not there, a person is asked for. ConfigError."""
    seal, token = folder / SEAL_KEY, folder / TOKEN
    key = seal.read_bytes() if seal.is_file() else _hex(ask("Seal key of the vault that was backed up (hex)"))
    if len(key) != SEAL_KEY_BYTES:
        raise ConfigError(f"the seal key has {SEAL_KEY_BYTES} bytes, this one another number")
    text = token.read_text(encoding="utf-8") if token.is_file() else ask("Token of an administrator of that vault")
    return OldSecrets(key, text.strip())


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.strip())
    except ValueError:
        raise ConfigError("the seal key is given in hex") from None
