"""Checks one log's tiles and entries, to the last byte, against the root that was signed. Reads in order, once.

From the root down: the last tile of each row together make the root, each hash in a tile is the root of a tile
one level lower, each hash at level 0 that of an entry. What is *trusted* is what the signed root leads to. Where a
tile is not what its trusted parent says, what lies below it tells which of them was touched:

- the entries lead to the trusted hash: this tile alone is damaged;
- the tile leads to it and the entries don't: the entries that differ from it are the place;
- neither: entries and tiles were changed together. The range is that of the highest tile that disagrees.

Memory: a tile a level and one bundle, whatever the log's size.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field

from streams.audit import tiles
from streams.audit.checkpoint import Checkpoint
from streams.audit.findings import Finding, FindingKind
from streams.audit.places import differences
from streams.audit.tiles import HEIGHT, WIDTH, BadTile, Tile
from streams.audit.tiling import edge_of, edge_root, subtree_root
from streams.audit.tree import MAX_SIZE, leaf_hash

Get = Callable[[str], bytes | None]
"""A file of the log, by its path from the log's own folder on; None where there is none."""
Bundle = tuple[int, list[bytes]]
"""The number of the first entry, and up to 256 entries."""
Walk = Generator[Bundle, None, list[bytes]]
"""Yields bundles; its value are the hashes that a tile should hold by what lies below it."""
_UNKNOWN = bytes(32)
_WORDS = {
    FindingKind.EDITED: "another entry stands here than was sealed",
    FindingKind.DROPPED: "what was sealed here is gone",
    FindingKind.INSERTED: "before this entry stands one that was not sealed",
    FindingKind.MOVED: "this entry stands in another's place",
}


@dataclass(slots=True)
class LogCheck:
    """The check of one log. `name`: its folder, for findings. Exhaust `bundles`, then read `findings`.

    `first`, `end`: look only at these entries, and at what leads from them to the root.
    """

    name: str
    checkpoint: Checkpoint
    get: Get
    first: int = 0
    end: int = MAX_SIZE
    findings: list[Finding] = field(default_factory=list)

    def bundles(self) -> Iterator[Bundle]:
        """All entries that can be read, in order, whatever they are worth."""
        edge = edge_of(self.checkpoint.size)
        stored = {tile: self._stored(tile) for tile in edge}
        trusted = self._is_root(edge, stored)
        found: dict[Tile, list[bytes] | None] = {}
        for tile in reversed(edge):
            found[tile] = yield from self._below(tile, stored[tile], trusted=trusted)
        holds = self._is_root(edge, found)
        for tile in reversed(edge):
            self._judge(tile, stored[tile], found[tile] or [], holds=holds, vouched=trusted)
        if not trusted and not holds:
            touched = [tile for tile in edge if stored[tile] is not None and stored[tile] != found[tile]]
            for tile in touched:
                self._changed(tile)
            if not touched:
                self._find(FindingKind.CHANGED, _range(0, self.checkpoint.size), _CHANGED)

    def _is_root(self, edge: Sequence[Tile], hashes: dict[Tile, list[bytes] | None]) -> bool:
        rows: list[list[bytes]] = [[] for _ in range((edge[-1].level or 0) + 1)] if edge else []
        for tile in edge:
            row = hashes[tile]
            if row is None or len(row) != tile.width:
                return False
            rows[tile.level or 0] = row
        return edge_root(rows) == self.checkpoint.root

    def _below(self, tile: Tile, stored: list[bytes] | None, *, trusted: bool) -> Walk:
        """What the tile should hold by what lies below it. Out of the range asked for that is what it holds."""
        if not self._asked(tile):
            return stored or [_UNKNOWN] * tile.width
        if tile.level == 0:
            return (yield from self._leaves(tile, stored))
        found = []
        for at in range(tile.width):
            child = Tile((tile.level or 0) - 1, tile.number * WIDTH + at)
            expected = _UNKNOWN if stored is None else stored[at]
            if self._asked(child):
                found.append((yield from self._full(child, expected, trusted=trusted and stored is not None)))
            else:
                found.append(expected)
        return found

    def _full(self, tile: Tile, expected: bytes, *, trusted: bool) -> Generator[Bundle, None, bytes]:
        """Check a full tile whose root is `expected`, if that is trusted. Its root, by what lies below it."""
        stored = self._stored(tile)
        said = _UNKNOWN if stored is None else subtree_root(stored)
        vouched = trusted and said == expected
        found = yield from self._below(tile, stored, trusted=vouched)
        root = said if found == stored else _root(found)
        self._judge(tile, stored, found, holds=root == expected, vouched=vouched)
        if root != expected and trusted and not vouched:
            self._changed(tile)
        return root

    def _judge(
        self, tile: Tile, stored: list[bytes] | None, found: list[bytes], *, holds: bool, vouched: bool
    ) -> None:
        """Say what differs between a tile and what lies below it. `holds`: what lies below is what was signed."""
        if stored is None or stored == found:
            return
        if holds:
            text = f"this tile alone is damaged: the entries {_range(*_span(tile))} are those that were sealed"
            self._find_file(FindingKind.TILE, tile, text)
        elif tile.level == 0:
            doubt = "" if vouched else " (or the tile beside it was changed)"
            for it in differences(stored, found, tile.number * WIDTH):
                self._find(it.kind, it.where, _WORDS[it.kind] + doubt)

    def _leaves(self, tile: Tile, stored: list[bytes] | None) -> Walk:
        bundle = Tile(None, tile.number, tile.width)
        lying = tiles.lying(bundle, self.get)
        if lying is None:
            self._find_file(FindingKind.MISSING, bundle, f"the entries {_range(*_span(tile))} are missing")
            return stored or [_UNKNOWN] * tile.width
        one, data = lying
        try:
            entries = tiles.unpack(data, one.width)
        except BadTile as error:
            self._find_file(FindingKind.MISSING, one, f"the bundle {error}")
            entries = tiles.readable(data)
        if one != bundle:
            entries = entries[: bundle.width]
        yield tile.number * WIDTH, entries
        return [leaf_hash(entry) for entry in entries]

    def _stored(self, tile: Tile) -> list[bytes] | None:
        lying = tiles.lying(tile, self.get)
        if lying is None:
            self._find_file(FindingKind.MISSING, tile, "this tile is missing")
            return None
        one, data = lying
        try:
            return tiles.hashes(data, one.width)[: tile.width]
        except BadTile as error:
            self._find_file(FindingKind.TILE, one, f"the tile {error}")
            return None

    def _asked(self, tile: Tile) -> bool:
        first, end = _span(tile)
        return first < self.end and self.first < end

    def _changed(self, tile: Tile) -> None:
        self._find(FindingKind.CHANGED, _range(*_span(tile)), _CHANGED)

    def _find(self, kind: FindingKind, where: str, text: str) -> None:
        self.findings.append(Finding(kind, f"{self.name}#{where}", text))

    def _find_file(self, kind: FindingKind, tile: Tile, text: str) -> None:
        self.findings.append(Finding(kind, f"{self.name}/{tile.path()}", text))


_CHANGED = "entries and tiles in this range are not those that were sealed; they were changed together"


def _root(hashes: Sequence[bytes]) -> bytes:
    """Of a full tile; of another number of hashes there is none."""
    return subtree_root(hashes) if len(hashes) == WIDTH else _UNKNOWN


def _span(tile: Tile) -> tuple[int, int]:
    """The entries below a hash tile."""
    shift = HEIGHT * (tile.level or 0)
    return (tile.number * WIDTH) << shift, (tile.number * WIDTH + tile.width) << shift


def _range(first: int, end: int) -> str:
    return str(first) if end <= first + 1 else f"{first}-{end - 1}"
