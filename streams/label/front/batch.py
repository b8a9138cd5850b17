"""When a front has served its batch: what it answers meanwhile, when it takes no one new, when it ends. Pure.

A session counts once label has taken it; a cookie that somebody has made up ends no front. Every front ends after
the last session it has served has, or at its age, whichever comes first; and never while a call is under way, but
for one that takes longer than any answer.
"""

from __future__ import annotations

from streams.label.front.settings import BatchSettings

Session = bytes
"""A hash of the session's cookie: what is kept here of a person opens nothing."""


class Batch:
    """Of one front. One thread. Times are of a clock that only goes on. `luck` in [0, 1): how much of its age it
    is spared.
    """

    def __init__(self, settings: BatchSettings, now: int, luck: float) -> None:
        self._settings = settings
        self._old_at = now + round(settings.age_ms * (1 - settings.age_spread * luck))
        self._live: dict[Session, int] = {}
        """Since when each has asked for nothing."""
        self._served = False
        self._draining_since: int | None = None
        self._under_way = 0

    @property
    def under_way(self) -> int:
        """Calls that are being answered."""
        return self._under_way

    def comes(self, session: Session | None, now: int) -> bool:
        """Whether a call is answered here. One that is counts until `goes`."""
        if self.drains(now) and (session is None or session not in self._live):
            return False
        self._under_way += 1
        return True

    def goes(self) -> None:
        """A call was answered, or its caller has hung up."""
        self._under_way -= 1

    def taken(self, session: Session, now: int) -> None:
        """Label has done something for a session."""
        if session in self._live or self._draining_since is None:
            self._live[session] = now
            self._served = True

    def ended(self, session: Session) -> None:
        """Label knows it no longer."""
        self._live.pop(session, None)

    def leave(self, now: int) -> None:
        """Somebody wants it to end: take no one new."""
        if self._draining_since is None:
            self._draining_since = now

    def drains(self, now: int) -> bool:
        """Whether it takes no one new: once it does, it goes on so."""
        if self._draining_since is None:
            idle = [it for it, since in self._live.items() if now - since >= self._settings.idle_ms]
            for session in idle:
                del self._live[session]
            if now >= self._old_at or (self._served and not self._live):
                self._draining_since = now
        return self._draining_since is not None

    def is_over(self, now: int) -> bool:
        """Whether the process may end."""
        if not self.drains(now) or self._draining_since is None:
            return False
        since = now - self._draining_since
        return since >= self._settings.longest_ms or (since >= self._settings.leave_ms and not self._under_way)
