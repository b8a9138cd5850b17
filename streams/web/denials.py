"""Keeps refusals from flooding the audit: so many a minute for one subject, the rest counted."""

from __future__ import annotations

_MINUTE_MS = 60_000
_SUBJECTS = 1_000
"""More subjects than this in one minute share one bucket: memory stays bounded whatever is sent."""


class Denials:
    """A counter for each subject and minute. Not thread-safe; time is an argument."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._minute = 0
        self._seen: dict[str, int] = {}
        self._suppressed: dict[str, int] = {}

    def admit(self, subject: str, now: int) -> int | None:
        """None when this refusal is only counted; else how many were only counted since the last one."""
        self._turn(now // _MINUTE_MS)
        if subject not in self._seen and len(self._seen) >= _SUBJECTS:
            subject = ""
        self._seen[subject] = self._seen.get(subject, 0) + 1
        if self._seen[subject] > self._per_minute:
            self._suppressed[subject] = self._suppressed.get(subject, 0) + 1
            return None
        return self._suppressed.pop(subject, 0)

    def _turn(self, minute: int) -> None:
        if minute != self._minute:
            self._minute, self._seen = minute, {}
            if len(self._suppressed) > _SUBJECTS:
                self._suppressed = {"": sum(self._suppressed.values())}
