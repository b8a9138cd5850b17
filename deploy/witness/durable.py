"""Files whose change must have reached the disk before anybody hears of it."""

from __future__ import annotations

import os
from pathlib import Path

from schemas.files import write_atomically


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file (mode 0600), and return only when neither the content nor the name can be lost any more."""
    write_atomically(path, content)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """A rename reaches the disk with the folder, not with the file."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
