"""Files of an export: for their owner alone, never in place of others, and whole or not there.

A place is taken first, by an empty file or folder; what belongs there is written beside it, and put there in one
step. Whatever ends it in between, no part passes for the whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from schemas.errors import ConfigError
from schemas.files import write_atomically

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def require_free(place: Path) -> None:
    """Raises ConfigError where something is there already, or nothing it could be put into."""
    if place.exists() or place.is_symlink():
        raise _taken(place)
    if not place.absolute().parent.is_dir():
        raise ConfigError(f"{place}: there is no folder {place.absolute().parent}")


def write_file(place: Path, content: bytes) -> None:
    """Raises ConfigError where something has come there meanwhile, OSError."""
    try:
        place.touch(PRIVATE_FILE, exist_ok=False)
    except FileExistsError:
        raise _taken(place) from None
    try:
        write_atomically(place, content)
    except BaseException:  # Ctrl-C and no memory, too: nothing stays that could pass for an export
        place.unlink()
        raise


def write_folder(place: Path, contents: Mapping[str, bytes]) -> None:
    """A new folder with these files: all or none. Raises likewise."""
    try:
        place.mkdir(mode=PRIVATE_FOLDER)
    except FileExistsError:
        raise _taken(place) from None
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=place.parent) as beside:  # its owner's alone, too
            whole = Path(beside, place.name)
            whole.mkdir(mode=PRIVATE_FOLDER)
            for name, content in contents.items():
                write_atomically(whole / name, content)
            whole.replace(place)  # an empty folder is replaced in one step; nothing else is
    except BaseException:  # as above
        with suppress(OSError):  # it is whole already, or not empty for another's sake
            place.rmdir()
        raise


def _taken(place: Path) -> ConfigError:
    return ConfigError(f"{place} is there already; an export overwrites nothing")
