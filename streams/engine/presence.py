"""How a stage that others stand by for says that it is there, and how it finds out that it is not any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from streams.engine.health import Health
from streams.engine.messages import Outgoing

PROVE_EVERY_S = 5.0
"""Whoever had nothing to commit for so long commits their positions: an owner that was replaced while it slept, or
was cut off, would else believe itself the owner until somebody asks something of it. 3 ms each time."""


class Presence(Protocol):
    """What is committed when a process has taken over its slot, and when it leaves in order. Never blocks."""

    def entering(self) -> Sequence[Outgoing]:
        """Records of the first transaction of a session: every earlier incarnation is fenced by then."""
        ...

    def leaving(self) -> Sequence[Outgoing]:
        """Records of the last transaction."""
        ...


class StandsBy(Presence, Protocol):
    """What a process does until it is its turn to own the slot."""

    def run(self, stop: threading.Event, health: Health, keep_up: Callable[[], None]) -> bool:
        """Block until it is time to take over (True), or `stop` is set (False). `keep_up` (`Loop.stand_by`) is
        called now and then. Raises AccessDenied and whatever is a bug.
        """
        ...
