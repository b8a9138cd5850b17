"""Every limit of the stage, with its reason. Times in milliseconds unless the name says seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.notify.retrying import RetrySettings


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Limits of the stage."""

    retry: RetrySettings = field(default_factory=RetrySettings)
    waiting: int = 10_000
    """Messages of one endpoint that wait: 5 MB. What comes on top is parked at once, and can be replayed."""
    in_flight: int = 64
    """Messages of one endpoint handed to its threads: enough for a round of the loop, and so many come twice after
    a crash."""
    threads: int = 4
    """That post to one endpoint. Each endpoint has its own: one that hangs holds up nobody else."""
    attempt_s: float = 10.0
    """An attempt, from the resolved name to the status line; the look-up before it takes as long as it takes.
    Standard Webhooks recommends 15 to 30 s for what a receiver does; ours have only to take the message in."""
    replayed_a_round: int = 500
    """Records looked at again in a round, so that a replay never holds up what is new."""
