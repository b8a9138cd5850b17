"""Files of an export: for their owner alone, and never in place of others."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from schemas.errors import ConfigError

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def require_free(place: Path) -> None:
    """Raises ConfigError where something is there already, or nothing it could be put into."""
    if place.exists() or place.is_symlink():
        raise ConfigError(f"{place} is there already; an export overwrites nothing")
    if not place.absolute().parent.is_dir():
        raise ConfigError(f"{place}: there is no folder {place.absolute().parent}")


def write_file(place: Path, content: bytes) -> None:
    """Raises ConfigError where something has come there meanwhile, OSError."""
    try:
        opened = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        raise ConfigError(f"{place} is there already; an export overwrites nothing") from None
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
    except OSError:
        place.unlink()  # half a file would pass for a whole one
        raise


def write_folder(place: Path, contents: Mapping[str, bytes]) -> None:
    """A new folder with these files: all or none. Raises likewise."""
    try:
        place.mkdir(mode=PRIVATE_FOLDER)
    except FileExistsError:
        raise ConfigError(f"{place} is there already; an export overwrites nothing") from None
    try:
        for name, content in contents.items():
            write_file(place / name, content)
    except OSError:
        shutil.rmtree(place)
        raise
