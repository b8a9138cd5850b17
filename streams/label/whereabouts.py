"""Where the queue is, as this process knows: here, elsewhere, or nowhere yet. Written by the loop's thread and the
API's, read by the API's.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from enum import StrEnum

from schemas.states import OwnerState


class Place(StrEnum):
    """What this process does."""

    STANDING_BY = "standing by"
    ENTERING = "entering"
    """It is about to own the queue, and restores it."""
    OWNING = "owning"


@dataclass(frozen=True, slots=True)
class View:
    """What is known at a moment. `owner`: who has the queue, while this process stands by."""

    place: Place = Place.STANDING_BY
    owner: OwnerState | None = None


class Whereabouts:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._view = View()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def look(self) -> View:
        """What is known now."""
        return self._view

    def owned_by(self, owner: OwnerState | None) -> None:
        """Another process has the queue, or nobody."""
        self._set(View(Place.STANDING_BY, owner))

    def entering(self) -> None:
        """This process takes over."""
        self._set(View(Place.ENTERING))

    def owning(self) -> None:
        """This process has taken over, and knows who was signed in."""
        self._set(View(Place.OWNING))

    async def changed(self, seen: View, limit_s: float | None) -> bool:
        """Wait until something else than `seen` is known; False where it isn't after `limit_s` seconds."""
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            if self._view != seen:
                return True
            self._waiting.add((loop, event))
        try:
            async with asyncio.timeout(limit_s):
                await event.wait()
        except TimeoutError:
            return self._view != seen
        finally:
            with self._lock:
                self._waiting.discard((loop, event))
        return True

    def _set(self, view: View) -> None:
        with self._lock:
            if view == self._view:
                return
            self._view = view
            waiting, self._waiting = self._waiting, set()
        for loop, event in waiting:
            with contextlib.suppress(RuntimeError):  # the API has stopped
                loop.call_soon_threadsafe(event.set)
