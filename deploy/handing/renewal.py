"""The starter's own token: renewed at its start and each hour, and what the starter says where it is not.

Without a renewal the token ends, and then nothing can be started while all that runs goes on: it has to be noticed
weeks before.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from prometheus_client import Gauge

from schemas.errors import AccessDenied, VeilError
from streams.engine.health import Condition, Health

EVERY_S = 3600.0
RETRY_S = 60.0
"""Where Vault did not renew it."""
WELL_FOR_S = 7 * 24 * 3600.0
"""Since the last renewal: an outage is over by then, and of the token's life (32 days) three weeks are left."""

RENEWED = Gauge(
    "veil_starter_renewed_seconds",
    "When the starter's token was renewed last, as a Unix time; 0: not since its start",
)
ANOTHER = "bring the installation up again, for a new one"
CURE = f"does Vault answer? If it does, the token has ended: {ANOTHER}"

log = structlog.get_logger()


def standing(renewed: float | None, now: float, *, ended: bool = False) -> tuple[Condition, str]:
    """How the starter is, and why, by the last renewal of which it knows; both Unix times in seconds. `ended`: so
    Vault has said of its token.
    """
    if ended:
        return Condition.WAITING, f"the starter's token has ended, and nothing starts without it; {ANOTHER}"
    if renewed is None:
        return Condition.WAITING, f"the starter's token has not been renewed since it was started; {CURE}"
    if now - renewed > WELL_FOR_S:
        return (
            Condition.WAITING,
            f"the starter's token has not been renewed for a week, and nothing can be started without it; {CURE}",
        )
    return Condition.WORKING, ""


class Renewal:
    """Tries when it is told to, and says in `health` and in a gauge how it stands. One thread at a time."""

    def __init__(self, health: Health, renew: Callable[[], None], now: Callable[[], float] = time.time) -> None:
        self._health, self._renew, self._now = health, renew, now
        self._renewed: float | None = None
        self._ended = False

    def attempt(self) -> float:
        """Once; after how many seconds the next one is due."""
        try:
            self._renew()
        except VeilError as error:
            log.error("not_renewed", exc_info=error)
            self._ended = self._ended or isinstance(error, AccessDenied)  # which no outage undoes
            due = RETRY_S
        else:
            self._renewed, self._ended = self._now(), False
            RENEWED.set(self._renewed)
            due = EVERY_S
        self._health.set(*standing(self._renewed, self._now(), ended=self._ended))
        return due
