"""The newest of something, in bounded memory, in whatever order they come: partitions are read in chunks."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """At most `kept` of them. Not thread-safe."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._things: dict[str, T] = {}
        self._order: list[tuple[int, str]] = []
        """A heap, the oldest first."""

    def put(self, name: str, at: int, thing: T) -> None:
        """One more, of that time; in place of one that came under the same name."""
        if name not in self._things:
            heappush(self._order, (at, name))
        self._things[name] = thing
        if len(self._things) > self._kept:
            del self._things[heappop(self._order)[1]]

    def all(self) -> Iterable[T]:
        """In no order."""
        return self._things.values()
