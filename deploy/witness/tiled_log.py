"""A log as it lies in files (C2SP tlog-tiles), in a folder or behind an address. Nothing read is believed.

A log that can't be read or misses a piece raises ChainBroken; an address that doesn't answer, DependencyError.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from schemas.errors import ChainBroken, ConfigError, DependencyError
from streams.audit import note, tiles, tree
from streams.audit.checkpoint import Checkpoint
from streams.audit.plain_file import read_file
from streams.audit.tiles import CHECKPOINT, WIDTH, BadTile, Tile
from streams.audit.tree import Node
from streams.audit.witness import Request
from streams.web.server import is_loopback

STEP_S, WHOLE_S = 10.0, 30.0
"""How long a server may say nothing, and take for one file."""

Read = Callable[[str], bytes | None]
"""The content of one of a log's files, at most `note.MAX_BYTES`; None where there is none."""


@contextmanager
def opened(where: str, ca: Path | None = None) -> Iterator[Read]:
    """Read a log in a folder, or behind `https://…` (`http://` on this machine)."""
    if "://" not in where:
        folder = Path(where)
        if not folder.is_dir():
            raise ConfigError(f"{where} is no folder of a log, and no address")
        yield lambda name: _from_folder(folder, name)
        return
    with client(where, ca) as http:
        yield lambda name: _fetched(http, f"{where.rstrip('/')}/{name}")


def client(url: str, ca: Path | None = None) -> httpx.Client:
    """For one server. Raises ConfigError for an address that isn't private on its way."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ConfigError(f"{url}: an address is https://…, or http://… on this machine")
    try:
        verify = ssl.create_default_context(cafile=str(ca) if ca else None)
    except OSError:
        raise ConfigError(f"{ca}: no certificates of a CA can be read from it") from None
    return httpx.Client(verify=verify, timeout=STEP_S, follow_redirects=False)


def checkpoint_in(read: Read, where: str) -> bytes:
    """The log's newest checkpoint, as it lies there."""
    data = read(CHECKPOINT)
    if data is None:
        raise ChainBroken(f"{where}: there is no `{CHECKPOINT}`: no log, or one that has never been sealed")
    return data


def request_for(read: Read, where: str, data: bytes, point: Checkpoint, seen: int) -> Request:
    """What to ask a witness that has cosigned `seen` entries: at most as many as the checkpoint in `data` has."""
    node = node_in(read, where, point.size)
    proof = tree.consistency_proof(node, seen, point.size)
    earlier = point.root if seen == point.size else tree.root_of(node, 0, seen)
    return Request(seen, tuple(proof), data, earlier)


def node_in(read: Read, where: str, size: int) -> Node:
    """Nodes of a log of `size` entries from its tiles, each read once."""
    known: dict[Tile, list[bytes]] = {}

    def hashes(tile: Tile) -> list[bytes]:
        if tile not in known:
            known[tile] = _hashes(read, where, tile)
        return known[tile]

    return tiles.node_reader(size, hashes)


def _hashes(read: Read, where: str, tile: Tile) -> list[bytes]:
    found = tiles.lying(tile, read)
    if found is None:
        also = "" if tile.width == WIDTH else f", and so is {Tile(tile.level, tile.number).path()}"
        raise ChainBroken(f"{where}: {tile.path()} is missing{also}")
    one, data = found
    try:
        return tiles.hashes(data, one.width)[: tile.width]
    except BadTile as error:
        raise ChainBroken(f"{where}: {one.path()} {error}: damaged") from None


def _from_folder(folder: Path, name: str) -> bytes | None:
    data = read_file(folder / name, note.MAX_BYTES + 1)
    _check_length(data or b"", str(folder / name))
    return data


def _fetched(http: httpx.Client, url: str) -> bytes | None:
    try:
        with http.stream("GET", url) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            if answer.status_code != httpx.codes.OK:
                raise DependencyError(f"{url} answers {answer.status_code}")
            return body_of(answer)
    except httpx.HTTPError as error:
        raise DependencyError(f"{url} can't be read ({type(error).__name__})") from None


def body_of(answer: httpx.Response) -> bytes:
    """The body of an answer under way, bounded in size and in time."""
    data, end = bytearray(), time.monotonic() + WHOLE_S
    for piece in answer.iter_bytes():
        data += piece
        _check_length(data, str(answer.url))
        if time.monotonic() > end:
            raise DependencyError(f"{answer.url} takes longer than {WHOLE_S:.0f} s")
    return bytes(data)


def _check_length(data: bytes | bytearray, where: str) -> None:
    if len(data) > note.MAX_BYTES:
        raise ChainBroken(f"{where} has more than {note.MAX_BYTES:,} bytes: no checkpoint and no tile")
