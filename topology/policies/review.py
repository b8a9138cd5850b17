"""When a policy has to be reviewed, and what follows when it was not. Pure: the time is an argument."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from topology.policies.model import Policy

WARN_DAYS = 30
"""A month: long enough to write a new version, have it tested, and get two signatures."""


@dataclass(frozen=True, slots=True)
class Review:
    """How a policy stands at a moment. `days_left` counts days after today; below zero the review is over."""

    due: str
    days_left: int

    @property
    def overdue(self) -> bool:
        """The day named by `review_by` has ended (UTC): nothing may be released by this policy any more."""
        return self.days_left < 0

    @property
    def near(self) -> bool:
        """It is time to see to it, and not too late."""
        return 0 <= self.days_left <= WARN_DAYS


def review_of(policy: Policy, now: int) -> Review:
    """How the policy's review stands at `now`, in milliseconds since the epoch."""
    today = dt.datetime.fromtimestamp(now / 1000, dt.UTC).date()
    return Review(policy.review_by, (dt.date.fromisoformat(policy.review_by) - today).days)
