"""A witness's own key: made once, kept in its state, never replaced.

The file is one line, `PRIVATE+KEY+<name>+<hash>+<base64>`, where the bytes are the algorithm and an Ed25519 seed.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.supervise.files import make_private_folder
from deploy.witness.durable import write_durably
from deploy.witness.lock import StateLock
from schemas.errors import ConfigError
from streams.audit import note
from streams.audit.note import Algorithm, Verifier

FILE, ORIGINS, SEEN, EVIDENCE = "key", "origins", "seen", "evidence"
_MARK = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """Signs as `verifier` says."""

    verifier: Verifier
    private: Ed25519PrivateKey

    @staticmethod
    def of(name: str, private: Ed25519PrivateKey) -> WitnessKey:
        """The key under a name."""
        return WitnessKey(Verifier(name, private.public_key().public_bytes_raw(), Algorithm.COSIGNATURE), private)

    def __repr__(self) -> str:
        return f"WitnessKey({self.verifier.text()}, <hidden>)"


def make_key(state: Path, name: str) -> WitnessKey:
    """The key of a new state, or the one it has. Raises ConfigError where that has another name."""
    if not note.is_name(name):
        raise ConfigError("a witness's name has no spaces and no plus sign: witness.example.org/audit is one")
    make_private_folder(state)
    with StateLock(state):
        if not (state / FILE).exists():
            _begin(state, name)
    key = read_key(state)
    if key.verifier.name != name:
        raise ConfigError(f"{state}: this witness is {key.verifier.name}; another one needs a folder of its own")
    return key


def read_key(state: Path) -> WitnessKey:
    """Raises ConfigError where there is none, or it is damaged."""
    path = state / FILE
    try:
        text = path.read_text("ascii")
    except FileNotFoundError:
        raise ConfigError(f"{state}: no witness's state; make one by `veil audit witness key --name`") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: damaged; restore it, it can't be made again") from None
    try:
        name, _, encoded = text.removesuffix("\n").removeprefix(_MARK).split("+", 2)  # base64 has plus signs, too
        kind, *seed = base64.b64decode(encoded, validate=True)
        key = WitnessKey.of(name, Ed25519PrivateKey.from_private_bytes(bytes(seed)))
    except ValueError:
        raise ConfigError(f"{path}: damaged; restore it, it can't be made again") from None
    if kind != Algorithm.COSIGNATURE or _line(key) != text:
        raise ConfigError(f"{path}: damaged; restore it, it can't be made again")
    return key


def _begin(state: Path, name: str) -> None:
    """The key comes last: a state that has one has its other parts, too."""
    if (state / ORIGINS).exists() or any((state / SEEN).glob("*")):
        raise ConfigError(f"{state}: this witness has cosigned logs, but its key is gone; restore {FILE}")
    for folder in (SEEN, EVIDENCE):
        make_private_folder(state / folder)
    key = WitnessKey.of(name, Ed25519PrivateKey.generate())
    write_durably(state / ORIGINS, b"")
    write_durably(state / FILE, _line(key).encode())


def _line(key: WitnessKey) -> str:
    verifier = key.verifier
    secret = base64.b64encode(bytes([verifier.algorithm]) + key.private.private_bytes_raw()).decode()
    return f"{_MARK}{verifier.name}+{verifier.key_hash.hex()}+{secret}\n"
