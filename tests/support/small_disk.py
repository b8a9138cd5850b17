"""A folder on a disk of its own that can be filled (a tmpfs, so Linux and the right to mount are needed)."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

PIECE = bytes(64 * 1024)
FILLER = "filler"


class SmallDisk:
    """`mount` says whether the machine allows it."""

    def __init__(self, folder: Path, mib: int) -> None:
        self.folder, self._mib = folder, mib
        self.mounted = False

    def mount(self) -> bool:
        """Before anything is in the folder. False where this machine does not let us."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not sys.platform.startswith("linux"):
            return False
        options = f"size={self._mib}m,mode=0700"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        try:
            self.mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:
            return False
        return self.mounted

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / FILLER).open("ab", buffering=0) as filler:
            for piece in (PIECE, PIECE[:4096]):
                try:
                    while filler.write(piece) == len(piece):
                        continue
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free(self) -> None:
        (self.folder / FILLER).unlink(missing_ok=True)

    def unmount(self) -> None:
        """Lazily: what still has a file open there must not keep a test run's folders for ever."""
        if self.mounted:
            command = ["umount", "-l", str(self.folder)]
            subprocess.run(command, check=True)
            self.mounted = False
