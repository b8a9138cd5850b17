"""Looks for canaries in bytes and files: one Hyperscan pass over all their forms."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import hyperscan
import psutil

from deploy.demo.canaries import Canary
from deploy.demo.needles import Needle, needles_of

CHUNK = 8 * 1024 * 1024
"""Bytes of a file in memory at a time."""
OF_KERNELS = frozenset(
    {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "debugfs", "tracefs", "securityfs", "mqueue"}
)
"""Types of file systems that keep nothing which somebody has written to a disk."""
PER_DATABASE = 2_000
"""Needles compiled together: all of the demo's, 16,000 in eight parts, take a second."""


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A canary where none may be: its kind and number and its form, never its value."""

    where: str
    canary: str
    form: str


class CanarySearch:
    """All forms of the canaries, compiled. One thread at a time."""

    def __init__(self, canaries: Sequence[Canary]) -> None:
        self._named = [
            (f"{canary.kind} {number}", needle)
            for number, canary in enumerate(canaries)
            for needle in needles_of(canary)
        ]
        self._overlap = max((len(needle.data) for _, needle in self._named), default=1) - 1
        self._databases = list(self._compiled())
        self.searched = 0
        """Bytes looked through so far."""

    @property
    def needles(self) -> int:
        """How many forms are looked for."""
        return len(self._named)

    def in_bytes(self, data: bytes, where: str) -> set[Hit]:
        """The canaries in `data`."""
        found: set[int] = set()

        def on_match(number: int, _start: int, _end: int, _flags: int, _context: object) -> None:
            found.add(number)

        for database in self._databases:
            database.scan(data, match_event_handler=on_match)
        self.searched += len(data)
        return {Hit(where, self._named[number][0], self._named[number][1].form) for number in found}

    def in_file(self, path: Path, where: str) -> set[Hit]:
        """The canaries in a file, chunk by chunk, also where one lies across two. Raises OSError."""
        found: set[Hit] = set()
        with path.open("rb", buffering=0) as file:
            for first, end in written_parts(file.fileno()):
                for start in range(max(0, first - self._overlap), end + self._overlap, CHUNK):
                    chunk = os.pread(file.fileno(), min(CHUNK, end - start) + self._overlap, start)
                    if chunk.count(0) < len(chunk):
                        found |= self.in_bytes(chunk, where)
        return found

    def below(self, top: Path) -> set[Hit]:
        """The canaries in a file, or in all files of a folder, by content and by name.

        What can't be read is passed over: it is gone meanwhile, or somebody else's.
        """
        found: set[Hit] = set()
        for path in regular_files(top):
            where = path.relative_to(top.parent).as_posix()
            found |= self.in_bytes(where.encode(errors="replace"), "a file's name")
            try:
                found |= self.in_file(path, where)
            except OSError:
                continue
        return found

    def _compiled(self) -> Iterator[hyperscan.Database]:
        numbered = list(enumerate(needle for _, needle in self._named))
        for first in range(0, len(numbered), PER_DATABASE):
            yield _compile(numbered[first : first + PER_DATABASE])


def written_parts(file: int) -> Iterator[tuple[int, int]]:
    """Of an open file what was ever written, from where to where; all of it where its file system can't say. The
    rest are zeros: of Kafka's index files 10 MB each. Raises OSError.
    """
    end, size = 0, os.fstat(file).st_size
    while end < size:
        try:
            first = os.lseek(file, end, os.SEEK_DATA)
            end = os.lseek(file, first, os.SEEK_HOLE)
        except OSError as error:
            if error.errno == errno.ENXIO:  # from here on nothing was written
                return
            raise
        yield first, end


def _compile(needles: Sequence[tuple[int, Needle]]) -> hyperscan.Database:
    """Needles as byte escapes, since they hold NUL bytes and no pattern."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    single = hyperscan.HS_FLAG_SINGLEMATCH
    database.compile(
        expressions=["".join(f"\\x{byte:02x}" for byte in needle.data).encode() for _, needle in needles],
        ids=[number for number, _ in needles],
        flags=[single | (hyperscan.HS_FLAG_CASELESS if needle.caseless else 0) for _, needle in needles],
    )
    return database


def regular_files(top: Path) -> Iterator[Path]:
    """`top` if it is a file, or all files below it, one folder after the other.

    Links aren't followed, what is gone meanwhile is passed over, and so is what a kernel shows of itself: a root
    that somebody builds among the temporary files has a `proc`, whose folders come and go with every process.
    Which these are goes by their type: of another one, whatever its size, everything is looked at. Raises OSError
    where a folder can't be read for any other reason than that it is gone or somebody else's.
    """
    if _is_file(top):
        yield top
    of_a_kernel: dict[int, bool] = {}
    for folder, below, names in os.walk(top, onerror=_raise_unless_gone):
        try:
            device = os.lstat(folder).st_dev
        except FileNotFoundError:
            continue
        if device not in of_a_kernel:  # asked for each anew: it may have been mounted since
            of_a_kernel[device] = device in _devices_of_kernels()
        if of_a_kernel[device]:
            below.clear()
            continue
        below.sort()
        yield from (path for name in sorted(names) if _is_file(path := Path(folder, name)))


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        raise error


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _devices_of_kernels() -> frozenset[int]:
    found = set[int]()
    for mounted in psutil.disk_partitions(all=True):
        if mounted.fstype in OF_KERNELS:
            with contextlib.suppress(OSError):
                found.add(Path(mounted.mountpoint).stat().st_dev)
    return frozenset(found)
