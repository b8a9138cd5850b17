"""Whose password Kafka may not know: written down before their files are, crossed out when Kafka has taken them.

Files and Kafka can't be changed in one step. What ends between the two leaves a password that its identity has and
Kafka refuses, and nobody can ask Kafka which it is: the next `apply` or `rotate` reads here whom to give it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from deploy.supervise.files import PRIVATE_FOLDER, alone
from schemas.errors import ConfigError
from schemas.files import write_atomically


class Unsettled:
    """The names, in a file below `root`. Of two that run at once each crosses out its own only, and one waits
    while the other reads and writes.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / "topology" / "unsettled.json"
        self._lock = root / "run" / "unsettled.lock"

    def names(self) -> frozenset[str]:
        """Raises ConfigError where the file is damaged."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return frozenset(map(str, found["users"]))
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError, KeyError, TypeError):
            raise ConfigError(
                f"{self._path}: damaged; delete it, then give all new passwords by `veil credentials rotate`"
            ) from None

    def add(self, names: Iterable[str]) -> None:
        """Before their files are written."""
        with self._alone():
            self._write(self.names() | set(names))

    def settle(self, names: Iterable[str]) -> None:
        """When Kafka has taken their passwords."""
        with self._alone():
            self._write(self.names() - set(names))

    def _alone(self) -> AbstractContextManager[None]:
        self._lock.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        return alone(self._lock)

    def _write(self, names: frozenset[str]) -> None:
        if not names:
            self._path.unlink(missing_ok=True)
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self._path, json.dumps({"users": sorted(names)}) + "\n")
