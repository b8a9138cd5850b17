"""Room on the disk: asked for before the start, and explained when it runs out."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import StackError

MIB = 1024 * 1024
# A fresh stack takes 80 MiB, a demo's topics and segments 300 MiB more; Kafka stops for good on a full disk.
ROOT_MIN_FREE = 1024 * MIB
# 180 MiB of downloads and 150 MiB of what is unpacked from them, twice while a file is being replaced.
CACHE_MIN_FREE = 512 * MIB


def require_space(folder: Path, minimum: int) -> None:
    """Raise StackError when the file system of `folder` (which exists) has fewer than `minimum` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < minimum:
        raise StackError(
            f"Only {free // MIB} MiB are free on the disk of {folder}, {minimum // MIB} MiB are needed; "
            "free some space or choose another root."
        )


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn an OSError of writing below `folder` into a StackError that says what to do."""
    try:
        yield
    except OSError as error:
        raise_if_full(error, folder)
        raise StackError(f"{folder} can't be used: {error}.") from error


def raise_if_full(error: BaseException, folder: Path) -> None:
    """Raise StackError if `error` says that the disk of `folder` (or the user's share of it) is full."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise StackError(f"The disk of {folder} is full; free some space and start again.") from error
