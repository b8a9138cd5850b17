"""Where an export lies: a few files under names, as a folder or an object store has them."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Protocol

from schemas.errors import StackError
from streams.audit.export_files import longest
from streams.audit.plain_file import read_file
from streams.audit.tiles import CHECKPOINT


class Store(Protocol):
    """Files by name (`audit.demo-0/tile/0/000`). One writer at a time (`alone`). Calls may raise OSError."""

    def alone(self) -> AbstractContextManager[None]:
        """Hold it while writing. Raises StackError where another writer does, if the store can tell."""
        ...

    def get(self, name: str) -> bytes | None:
        """The content; None where there is no such plain file, or one longer than any of an export."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write the whole file, or leave the one that was there: never a part of it. Durable once it returns."""
        ...

    def delete(self, name: str) -> None:
        """Remove the file, if it is there."""
        ...

    def names(self, under: str = "") -> Iterator[str]:
        """The name of every file there is, or of those below this folder, in no order."""
        ...


def checked(name: str) -> str:
    """The name, where it is one that stays within its store. Raises ValueError."""
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or parts[0] == "/":
        raise ValueError("no name of a file in an export")
    return name


class Directory:
    """A `Store` in a folder, which is made where there is none; its files are for their owner alone.

    A checkpoint is replaced under a lock on its log's folder (`flock`): whoever adds a cosignature to the one that
    lies there holds the same lock, and neither undoes what the other did.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackError(f"{self._root}: another export is writing here; one at a time") from None
            yield
        finally:
            os.close(handle)

    def get(self, name: str) -> bytes | None:
        most = longest(name)
        data = read_file(self._path(name), None if most is None else most + 1)
        return None if most is not None and data is not None and len(data) > most else data

    def put(self, name: str, data: bytes) -> None:
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Always by this name: what a crash left is written over by the next, and no stranger stays in an export.
        unfinished = path.with_name(f".{path.name}.part")
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with _folder(path.parent, alone=path.name == CHECKPOINT) as folder:
            unfinished.replace(path)
            os.fsync(folder)  # or a power failure could keep this name and lose one that was written before

    def delete(self, name: str) -> None:
        path = self._path(name)
        path.unlink(missing_ok=True)
        if path.parent.suffix == ".p" and path.parent.exists() and not any(path.parent.iterdir()):
            path.parent.rmdir()  # the folder of partial tiles, once the last of them is gone

    def names(self, under: str = "") -> Iterator[str]:
        for folder, _, files in os.walk(self._path(under) if under else self._root):
            for file in files:
                yield Path(folder, file).relative_to(self._root).as_posix()

    def _path(self, name: str) -> Path:
        return self._root / checked(name)


@contextlib.contextmanager
def _folder(path: Path, *, alone: bool) -> Iterator[int]:
    """The folder's descriptor while it is open; `alone`: while nobody else replaces a checkpoint in it."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if alone:
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(folder)
