"""Vault's clock as its answers tell it: by their header `Date` (RFC 9110, 6.6.1), and what has passed since.

Every answer has it, an error too; it costs no call. Of several nodes it is the time of whichever answered last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests

from vault.clocks import ToldTime

CUT_MS = 1_000
"""The header says whole seconds."""


@dataclass(frozen=True, slots=True)
class _Told:
    """`at`: by the monotonic clock, when the answer was there."""

    date: str
    at: float
    took_s: float


class Dated:
    """What was told last. Thread-safe; never raises."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._told: _Told | None = None

    def hear(self, answer: requests.Response, **_: object) -> None:
        """Note when an answer was given. It is read when somebody asks: redact has thousands, and asks never."""
        if (date := answer.headers.get("Date")) is not None:
            self._told = _Told(date, self._monotonic(), answer.elapsed.total_seconds())

    def now(self) -> ToldTime | None:
        """What Vault's clock shows now; None where no answer has told, or none that can be read."""
        if (told := self._told) is None or (given := _milliseconds(told.date)) is None:
            return None
        since_ms = round((self._monotonic() - told.at) * 1_000)
        return ToldTime(given + since_ms, round(told.took_s * 1_000) + CUT_MS)


def _milliseconds(date: str) -> int | None:
    try:
        return round(parsedate_to_datetime(date).timestamp() * 1_000)
    except (ValueError, OverflowError):
        return None
