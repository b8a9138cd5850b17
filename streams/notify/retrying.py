"""When a message that did not arrive is sent again, and when it is given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass

MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """Times in milliseconds."""

    first_ms: int = 5_000
    """After the first failure: a receiver that restarts is back by then."""
    longest_ms: int = 3_600_000
    """Between two attempts: an hour, so that a receiver that is repaired hears of it soon."""
    attempts: int = 12
    """With these waits two and a half hours at most; then the message is parked, which the audit says."""


def wait_ms(settings: RetrySettings, failures: int, chance: float) -> int:
    """How long to wait after so many failures (at least one); `chance` is from 0 to 1.

    Half of it is fixed and half by chance, so that messages that failed together don't come back together.
    """
    doubled = settings.first_ms * 2 ** min(failures - 1, MAX_DOUBLINGS)
    return int(min(settings.longest_ms, doubled) * (1 + chance) / 2)
