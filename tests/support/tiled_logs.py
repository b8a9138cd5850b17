"""Logs for tests: a tree of any size, in memory or in files, signed by a key of its own."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from streams.audit import note, tree
from streams.audit.checkpoint import Checkpoint
from streams.audit.note import Verifier
from streams.audit.tiles import CHECKPOINT, HEIGHT, pack, tiles_of
from streams.audit.tree import Frontier, leaf_hash, node_hash


class History:
    """Entries that only grow; `fork` is another one that begins the same way."""

    def __init__(self, entries: list[bytes]) -> None:
        self.entries = entries
        self._leaves = [leaf_hash(it) for it in entries]

    @staticmethod
    def of(size: int, word: str = "event") -> History:
        return History([f"{word} {number}".encode() for number in range(size)])

    def fork(self, at: int, word: str = "other") -> History:
        return History([*self.entries[:at], *(f"{word} {it}".encode() for it in range(at, len(self.entries)))])

    def node(self, level: int, index: int) -> bytes:
        row = self._leaves[index << level : (index + 1) << level]
        while len(row) > 1:
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        return row[0]

    def root(self, size: int) -> bytes:
        return Frontier().append(self._leaves[:size]).root()

    def proof(self, before: int, size: int) -> tuple[bytes, ...]:
        return tuple(tree.consistency_proof(self.node, before, size))


class TiledLog:
    """The one who signs, whatever history it is given."""

    def __init__(self, origin: str = "log.example/audit.demo/0") -> None:
        self.origin = origin
        self.key = Ed25519PrivateKey.generate()
        self.verifier = Verifier(origin, self.key.public_key().public_bytes_raw())

    def checkpoint(self, history: History, size: int, extension: str = "") -> bytes:
        text = Checkpoint(self.origin, size, history.root(size)).text() + extension
        return str(note.signed(text, self.verifier, self.key.sign(text.encode()))).encode()

    def write(self, folder: Path, history: History, size: int) -> Path:
        """The log in files, as it stands at this size."""
        for tile in tiles_of(size):
            path = folder / tile.path()
            path.parent.mkdir(parents=True, exist_ok=True)
            first = tile.number << HEIGHT
            if tile.level is None:
                path.write_bytes(pack(history.entries[first : first + tile.width]))
            else:
                level = HEIGHT * tile.level
                path.write_bytes(b"".join(history.node(level, first + it) for it in range(tile.width)))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CHECKPOINT).write_bytes(self.checkpoint(history, size))
        return folder
