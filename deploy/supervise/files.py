"""Folders that only we may read."""

from __future__ import annotations

from pathlib import Path

PRIVATE_FOLDER = 0o700


def make_private_folder(path: Path) -> Path:
    """Create `path` and its parents; its own mode becomes 0700 even if it existed."""
    path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    path.chmod(PRIVATE_FOLDER)
    return path
