"""Pins: which public key each signer signs with. Written once by `veil topology apply`, never changed silently."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import ConfigError
from topology.reading import read_text

KEY_BYTES = 32
"""An Ed25519 public key (RFC 8032)."""


@dataclass(frozen=True, slots=True)
class Pins:
    """The 32-byte Ed25519 public key of each signer, by the signer's name (`redact.demo`, `ada`)."""

    keys: Mapping[str, bytes] = field(default_factory=dict)

    def of(self, signer: str) -> bytes | None:
        """The pinned key, or None for a signer nobody has pinned."""
        return self.keys.get(signer)

    def joined(self, found: Mapping[str, bytes]) -> Pins:
        """These pins and the keys of signers that had none. Raises ConfigError where a pinned key differs."""
        changed = sorted(name for name, key in found.items() if self.keys.get(name, key) != key)
        if changed:
            raise ConfigError(
                f"the signing key of {', '.join(changed)} is not the pinned one: either Vault was replaced or "
                "somebody made a new key. Find out which; then remove the pin by hand"
            )
        return Pins({**self.keys, **found})

    def json(self) -> str:
        """The file's content: hex by signer, sorted."""
        return json.dumps({name: self.keys[name].hex() for name in sorted(self.keys)}, indent=2) + "\n"


def load_pins(path: Path) -> Pins:
    """The pins in a file; none where there is no file yet. Raises ConfigError for a damaged one."""
    return pins_of(read_text(path), str(path)) if path.exists() else Pins()


def pins_of(text: str, source: str) -> Pins:
    """The pins in the text of such a file. Raises ConfigError."""
    try:
        content = json.loads(text)
        keys = {str(name): bytes.fromhex(value) for name, value in content.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ConfigError(f"{source}: is no pins file: it maps each signer to a public key in hex") from None
    if any(len(key) != KEY_BYTES for key in keys.values()):
        raise ConfigError(f"{source}: an Ed25519 public key has {KEY_BYTES} bytes ({2 * KEY_BYTES} hex digits)")
    return Pins(keys)
