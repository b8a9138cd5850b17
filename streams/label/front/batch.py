"""When a front has served its batch: what it answers meanwhile, when it takes no one new, when it ends. Pure.

A session counts once label has taken it; a cookie that somebody has made up ends no front. Once the last session
that it has served has ended, or at its age, a front takes no one new. In the first case not at once, but at a
moment that differs by chance from that of the others, who mostly served the same sessions; until then it serves
whoever comes. It never ends while a call is under way, but for one that takes longer than any answer.
"""

from __future__ import annotations

from streams.label.front.settings import BatchSettings

Session = bytes
"""A hash of the session's cookie: what is kept here of a person opens nothing."""


class Batch:
    """Of one front. One thread. Times are of a clock that only goes on. `luck` in [0, 1): how much of its age it
    is spared, and how much longer than it must it goes on when its batch is done.
    """

    def __init__(self, settings: BatchSettings, now: int, luck: float) -> None:
        self._settings = settings
        self._old_at = now + round(settings.age_ms * (1 - settings.age_spread * luck))
        self._grown_at = now + settings.least_ms
        self._longer_ms = round(settings.spread_ms * luck)
        self._done_at: int | None = None
        """When it takes no one new, since its batch is done."""
        self._live: dict[Session, int] = {}
        """Since when each has asked for nothing."""
        self._gone: set[Session] = set()
        """Those that have ended: an answer that was late does not begin them again."""
        self._served = False
        self._draining_since: int | None = None
        self._under_way = 0

    @property
    def under_way(self) -> int:
        """Calls that are being answered."""
        return self._under_way

    def comes(self, session: Session | None, now: int) -> bool:
        """Whether a call is answered here. One that is counts until `goes`."""
        if self.is_over(now) or (self.drains(now) and (session is None or session not in self._live)):
            return False
        self._under_way += 1
        return True

    def goes(self) -> None:
        """A call was answered, or its caller has hung up."""
        self._under_way -= 1

    def taken(self, session: Session, now: int) -> None:
        """Label has done something for a session."""
        if session not in self._gone and (session in self._live or self._draining_since is None):
            self._live[session] = now
            self._served = True

    def ended(self, session: Session) -> None:
        """Label knows it no longer."""
        if self._live.pop(session, None) is not None:
            self._gone.add(session)

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
            if self._served and not self._live and self._done_at is None:
                self._done_at = max(self._grown_at, now) + self._longer_ms
            if now >= self._old_at or (self._done_at is not None and now >= self._done_at):
                self._draining_since = now
        return self._draining_since is not None

    def is_over(self, now: int) -> bool:
        """Whether the process may end."""
        if not self.drains(now) or self._draining_since is None:
            return False
        since = now - self._draining_since
        return since >= self._settings.longest_ms or (since >= self._settings.leave_ms and not self._under_way)
