"""When a project's people may work: days of the week, and a span of the day by the clock of one zone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")
_MINUTES_AN_HOUR = 60


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """From `start` up to, not including, `end`; where `end` is not later it is meant on the next day.

    `days` are ISO weekdays (1 Monday to 7 Sunday) on which a span begins. The zone's own rules say what the clock
    shows: in the night when it is set back an hour comes twice, and both are within or both without.
    """

    zone: ZoneInfo
    days: frozenset[int]
    start: dt.time
    end: dt.time

    def include(self, now: int) -> bool:
        """Whether a moment, in milliseconds since the epoch, lies within."""
        local = local_time(now, self.zone)
        clock, today = local.time(), local.isoweekday()
        if self.start < self.end:
            return today in self.days and self.start <= clock < self.end
        yesterday = (local.date() - dt.timedelta(days=1)).isoweekday()
        return (today in self.days and clock >= self.start) or (yesterday in self.days and clock < self.end)


def local_time(now: int, zone: ZoneInfo) -> dt.datetime:
    """What calendar and clock of a zone show at a moment in milliseconds since the epoch."""
    return dt.datetime.fromtimestamp(now // 1000, zone)


def minute_of_day(local: dt.datetime) -> int:
    """How many minutes the clock shows since midnight."""
    return local.hour * _MINUTES_AN_HOUR + local.minute
