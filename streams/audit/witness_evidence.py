"""What a witness keeps of a log that contradicts itself, so that whoever knows the log's key can check it without
the witness. Pure.

`same_size` and `history` prove that the log has signed two histories (a *split view*); without its key nobody
could have made them. `unproven` doesn't: a genuine checkpoint came with a proof that fails, whoever sent it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from streams.audit import checkpoint, note
from streams.audit.checkpoint import Checkpoint
from streams.audit.note import BadNote, Note, Verifier
from streams.audit.tree import HASH_BYTES, ProofFails, check_consistency


class Kind(StrEnum):
    """What it shows."""

    SAME_SIZE = "same_size"
    """Two signed roots for one size."""
    HISTORY = "history"
    """Of two signed trees the larger one does not begin as the smaller one."""
    UNPROVEN = "unproven"
    """A proof that fails."""


class BadEvidence(ValueError):
    """The bytes are not what a witness keeps."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`keys`: the log's, as the witness trusted them; `seen`: what it had cosigned; `shown`: what it then refused.
    With `history`: `earlier` is the root that the first leaves of the larger tree have, as many as the smaller one
    has, and `proof` that they have.
    """

    kind: Kind
    keys: tuple[Verifier, ...]
    seen: Note
    shown: Note
    proof: tuple[bytes, ...] = ()
    earlier: bytes | None = None

    @property
    def origin(self) -> str:
        """Of the log."""
        return self.shown.text.partition("\n")[0]

    @property
    def is_split(self) -> bool:
        """Whether it says that the log has signed two histories."""
        return self.kind is not Kind.UNPROVEN

    @property
    def name(self) -> str:
        """What to call it: one for each kind, log and refused text, so that the same again adds nothing."""
        kind = "split" if self.is_split else "doubt"
        shown = hashlib.sha256(self.shown.text.encode()).hexdigest()[:32]
        return f"{kind}-{origin_hash(self.origin)[:16]}-{shown}"

    def holds(self, keys: Iterable[Verifier]) -> bool:
        """Whether it proves a split view: both notes signed by the log, and not both true.

        `keys`: public keys of logs from a source of your own. Its own are those of whoever made it.
        """
        own = [it for it in keys if it.name == self.origin]
        try:
            seen, shown = (_signed(it, own) for it in (self.seen, self.shown))
            return seen.origin == shown.origin and self._contradicts(seen, shown)
        except (BadNote, ProofFails):
            return False

    def as_bytes(self) -> bytes:
        """As a file: JSON, notes as text, hashes in base64."""
        content: dict[str, object] = {
            "kind": self.kind.value,
            "origin": self.origin,
            "keys": [it.text() for it in self.keys],
            "seen": str(self.seen),
            "shown": str(self.shown),
            "proof": [base64.b64encode(it).decode() for it in self.proof],
            "earlier": None if self.earlier is None else base64.b64encode(self.earlier).decode(),
        }
        return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()

    @staticmethod
    def parse(data: bytes) -> Evidence:
        """The other way round. Raises BadEvidence."""
        try:
            found = json.loads(data)
            return Evidence(
                Kind(found["kind"]),
                tuple(Verifier.parse(it) for it in found["keys"]),
                _note(found["seen"]),
                _note(found["shown"]),
                tuple(_hash(it) for it in found["proof"]),
                None if found["earlier"] is None else _hash(found["earlier"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadEvidence("these are no two notes and a proof as a witness keeps them") from None

    def _contradicts(self, seen: Checkpoint, shown: Checkpoint) -> bool:
        if self.kind is Kind.SAME_SIZE:
            return seen.size == shown.size and seen.root != shown.root
        small, large = (seen, shown) if seen.size < shown.size else (shown, seen)
        if self.kind is Kind.UNPROVEN or self.earlier is None or self.earlier == small.root:
            return False
        check_consistency(small.size, self.earlier, large.size, large.root, self.proof)
        return 0 < small.size < large.size


def origin_hash(origin: str) -> str:
    """How a witness's files and addresses name a log: SHA-256 in hex."""
    return hashlib.sha256(origin.encode()).hexdigest()


def _signed(signed: Note, keys: Iterable[Verifier]) -> Checkpoint:
    point, whole = checkpoint.parse(str(signed).encode())
    for key in keys:
        if any((it.name, it.key_hash) == (key.name, key.key_hash) for it in whole.signatures):
            note.check(whole, key)
            return point
    raise BadNote("none of the keys has signed it")


def _note(text: str) -> Note:
    return note.parse(text.encode())


def _hash(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if len(data) != HASH_BYTES:
        raise ValueError("a hash has 32 bytes")
    return data
