"""This machine's clock held against Vault's, which is another's. Pure; milliseconds.

Which of the two is wrong, nobody can tell. Whoever ends something for good because its time is over waits until
they agree: what is ended too late can still be ended, and what was ended too early is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TOLERANCE_MS = 300_000
"""Five minutes, as Kerberos has it (RFC 4120, 8.2): machines that are told the time differ by milliseconds, and
what ends by time has lived for days.
"""
_UNITS = ((86_400_000, "days"), (3_600_000, "hours"), (60_000, "minutes"))
_FROM = 1.5
"""Units, so that what is off by a whole hour or day, as clocks are, is told alike however it is measured."""


class Standing(StrEnum):
    """How this machine's clock stands to Vault's."""

    AGREES = "agrees"
    AHEAD = "ahead of"
    BEHIND = "behind"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class ToldTime:
    """What Vault's clock shows now: `at`, or up to `within_ms` later."""

    at: int
    within_ms: int


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both at one moment. `told`: None where Vault's answers tell no time."""

    own: int
    told: ToldTime | None

    @property
    def standing(self) -> Standing:
        """Whether they differ by more than `TOLERANCE_MS` for certain, however long Vault's answer took."""
        if self.told is None:
            return Standing.UNTOLD
        if self.own - self.told.at - self.told.within_ms > TOLERANCE_MS:
            return Standing.AHEAD
        return Standing.BEHIND if self.told.at - self.own > TOLERANCE_MS else Standing.AGREES

    @property
    def differ(self) -> bool:
        """Whether one of the two is wrong. They neither agree nor differ where Vault's answers tell no time."""
        return self.standing in {Standing.AHEAD, Standing.BEHIND}

    @property
    def agree(self) -> bool:
        """Whether anything may end because its time is over."""
        return self.standing is Standing.AGREES

    @property
    def later(self) -> int:
        """The later of the two: what is noted by it is not taken for older than it is, whichever is wrong."""
        return self.own if self.told is None else max(self.own, self.told.at)

    @property
    def ahead_ms(self) -> int | None:
        """How far this machine's is ahead of Vault's, or, below zero, behind; None where Vault's is not told."""
        return None if self.told is None else self.own - self.told.at

    @property
    def why(self) -> str:
        """What is wrong, in words; empty where they agree."""
        match self.standing:
            case Standing.AGREES:
                return ""
            case Standing.UNTOLD:
                return "Vault's answers tell no time to hold this machine's clock against (header Date)"
            case standing:
                return f"this machine's clock is {_words(abs(self.ahead_ms or 0))} {standing.value} Vault's"


def _words(difference_ms: int) -> str:
    unit, name = next(one for one in _UNITS if one is _UNITS[-1] or difference_ms >= _FROM * one[0])
    return f"{round(difference_ms / unit)} {name}"
