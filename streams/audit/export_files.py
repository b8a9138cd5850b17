"""Which files belong into an export, and which are there for another reason. Pure: names in, findings out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from streams.audit.findings import Finding, FindingKind
from streams.audit.index import INDEX, LARGE, NEXT, PINS, SCHEMA
from streams.audit.tiles import CHECKPOINT, HEIGHT, WIDTH, Tile

_TILE = re.compile(
    r"tile/(?P<row>entries|0|[1-9][0-9]?)/(?P<high>(x[0-9]{3}/)*)(?P<low>[0-9]{3})(\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
_HEX = re.compile(r"[0-9a-f]{64}")
LONGEST = WIDTH * (2 + 65_535)
"""Bytes of a full bundle of the longest entries. Nothing else in an export comes near."""
_HALF = re.compile(r"(?P<folder>(.*/)?)\.(?P<file>[^/]+)\.part")
_DRAFT = re.compile(r"\.[0-9a-f]{16}\.new")
"""Of a checkpoint with one more cosignature (`schemas.files.write_atomically`); it lies beside that."""


def tile_of(path: str) -> Tile | None:
    """The tile or bundle that lies under this path of its log; None where none can."""
    found = _TILE.fullmatch(path)
    if found is None:
        return None
    level = None if found["row"] == "entries" else int(found["row"])
    number = int(found["high"].replace("x", "").replace("/", "") + found["low"])
    tile = Tile(level, number, int(found["width"] or WIDTH))
    return tile if tile.path() == path else None


def belongs(tile: Tile, size: int) -> bool:
    """Whether a log of `size` entries has this tile: in its width, or in a smaller one while it is not full."""
    nodes = size >> (HEIGHT * (tile.level or 0))
    width = min(WIDTH, nodes - tile.number * WIDTH)
    return tile.width == width or tile.width < width < WIDTH


def strangers(names: Iterable[str], sizes: Mapping[str, int], unfinished: Iterable[str]) -> Iterator[Finding]:
    """Files that no export has. `sizes`: of each log by its folder; those of `unfinished` may have more tiles.

    What a crash left of a file that an export may have is none of them (`half`).
    """
    going_on = set(unfinished)
    for name in names:
        log, _, path = (half(name) or name).partition("/")
        tile = tile_of(path)
        if log in {INDEX, PINS, SCHEMA} and not path:
            continue
        if log == LARGE and _HEX.fullmatch(path):
            continue
        if log in sizes and (
            path in {CHECKPOINT, NEXT} or (tile and (log in going_on or belongs(tile, sizes[log])))
        ):
            continue
        yield Finding(FindingKind.EXPORT, name, "this file belongs to no export")


def longest(name: str) -> int | None:
    """How many bytes a file of this name can have in an export; None where none has such a name."""
    log, _, path = name.partition("/")
    named = name in {INDEX, PINS, SCHEMA} or log == LARGE or path in {CHECKPOINT, NEXT} or tile_of(path)
    return LONGEST if named else None


def half(name: str) -> str | None:
    """The file that was being written when a crash left this one; None where it is no such half of a file."""
    folder, _, file = name.rpartition("/")
    if folder and _DRAFT.fullmatch(file):
        return f"{folder}/{CHECKPOINT}"
    found = _HALF.fullmatch(name)
    return None if found is None else f"{found['folder']}{found['file']}"
