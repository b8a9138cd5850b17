"""How a log's tree and entries lie in files (C2SP tlog-tiles). Pure: names, widths, bytes.

A *tile* at level L, number N holds the hashes of up to 256 nodes of height 8 * L, from node 256 * N on. An *entry
bundle* N holds up to 256 entries, each after its length (16 bits, big-endian). The last one of a row is *partial*
until it is full: its width stands in its name.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from streams.audit.tree import HASH_BYTES, Node, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
CHECKPOINT = "checkpoint"
_LENGTH = struct.Struct(">H")
_GROUP = 1_000


class BadTile(ValueError):
    """The bytes are not those of a tile or bundle of this width."""


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """`level` is None for a bundle of entries. `width`: 1 to 256."""

    level: int | None
    number: int
    width: int = WIDTH

    def path(self) -> str:
        """Where it lies, from the log's own folder on."""
        *high, low = _groups(self.number)
        row = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return "/".join(["tile", row, *(f"x{it:03}" for it in high), f"{low:03}{partial}"])

    def folder(self) -> str:
        """Where it lies in every width but the full one."""
        return f"{Tile(self.level, self.number).path()}.p"


def tiles_of(size: int, after: int = 0) -> Iterator[Tile]:
    """All tiles and bundles, full or partial, that a log of `size` entries has and one of `after` has not."""
    yield from _row(None, size, after)
    level = 0
    while size >> (HEIGHT * level):
        yield from _row(level, size >> (HEIGHT * level), after >> (HEIGHT * level))
        level += 1


def pack(entries: Iterable[bytes]) -> bytes:
    """A bundle."""
    return b"".join(_LENGTH.pack(len(entry)) + entry for entry in entries)


def unpack(data: bytes, width: int) -> list[bytes]:
    """The entries in a bundle. Raises BadTile unless it has exactly `width`."""
    entries, at = [], 0
    while at < len(data):
        start = at + _LENGTH.size
        if start > len(data):
            raise BadTile("ends inside a length")
        at = start + _LENGTH.unpack_from(data, start - _LENGTH.size)[0]
        entries.append(data[start:at])
    if at != len(data) or len(entries) != width:
        raise BadTile(f"does not hold {width} entries, to the last byte")
    return entries


def readable(data: bytes) -> list[bytes]:
    """The entries from the start of a damaged bundle on, as far as they are whole."""
    entries, at = [], 0
    while (start := at + _LENGTH.size) <= len(data):
        at = start + _LENGTH.unpack_from(data, start - _LENGTH.size)[0]
        if at <= len(data):
            entries.append(data[start:at])
    return entries


def hashes(data: bytes, width: int) -> list[bytes]:
    """The hashes in a tile. Raises BadTile unless it has exactly `width`."""
    if len(data) != width * HASH_BYTES:
        raise BadTile(f"does not hold {width} hashes, to the last byte")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def lying(tile: Tile, get: Callable[[str], bytes | None]) -> tuple[Tile, bytes] | None:
    """The file that this tile or bundle is read from, with what it is: a partial one may be gone once the full one
    is there (tlog-tiles, Partial Tiles).
    """
    for one in dict.fromkeys((tile, Tile(tile.level, tile.number))):
        data = get(one.path())
        if data is not None:
            return one, data
    return None


def node_reader(size: int, read: Callable[[Tile], list[bytes]]) -> Node:
    """Nodes of a log of `size` entries, found in its tiles. What `read` gives of these is not checked here."""

    def node(level: int, index: int) -> bytes:
        row, above = divmod(level, HEIGHT)
        first = index << above
        number, start = divmod(first, WIDTH)
        nodes = size >> (HEIGHT * row)
        found = read(Tile(row, number, min(WIDTH, nodes - number * WIDTH)))[start : start + (1 << above)]
        while len(found) > 1:
            found = [node_hash(found[at], found[at + 1]) for at in range(0, len(found), 2)]
        return found[0]

    return node


def _row(level: int | None, nodes: int, after: int) -> Iterator[Tile]:
    if nodes == after:
        return
    for number in range(after // WIDTH, (nodes - 1) // WIDTH + 1):
        yield Tile(level, number, min(WIDTH, nodes - number * WIDTH))


def _groups(number: int) -> list[int]:
    """Three digits each, as names of tiles have them."""
    groups = [number % _GROUP]
    while number := number // _GROUP:
        groups.insert(0, number % _GROUP)
    return groups
