"""A log file that others write, read line by line through rotation: renamed, copied and cut, or begun anew.

A file is known again by its inode and by the hash of its first bytes, since an inode is given to another file soon
after its own is gone. Files of the same name with a number or date behind it are older ones: the higher number is
the older, the later date the newer. One is left only when a later one holds something, so that whoever writes has
let go of it. A file that is renamed while its folder is listed can be missing in that list (POSIX, `readdir`), so
what two lists one after the other agree on counts: a file missed in both would have been renamed twice. That holds
on a local file system; over a network both lists may come of one that was kept.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import LogUnavailable
from schemas.states import FollowedFile
from streams.audit.shipping import Piece

PIECE_BYTES = 4 * 1024 * 1024
"""Read at once: some thousand lines. A longer line comes in parts, of which none can be read."""
HEAD_BYTES = 1024
LISTS = 10
"""Tried, until two agree: a rotation takes a few renames."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A file as it is now; `written`: when last, in nanoseconds."""

    path: Path
    inode: int
    size: int
    written: int


class FollowedLog:
    """Implements `streams.audit.shipping.Lines`. Holds nothing open."""

    def __init__(self, name: str, path: Path, piece_bytes: int = PIECE_BYTES) -> None:
        self._name = name
        self._path = path
        self._piece_bytes = piece_bytes
        self._ours = re.compile(re.escape(path.name) + r"([.-][0-9][0-9TZ.:_-]*)?")

    def read(self, place: FollowedFile | None) -> Piece:
        """The complete lines after `place`; those of the oldest file, where nothing was read yet.

        Where the file is gone or was cut below `place`, it goes on with the oldest that was written since.
        """
        try:
            found = sorted(self._all_files(), key=self._age)
            if not found:
                raise LogUnavailable(
                    f"there is no log {self._path}; whoever writes it does not run, or writes elsewhere"
                )
            file = self._known_again(found, place) if place else found[0]
            if file is None:
                since = place.written if place else 0
                next_one = next((it for it in found if it.written > since), _newest(found, self._path))
                return Piece((), self._beginning(next_one), at_end=False, lost="gone")
            return self._read(file, place.offset if place else 0, self._later(found, file))
        except OSError as error:
            raise LogUnavailable(f"{self._path} can't be read: {error.strerror}") from None

    def _read(self, file: _Found, offset: int, later: _Found | None) -> Piece:
        """`later` was looked for before the file is read, so what is read then is all of it."""
        with closing(self._open(file)) as opened:
            data = opened.read(offset, self._piece_bytes)
            head = opened.read(0, HEAD_BYTES)
        end = data.rfind(b"\n") + 1
        if len(data) == self._piece_bytes and not end:
            end = len(data)
        if end or later is None:
            lines = data[:end].removesuffix(b"\n").split(b"\n") if end else []
            head_read = _hash(head[: offset + end])
            place = FollowedFile(self._name, file.inode, offset + end, head_read, file.written)
            return Piece(lines, place, at_end=later is None and len(data) < self._piece_bytes)
        # A half line in a file that nobody writes any more stays half.
        return Piece([data] if data else [], self._beginning(later), at_end=False)

    def _beginning(self, file: _Found) -> FollowedFile:
        return FollowedFile(self._name, file.inode, 0, _hash(b""), file.written)

    def _all_files(self) -> list[_Found]:
        """Raises LogUnavailable where the folder changes all the time."""
        before = None
        for _ in range(LISTS):
            found = list(self._files())
            names = {(it.path, it.inode) for it in found}
            if names == before:
                return found
            before = names
        raise LogUnavailable(f"{self._path} is being rotated")

    def _files(self) -> Iterator[_Found]:
        with os.scandir(self._path.parent) as entries:
            for entry in entries:
                if self._ours.fullmatch(entry.name) and entry.is_file():
                    status = entry.stat()
                    yield _Found(Path(entry.path), status.st_ino, status.st_size, status.st_mtime_ns)

    def _age(self, file: _Found) -> tuple[int, bool, int, str]:
        """What comes later was written last later; what was written within a tick of the clock is told by name."""
        suffix = file.path.name[len(self._path.name) + 1 :]
        number = -int(suffix) if suffix.isdecimal() and len(suffix) < len("20260101") else 0
        return file.written, not suffix, number, suffix

    def _known_again(self, found: list[_Found], place: FollowedFile) -> _Found | None:
        """The file of a place: that of its inode, else a copy of it."""
        for file in sorted(found, key=lambda it: it.inode != place.inode):
            if file.size >= place.offset and (file.inode == place.inode or place.offset):
                with closing(self._open(file)) as opened:
                    if _hash(opened.read(0, min(place.offset, HEAD_BYTES))) == place.head:
                        return file
        return None

    def _later(self, found: list[_Found], file: _Found) -> _Found | None:
        """The one that was begun after it: the next that holds something. None is later than that of the plain
        name: a copy of it was written last and is older, as others are whatever a clock that was set back says.
        """
        if file.path == self._path:
            return None
        return next((it for it in found[found.index(file) + 1 :] if it.size), None)

    def _open(self, file: _Found) -> _Opened:
        """What was found, and nothing that has taken its name since. Raises LogUnavailable."""
        opened = _Opened(file.path)
        if opened.inode != file.inode:
            opened.close()
            raise LogUnavailable(f"{self._path} was rotated meanwhile")
        return opened


class _Opened:
    """A file, open to read from anywhere."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        self.inode = os.fstat(self._file).st_ino

    def read(self, offset: int, limit: int) -> bytes:
        return os.pread(self._file, limit, offset)

    def close(self) -> None:
        os.close(self._file)


def _newest(found: list[_Found], path: Path) -> _Found:
    return next((it for it in found if it.path == path), found[-1])


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
