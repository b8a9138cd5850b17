"""Partial tiles of smaller sizes: each stays until its tile is full, for whoever has read an older checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from streams.audit import tiles
from streams.audit.export_files import tile_of
from streams.audit.findings import Finding, FindingKind
from streams.audit.tiles import Tile
from streams.audit.tiling import partials_of
from streams.audit.tree import HASH_BYTES

Get = Callable[[str], bytes | None]
NamesUnder = Callable[[str], Iterable[str]]
"""The files below a folder. Both by paths from the log's own folder on."""


def differing(name: str, size: int, get: Get, names: NamesUnder) -> Iterator[Finding]:
    """Those in a log of `size` entries with which its wide ones don't begin. `name`: its folder, for findings."""
    for wide in partials_of(size):
        _, whole = tiles.lying(wide, get) or (wide, None)
        if whole is None:
            continue
        for path in sorted(names(wide.folder())):
            tile, data = tile_of(path), get(path)
            if tile and data is not None and tile.width < wide.width and data != _begin(whole, tile):
                text = f"it holds something else than {wide.path()}, which goes on from it"
                yield Finding(FindingKind.TILE, f"{name}/{path}", text)


def _begin(data: bytes, tile: Tile) -> bytes:
    """What the narrower one holds, by the wider one."""
    if tile.level is None:
        return tiles.pack(tiles.readable(data)[: tile.width])
    return data[: tile.width * HASH_BYTES]
