"""Logins at Vault that fail: how many at one place are no slips. Pure.

Vault itself closes an account after five (`vault.people`), so this is about a few tries at each of many, at once
or over hours.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
FAST = 20
"""So many in one minute."""
SLOW = 60
"""So many within an hour: of a hundred people the worst hour of five simulated months has 30, the worst minute 6
(`tests/streams/audit/logins.py`).
"""


@dataclass(slots=True)
class Guessing:
    """By where somebody wanted to log in: the minutes of the last hour in which that failed, how often in each,
    and in which minute it was told last. All of it is plain, to be kept.
    """

    minutes: dict[str, list[list[int]]] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)

    def failed(self, place: str, time: int) -> int:
        """A login has failed; they come in the order of time. Since when it has been too many, where it is by this
        one; 0: it is not. What goes on is told once an hour.
        """
        minute = time - time % MINUTE_MS
        found = [it for it in self.minutes.get(place, []) if it[0] > minute - HOUR_MS]
        if not found or found[-1][0] != minute:
            found.append([minute, 0])
        found[-1][1] += 1
        self.minutes[place] = found
        fast = found[-1][1] >= FAST
        lately = place in self.told and self.told[place] > minute - HOUR_MS
        if lately or not (fast or sum(count for _, count in found) >= SLOW):
            return 0
        self.told[place] = minute
        return minute if fast else found[0][0]

    def forget(self, until: int) -> None:
        """What counts for no login after `until`."""
        over = until - HOUR_MS - MINUTE_MS
        self.minutes = {place: it for place, it in self.minutes.items() if it[-1][0] > over}
        self.told = {place: minute for place, minute in self.told.items() if minute > over}
