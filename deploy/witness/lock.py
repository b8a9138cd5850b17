"""One process a state: two witnesses with one key and two memories could cosign two histories."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.errors import StackError
from schemas.files import PRIVATE_FILE


class StateLock:
    """An fcntl lock on `<state>/lock`; the kernel drops it when its owner dies, however it dies."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._handle: int | None = None

    def __enter__(self) -> Self:
        handle = os.open(self._state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise StackError(f"{self._state} is in use by another witness process; one at a time") from None
        self._handle = handle
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
