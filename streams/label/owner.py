"""When a process that stands by takes over the queue. Pure: what was seen, and when, are arguments.

A suspicion that is wrong costs a few seconds, never a label: taking over fences whoever was there. So the rules
only keep it rare. An owner that answers is never challenged. One whose process is gone (nobody listens, or
somebody else) is given up at once; one that is silent, after a while; and after twice as long each time that the
one before it was replaced for silence, so that two which can't reach each other do not chase each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.states import OwnerState
from streams.label.settings import StandbySettings

PREFIX = "owner/"


class Probe(StrEnum):
    """What came of asking the owner whether it is there."""

    ANSWERS = "answers"
    GONE = "gone"
    """Nobody listens there, or another process than the record names."""
    BUSY = "busy"
    """Somebody answers, but not the question: a server that has too much to do."""
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Instance:
    """A process of the stage: its name, new at each start, and where the others reach it (see `OwnerState`)."""

    name: str
    url: str
    certificate: str = ""


def succession(
    before: OwnerState | None, instance: Instance, now: int, settings: StandbySettings, *, silent: bool
) -> OwnerState:
    """The record with which `instance` follows on an owner, `silent` where that was not seen to be gone. `now`:
    milliseconds since the epoch.
    """
    hasty = (
        before is not None and silent and now - before.taken_at < settings.unrest_ms * _patience(before, settings)
    )
    unrest = before.unrest + 1 if before is not None and hasty else 0
    return OwnerState(instance.name, instance.url, instance.certificate, now, unrest)


class Doubt:
    """How sure one that stands by is that the owner is gone. Times in seconds since any start."""

    def __init__(self, settings: StandbySettings, number: int) -> None:
        self._settings = settings
        self._turn = min(number, settings.turns)
        self._turn_s = 0.0
        self._owner: OwnerState | None = None
        self._known = False
        self._heard = False
        self._heard_at = 0.0
        self._looked_at = 0.0
        self._gone = 0
        self._since: float | None = None

    def look(self, owner: OwnerState | None, now: float) -> None:
        """What the log says of the owner; None: there is none. Another one than before starts anew."""
        self._resume(now)
        if self._known and owner == self._owner:
            return
        first = owner is None and not self._known
        self._turn_s = self._turn * (self._settings.first_turn_s if first else self._settings.turn_s)
        self._owner, self._known = owner, True
        self._begin(now)

    def note(self, probe: Probe, now: float) -> None:
        """What came of a probe of that owner."""
        self._resume(now)
        self._gone = self._gone + 1 if probe is Probe.GONE else 0
        if probe is Probe.ANSWERS:
            self._heard, self._heard_at, self._since = True, now, None
        elif self._since is None and self._given_up(probe, now):
            self._since = now

    def sure(self, now: float) -> bool:
        """Whether it is time to take over: the owner is given up, and nobody of a lower number has come before."""
        return self._since is not None and now - self._since >= self._turn_s

    @property
    def silent(self) -> bool:
        """Whether the owner was given up without being seen to be gone."""
        return self._owner is not None and self._gone < self._settings.gone_probes

    @property
    def heard(self) -> bool:
        """Whether the owner has answered, and nothing has spoken against it since."""
        return self._heard and not self.open

    @property
    def open(self) -> bool:
        """Whether the next probe is urgent."""
        return self._gone > 0 or self._since is not None

    def _resume(self, now: float) -> None:
        """Whoever was blocked (the log was away) or asleep has asked nobody meanwhile: that is no silence."""
        paused, self._looked_at = now - self._looked_at > self._settings.silent_s, now
        if paused:
            self._begin(now)

    def _begin(self, now: float) -> None:
        self._heard, self._heard_at, self._gone = False, now, 0
        self._since = now if self._owner is None and self._known else None

    def _given_up(self, probe: Probe, now: float) -> bool:
        if probe is Probe.GONE:
            return self._gone >= self._settings.gone_probes
        limit = self._settings.busy_s if probe is Probe.BUSY else self._settings.silent_s
        return now - self._heard_at >= limit * _patience(self._owner, self._settings)


def _patience(owner: OwnerState | None, settings: StandbySettings) -> float:
    """How much longer than usual to wait for an owner that is silent."""
    return 2.0 ** min(owner.unrest, settings.unrest_most) if owner else 1.0
