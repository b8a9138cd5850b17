"""Whether somebody is there who labels: where nobody is, no further text is opened in their name."""

from __future__ import annotations

from collections.abc import Callable

_AWAY = "nobody answers: the next task is shown when the account of --account does something in Label Studio"
_BACK = "somebody is there again"


class Presence:
    """There, until a task was left unanswered; then again when Label Studio says that they did something since.

    `last_activity` says when that was, in its words; raises what a `Studio` does. One thread.
    """

    def __init__(self, last_activity: Callable[[], str], tell: Callable[[str], None]) -> None:
        self._last_activity = last_activity
        self._tell = tell
        self._away = False
        self._before: str | None = None
        """Their last activity when they were away already; None until that could be asked."""

    def left(self) -> None:
        """Nobody answered."""
        self._away, self._before = True, None
        self._tell(_AWAY)

    def is_there(self) -> bool:
        """Asks Label Studio only while they are away."""
        if not self._away:
            return True
        last = self._last_activity()
        if self._before is None:
            self._before = last
        if last == self._before:
            return False
        self._away = False
        self._tell(_BACK)
        return True
