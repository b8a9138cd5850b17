"""At what hours of the day somebody usually works: one set of hours a day, of the last days they worked. Pure.

Hours are UTC: whoever's clock changes with the season is at an unusual hour by one, so neighbours count as usual.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DAYS = 20
"""Four weeks of work; what somebody did before says little of now."""
_DAY_MS, _HOUR_MS, _HOURS = 86_400_000, 3_600_000, 24


def hour_of(time: int) -> int:
    """The hour of the day, UTC."""
    return time % _DAY_MS // _HOUR_MS


@dataclass(slots=True)
class Habit:
    """`before`: the hours of each earlier day, as bits, oldest first; `today` those of day number `day`."""

    before: list[int] = field(default_factory=list)
    day: int = -1
    today: int = 0

    def at_work(self, time: int) -> None:
        """They did something now. Days come in order."""
        day = time // _DAY_MS
        if day > self.day:
            if self.today:
                self.before = [*self.before, self.today][-DAYS:]
            self.day, self.today = day, 0
        self.today |= 1 << hour_of(time)

    @property
    def days(self) -> int:
        """How many earlier days are known."""
        return len(self.before)

    def share_of_days_without(self, hour: int) -> float:
        """On which share of the earlier days they did nothing at this hour, nor an hour before or after."""
        around = sum(1 << (hour + by) % _HOURS for by in (-1, 0, 1))
        return sum(1 for hours in self.before if not hours & around) / max(1, self.days)
