"""Signed notes (C2SP signed-note) with Ed25519, and the cosignatures of witnesses (C2SP tlog-cosignature). Pure.

A note is a text that ends in a newline, an empty line, and a line for each signature: `— NAME BASE64`, where the
bytes are a four-byte key hash and the signature. Lines by keys that nobody gave are passed over, as the format
asks for: any number of others may have signed, too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_BYTES = 64 * 1024
"""Of a note. The format lets a reader refuse larger ones."""
MAX_SIGNATURES = 100
_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_HASH_BYTES = 4
_TIME_BYTES = 8
_NAME = re.compile(r"[^\s+]+")


class BadNote(ValueError):
    """A text is no note, or is not signed as it has to be."""


class Algorithm(IntEnum):
    """The first byte of a public key as notes write it."""

    ED25519 = 1
    COSIGNATURE = 4


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with the name under which it signs. `key`: 32 raw bytes."""

    name: str
    key: bytes
    algorithm: Algorithm = Algorithm.ED25519

    @property
    def key_hash(self) -> bytes:
        """Four bytes that stand before each signature."""
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.algorithm]) + self.key).digest()[
            :_HASH_BYTES
        ]

    def text(self) -> str:
        """The key as it is handed around: `name+hash+base64`."""
        key = base64.b64encode(bytes([self.algorithm]) + self.key).decode()
        return f"{self.name}+{self.key_hash.hex()}+{key}"

    @staticmethod
    def parse(text: str) -> Verifier:
        """The other way round. Raises BadNote."""
        name, _, rest = text.strip().partition("+")
        said, _, encoded = rest.partition("+")
        try:
            kind, *key = base64.b64decode(encoded, validate=True)
            verifier = Verifier(name, bytes(key), Algorithm(kind))
            Ed25519PublicKey.from_public_bytes(verifier.key)
        except ValueError:
            raise BadNote("this is no public key of a note: name+hash+base64 is one") from None
        if not is_name(name) or verifier.key_hash.hex() != said:
            raise BadNote("the hash in this public key is not that of its name and key")
        return verifier


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line. `data`: what follows the key hash."""

    name: str
    key_hash: bytes
    data: bytes

    def line(self) -> str:
        """As it stands in a note."""
        return f"— {self.name} {base64.b64encode(self.key_hash + self.data).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and who has signed it; whether they really have, `check` says."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(it.line() for it in self.signatures)}"

    def with_signature(self, signature: Signature) -> Note:
        """The note with one more line. A later line of a key replaces an earlier one."""
        others = [it for it in self.signatures if (it.name, it.key_hash) != (signature.name, signature.key_hash)]
        return Note(self.text, (*others, signature))


def is_name(text: str) -> bool:
    """Whether a key, or the origin of a log, may have this name: no spaces, no plus sign."""
    return bool(_NAME.fullmatch(text)) and text.isprintable()


def parse(data: bytes) -> Note:
    """Read a note, as it came from anywhere. Raises BadNote."""
    if len(data) > MAX_BYTES:
        raise BadNote(f"longer than {MAX_BYTES:,} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise BadNote("not UTF-8") from None
    if any(sign < " " and sign != "\n" for sign in whole):
        raise BadNote("has control characters")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise BadNote("has no signatures after an empty line, or does not end in a newline")
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise BadNote(f"has more than {MAX_SIGNATURES} signatures")
    return Note(f"{text}\n", signatures)


def signed(text: str, verifier: Verifier, signature: bytes) -> Note:
    """A note with its first signature: 64 bytes by the verifier's key over the text as UTF-8."""
    return Note(text, (Signature(verifier.name, verifier.key_hash, signature),))


def check(note: Note, verifier: Verifier) -> None:
    """Raise BadNote unless the verifier's key has signed the note."""
    _check(verifier, [it.data for it in _by(note, verifier)], note.text.encode())


def cosignature_message(text: str, time: int) -> bytes:
    """What a witness signs: that at `time` (seconds) this checkpoint contradicted none it had seen."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosigned(verifier: Verifier, signature: bytes, time: int) -> Signature:
    """The line of a witness: `signature` is over `cosignature_message` for this time."""
    return Signature(verifier.name, verifier.key_hash, time.to_bytes(_TIME_BYTES, "big") + signature)


def check_cosignature(note: Note, verifier: Verifier) -> int:
    """When the witness has seen the note, in seconds. Raises BadNote unless it has signed."""
    found = [it.data for it in _by(note, verifier)]
    if len(found) != 1 or len(found[0]) <= _TIME_BYTES:
        raise BadNote(f"{verifier.name} has not cosigned it, or not once")
    time = int.from_bytes(found[0][:_TIME_BYTES], "big")
    _check(verifier, [found[0][_TIME_BYTES:]], cosignature_message(note.text, time))
    return time


def _by(note: Note, verifier: Verifier) -> Iterable[Signature]:
    return [it for it in note.signatures if (it.name, it.key_hash) == (verifier.name, verifier.key_hash)]


def _check(verifier: Verifier, signatures: list[bytes], message: bytes) -> None:
    """One line a key: a second one could be read by others as the one that counts."""
    if len(signatures) != 1:
        raise BadNote(f"{verifier.name} has not signed it, or not once")
    try:
        Ed25519PublicKey.from_public_bytes(verifier.key).verify(signatures[0], message)
    except (InvalidSignature, ValueError):
        raise BadNote(f"the signature of {verifier.name} does not hold") from None


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadNote("a line that should be a signature is none")
    try:
        data = base64.b64decode(found["signature"], validate=True)
    except binascii.Error:
        raise BadNote("a signature is not base64") from None
    if len(data) <= _HASH_BYTES:
        raise BadNote("a signature is too short")
    signature = Signature(found["name"], data[:_HASH_BYTES], data[_HASH_BYTES:])
    if signature.line() != f"{line}\n":  # base64 leaves bits unused, and they could say anything
        raise BadNote("a signature is not written in its one form")
    return signature
