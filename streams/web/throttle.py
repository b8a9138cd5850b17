"""So many acts a minute for one subject (a person, an address), in bounded memory. Pure; time is an argument.

The generic cell rate algorithm (ITU-T I.371, annex A): one number a subject, no window whose edge doubles a rate.
"""

from __future__ import annotations

from collections import OrderedDict

_MINUTE_MS = 60_000
SUBJECTS = 10_000
"""More than this at once share one allowance: memory stays bounded whatever is sent."""


class Throttle:
    """`per_minute` acts in the long run, `burst` at once. Not thread-safe."""

    def __init__(self, per_minute: int, burst: int, subjects: int = SUBJECTS) -> None:
        self._interval = _MINUTE_MS / per_minute
        self._slack = (burst - 1) * self._interval
        self._subjects = subjects
        self._due: OrderedDict[str, float] = OrderedDict()
        """When each subject's allowance is whole again, in milliseconds."""

    def admit(self, subject: str, now: int, cost: float = 1.0) -> bool:
        """Whether `subject` may act once more; if so, it has. `cost`: as how many acts it counts."""
        if subject not in self._due and not self._room(now):
            subject = ""
        due = max(self._due.get(subject, 0.0), float(now))
        if due - now > self._slack:
            return False
        self._due[subject] = due + cost * self._interval
        self._due.move_to_end(subject)
        return True

    def wait_s(self, subject: str, now: int) -> int:
        """Whole seconds after which `subject` may act again; 0 where it may now."""
        missing = self._due.get(subject, 0.0) - now - self._slack
        return max(0, -int(-missing // 1000))

    def _room(self, now: int) -> bool:
        """Whether one more subject fits, once those that were quiet longest are forgotten."""
        while len(self._due) >= self._subjects:
            subject = next(iter(self._due))
            if self._due[subject] > now:
                return False
            del self._due[subject]
        return True
