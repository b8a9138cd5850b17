"""Reading a file that somebody else may have put there; imports nothing of the audit, as witnesses read by it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_NO_FILE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO}


def read_file(path: Path, most: int | None) -> bytes | None:
    """So many bytes of a file that somebody else may have put there, or all of them. Raises OSError.

    None where it is no plain file: whoever opens a pipe waits for ever, and a link leads anywhere.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(-1 if most is None else most)
    finally:
        os.close(handle)
