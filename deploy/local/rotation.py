"""Keeps a part's log from filling the disk: put aside when it is large, and the oldest ones removed.

`vault-audit.jsonl` becomes `vault-audit.jsonl.1`, `.1` becomes `.2`, and so on; then its writer is told to open
its file anew. Renaming loses no line: until it is told, the writer goes on in the file it has open, under the new
name. A crash between the two is made good at the next look.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

LIMIT_BYTES = 64 * 1024 * 1024
"""Some 22,000 requests (two lines of 1.5 kB each, measured)."""
OLDER = 7
"""With the current one 512 MiB: what a follower may be behind by before lines are lost to it, and it says so."""
LOOK_EVERY_S = 10.0
"""Vault writes 3 MB/s at its busiest: half a file."""


class Rotation:
    """Looks at one log now and then, in a thread of its own. `reopen` tells its writer."""

    def __init__(
        self,
        path: Path,
        reopen: Callable[[], None],
        limit_bytes: int = LIMIT_BYTES,
        older: int = OLDER,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._path = path
        self._reopen = reopen
        self._limit_bytes = limit_bytes
        self._older = older
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"rotate {path.name}", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Put the log aside if it is large. Where the disk refuses, the next look tries again."""
        try:
            if self._path.stat().st_size >= self._limit_bytes:
                self._shift()
                self._reopen()
        except FileNotFoundError:  # put aside, and its writer was not told, or was down
            if self._named(1).exists():
                self._reopen()
        except OSError:
            return

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            self.look()

    def _shift(self) -> None:
        """Up to the first number that is free, so that one that was cut short costs no file at the next."""
        numbers = range(1, self._older + 1)
        last = next((it for it in numbers if not self._named(it).exists()), self._older)
        for number in range(last, 0, -1):
            (self._named(number - 1) if number > 1 else self._path).replace(self._named(number))

    def _named(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
