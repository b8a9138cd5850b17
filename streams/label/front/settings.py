"""Every limit of a front, with its reason. Times in milliseconds unless the name says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.label.settings import ApiSettings, StandbySettings


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """When a front has served its batch (`batch.py`)."""

    idle_ms: int = 1_200_000
    """A session that has asked for nothing here for so long is no session of this front any more: label ends one
    after a quarter of an hour without work, and its page, while it is open, asks more often."""
    age_ms: int = 14_400_000
    """No front is older, whoever works through it: as long as a session lives at most."""
    age_spread: float = 0.25
    """Up to so much of its age each front is spared, by chance: all of them are started at once, and must not end
    so."""
    least_ms: int = 660_000
    """None ends younger than this by itself: Kubernetes puts off the next start of what has run for less than ten
    minutes, longer each time."""
    spread_ms: int = 1_200_000
    """By up to so much longer each front goes on after its last session, by chance: a session is known to every
    front, so it ends at all of them at once, and they must not. Of two, which are away for 40 s each, about one
    time in fifteen both are away for a moment."""
    leave_ms: int = 35_000
    """How long one that drains is still there for who has not heard: a probe (10 s), the news of that, and a
    connection that was kept (30 s)."""
    longest_ms: int = 120_000
    """What is under way then is nobody's any more: label answers within 60 s, also who waits for a task, and a
    client that has not taken its answer by then has gone."""


@dataclass(frozen=True, slots=True)
class FrontSettings:
    """All of them. `passing`: of it what a call to label may take."""

    batch: BatchSettings = field(default_factory=BatchSettings)
    http: ApiSettings = field(default_factory=ApiSettings)
    passing: StandbySettings = field(default_factory=StandbySettings)
    tick_s: float = 0.25
    """How often it is asked whether the end has come."""
    still_s: float = 30.0
    """A front whose event loop has stood still for so long serves nobody, and ends by itself, as a bug."""
    again_s: float = 0.2
    """How soon label is tried again where nobody listens there."""
