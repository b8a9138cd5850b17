"""When a process that ended is started again. Pure: times come in, a decision goes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

FENCED = 3
"""The exit code of a process that another one has replaced, or that could be: it comes back as one that stands
by, or as the slot's next owner.
"""

STOLEN = 5
"""Of one that did not start: what it was handed to log in with was used up, or had waited too long."""


class Phase(StrEnum):
    """Where a supervised process stands."""

    RUNNING = "running"
    WAITING = "waiting"  # it ended; the next start is due after a delay
    STOPPED = "stopped"  # on request; never started again


@dataclass(frozen=True, slots=True)
class RestartRule:
    """Exponential backoff, in seconds.

    0.5 s is short enough that a killed stage is back within the demo's patience, 30 s long enough that a stage
    which can't start costs nothing; two minutes alive count as recovered. Being fenced is no failure, but one that
    is fenced again and again, never healthy in between, would keep a core busy with its starts: the sixth time it
    counts.
    """

    first_s: float = 0.5
    factor: float = 2.0
    ceiling_s: float = 30.0
    healthy_after_s: float = 120.0
    fenced_most: int = 5

    def delay(self, failures: int) -> float:
        """Wait before the start that follows `failures` (≥ 1) failures in a row; never above the ceiling."""
        wait = self.first_s
        for _ in range(failures - 1):
            if wait >= self.ceiling_s:
                break
            wait *= self.factor
        return min(wait, self.ceiling_s)


@dataclass(frozen=True, slots=True)
class Course:
    """What has become of one process so far. Times are monotonic seconds."""

    phase: Phase = Phase.WAITING
    started_at: float = 0.0
    due_at: float = 0.0
    failures: int = 0
    fenced: int = 0
    restarts: int = 0
    last_exit: int | None = None


def started(course: Course, now: float) -> Course:
    """It runs. A start after the first is a restart."""
    return replace(
        course,
        phase=Phase.RUNNING,
        started_at=now,
        restarts=course.restarts + (course.last_exit is not None),
    )


def exited(course: Course, rule: RestartRule, code: int, now: float) -> Course:
    """It ended by itself: when is the next start due? Having been healthy long enough clears the count.

    An exit with code 0 is a failure too: our processes end only when told to. One that was fenced comes back soon.
    """
    if course.phase is Phase.STOPPED:
        return replace(course, last_exit=code)
    recovered = now - course.started_at >= rule.healthy_after_s
    failures, fenced = (0, 0) if recovered else (course.failures, course.fenced)
    if code == FENCED and fenced < rule.fenced_most:
        fenced, delay_s = fenced + 1, rule.first_s
    else:
        failures += 1
        delay_s = rule.delay(failures)
    return replace(
        course,
        phase=Phase.WAITING,
        failures=failures,
        fenced=fenced,
        last_exit=code,
        due_at=now + delay_s,
    )


def stopped(course: Course) -> Course:
    """It was told to stop: whatever happens from here on, it is not started again."""
    return replace(course, phase=Phase.STOPPED)
