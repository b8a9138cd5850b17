"""A recognizer of the user's own in a process of its own: it may hang or crash, and takes nothing with it.

The record it hung on is refused, the process killed, the next record meets a fresh one.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from contextlib import suppress

from schemas.errors import ConfigError, Reason, Refused
from streams.redact.detect.failure_budget import FailureBudget
from streams.redact.detect.find import Find
from streams.redact.detect.recognizer_process import RecognizerProcess

TEXT_LIMIT_S = 5.0  # for one text, 1 MiB at most
_ROW = 4  # start, end, type, score
_NO_NAME = re.compile(r"[^A-Z0-9_]")


class IsolatedRecognizer:
    """Runs `package.module:Class`, a Presidio `EntityRecognizer`. One thread at a time."""

    def __init__(
        self, place: str, sha256: str, budget: FailureBudget | None = None, *, text_limit_s: float = TEXT_LIMIT_S
    ) -> None:
        """Raises `ConfigError` for one that can't be used. `budget`: shared with others of the same stream."""
        self._place = place
        self._sha256 = sha256
        self._budget = budget or FailureBudget(time.monotonic)
        self._limit_s = text_limit_s
        self._process: RecognizerProcess | None = RecognizerProcess(place, sha256)

    def find(self, texts: Sequence[str]) -> list[list[Find]]:
        """For each text its finds, inside it. Raises `Refused(DETECTION_FAILED)` where one was not answered."""
        return [self._ask(text) for text in texts]

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
        self._process = None

    def _ask(self, text: str) -> list[Find]:
        with self._budget.trying(counts=self._process is None):
            try:
                self._process = self._process or RecognizerProcess(self._place, self._sha256)
                answer = self._process.ask(text, self._limit_s)
                finds = None if answer is None else _finds(answer, len(text))
            except (EOFError, OSError, ValueError, ConfigError):
                self.close()
                raise Refused(Reason.DETECTION_FAILED) from None
            if finds is None:
                raise Refused(Reason.DETECTION_FAILED)
            return finds

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()


def _finds(rows: object, length: int) -> list[Find]:
    if not isinstance(rows, list):
        raise ValueError("finds are a list")  # noqa: TRY004 - what the caller awaits
    return [_find(row, length) for row in rows]


def _find(row: object, length: int) -> Find:
    """One find, checked: what comes from the user's code is held to the contract of our own."""
    if not (isinstance(row, list) and len(row) == _ROW):
        raise ValueError("a find has four parts")
    start, end, kind, score = row
    if not (type(start) is int and type(end) is int and 0 <= start < end <= length):
        raise ValueError("a find lies inside its text")
    if not (isinstance(kind, str) and isinstance(score, float) and math.isfinite(score)):
        raise ValueError("a find has a type and a score")
    name = _NO_NAME.sub("_", kind.upper())[:40]
    return Find(start, end, name if name[:1].isalpha() else "CUSTOM", min(max(score, 0.0), 1.0))
