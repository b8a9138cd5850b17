"""Compiled databases, kept in the user's cache folder: compiling took 4.8 s of processor time, reading them
back 0.04 s (2026-11-25, busy machine).

A file counts only if nobody but us could have written it, and holds what its name says: the expressions, this
version of Hyperscan, and a hash of its own bytes. Without such a folder every process compiles.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import hyperscan as hs

from schemas.files import write_atomically

_HASH_BYTES = 32
KEPT_DAYS = 30  # without being read: databases of earlier versions


def kept(expressions: str, build: Callable[[], hs.Database]) -> hs.Database:
    """The database of `expressions`: the one kept, or what `build` makes. Raises what `build` raises."""
    key = hashlib.sha256(f"{version('hyperscan')}\0{expressions}".encode()).hexdigest()
    folder = _folder()
    if folder is None:
        return build()
    place = folder / f"{key}.hs"
    database = _read(place)
    if database is None:
        database = build()
        _write(place, hs.dumpb(database))
        _forget(folder)
    return database


def _folder() -> Path | None:
    """Where only we write; made if need be."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - a home may be missing
    place = Path(base) / "veilstream" / "patterns"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = place.lstat()
    except OSError:
        return None
    return place if stat.S_ISDIR(status.st_mode) and _is_ours(status) else None


def _is_ours(status: os.stat_result) -> bool:
    """Whether only we can have written it."""
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _read(place: Path) -> hs.Database | None:
    """The database in a file that is whole and ours; another machine's is none to Hyperscan."""
    try:
        data = _bytes(place)
        if data is None or hashlib.sha256(data[_HASH_BYTES:]).digest() != data[:_HASH_BYTES]:
            return None
        database = hs.loadb(data[_HASH_BYTES:], hs.HS_MODE_BLOCK)
        database.scratch = hs.Scratch(database)
    except (OSError, hs.HyperscanError):
        return None
    return database


def _bytes(place: Path) -> bytes | None:
    """What is in a file of ours. It is looked at once it is open: a name may lead elsewhere a moment later.

    Without O_NONBLOCK a pipe put in its place would be waited for.
    """
    with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or not _is_ours(status):
            return None
        os.utime(file.fileno())
        return file.read()


def _write(place: Path, data: bytes) -> None:
    """All or nothing: processes may start side by side. A full or read-only disk is no reason to fail."""
    with suppress(OSError):
        write_atomically(place, hashlib.sha256(data).digest() + data)


def _forget(folder: Path) -> None:
    """Remove what nobody has read for a month."""
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    with suppress(OSError):
        for place in folder.iterdir():
            if place.lstat().st_mtime < oldest:
                place.unlink()
