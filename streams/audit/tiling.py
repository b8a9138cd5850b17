"""Builds a log's tiles while its entries come in. Pure: entries in, files' contents out.

It holds what is not full yet: of each row of tiles the last one, and the last bundle. Memory: 256 entries and
256 hashes a level, whatever the log's size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from streams.audit.tiles import HEIGHT, WIDTH, Tile, pack
from streams.audit.tree import EMPTY_ROOT, Frontier, leaf_hash, node_hash

Written = tuple[Tile, bytes]


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a full tile's hashes, or any power of two of them."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def edge_root(rows: Sequence[Sequence[bytes]]) -> bytes:
    """The root of a log, from the hashes in the last tile of each row where it is not full. `rows`: by level."""
    nodes = [node for row in reversed(rows) for node in Frontier().append(row).nodes]
    if not nodes:
        return EMPTY_ROOT
    *rest, root = nodes
    for node in reversed(rest):
        root = node_hash(node, root)
    return root


def edge_of(size: int) -> list[Tile]:
    """The hash tiles that are not full in a log of this size, from level 0 on: all that its root is made of."""
    found, level = [], 0
    while size >> (HEIGHT * level):
        number, width = divmod(size >> (HEIGHT * level), WIDTH)
        if width:
            found.append(Tile(level, number, width))
        level += 1
    return found


def partials_of(size: int) -> list[Tile]:
    """All files that are not full in a log of this size: `edge_of`, and the last bundle."""
    bundle = [Tile(None, size // WIDTH, size % WIDTH)] if size % WIDTH else []
    return [*bundle, *edge_of(size)]


@dataclass(slots=True)
class Tiling:
    """A log that grows. `rows`: hashes in the last, not full tile of each level. `bundle`: the last entries."""

    size: int = 0
    rows: list[list[bytes]] = field(default_factory=list)
    bundle: list[bytes] = field(default_factory=list)

    def append(self, entries: Iterable[bytes]) -> Iterator[Written]:
        """Take entries; each tile and bundle comes out once, when it is full."""
        for entry in entries:
            self.bundle.append(entry)
            full = len(self.bundle) == WIDTH
            if full:
                yield Tile(None, self.size // WIDTH), pack(self.bundle)
                self.bundle.clear()
            self.size += 1
            yield from self._add(0, leaf_hash(entry))

    def partial(self) -> Iterator[Written]:
        """What is not full now, as it has to lie beside the full ones under a checkpoint of this size."""
        if self.bundle:
            yield Tile(None, self.size // WIDTH, len(self.bundle)), pack(self.bundle)
        for tile in edge_of(self.size):
            yield tile, b"".join(self.rows[tile.level or 0])

    def root(self) -> bytes:
        """The root of all entries so far."""
        return edge_root(self.rows)

    def _add(self, level: int, hash_: bytes) -> Iterator[Written]:
        if level == len(self.rows):
            self.rows.append([])
        row = self.rows[level]
        row.append(hash_)
        if len(row) < WIDTH:
            return
        yield Tile(level, ((self.size >> (HEIGHT * level)) - 1) // WIDTH), b"".join(row)
        above = subtree_root(row)
        row.clear()
        yield from self._add(level + 1, above)
