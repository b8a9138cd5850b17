"""Folders and files that only we may read."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.files import PRIVATE_FILE

PRIVATE_FOLDER = 0o700


def make_private_folder(path: Path) -> Path:
    """Create `path` and its parents; its own mode becomes 0700 even if it existed."""
    path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    path.chmod(PRIVATE_FOLDER)
    return path


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """While nobody else, thread or process, is within the same file; whoever comes waits. The file stays."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE), "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
