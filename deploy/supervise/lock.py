"""One owner per root: a second `veil up` on the same folder is told so."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.supervise.files import make_private_folder
from deploy.supervise.identity import ProcessIdentity, read_identity, write_identity
from schemas.errors import StackError
from schemas.files import PRIVATE_FILE

LOCK = Path("run") / "lock"


class RootLock:
    """An fcntl lock on `<root>/run/lock`; the kernel drops it when its owner dies, however it dies."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the root. Raises StackError when another process (or another holder in this one) has it."""
        run = make_private_folder(self._root / "run")
        handle = os.open(self._root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise StackError(self._taken()) from None
        self._handle = handle
        me = ProcessIdentity.of(os.getpid())
        assert me is not None
        write_identity(run / "owner.pid", me)

    def release(self) -> None:
        """Give the root back; may be called again."""
        if self._handle is not None:
            (self._root / "run" / "owner.pid").unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _taken(self) -> str:
        owner = root_owner(self._root)
        by = f"process {owner.pid}" if owner else "another process"
        return f"{self._root} is in use by {by}; stop it with `veil down` or choose another root."


def root_owner(root: Path) -> ProcessIdentity | None:
    """The process that holds `root`; None when nobody does. What `veil down` sends SIGTERM to."""
    owner = read_identity(root / "run" / "owner.pid")
    return owner if owner and owner.alive() else None
