"""A file replaced whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PRIVATE_FILE = 0o600


def write_atomically(path: Path, content: str | bytes, mode: int = PRIVATE_FILE, owner: int | None = None) -> None:
    """Replace `path` with a file of `mode`; a reader sees the old content or the new, never a part.

    `owner`: user and group that it is given to before it has its name, so that they can read it at any moment;
    only root may give. Threads and processes may write the same file side by side: each has its own draft, and
    the last stays. The content reaches the disk before the name does, so a crash leaves one of the two. Raises
    OSError: then the old content is still there, and no draft.
    """
    data = content.encode() if isinstance(content, str) else content
    draft = path.with_name(f".{secrets.token_hex(8)}.new")  # as long for every file: a name may have 255 bytes
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            if owner is not None:
                os.fchown(file.fileno(), owner, owner)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
