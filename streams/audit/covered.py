"""Times that are covered: a union of closed intervals, in milliseconds. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field


@dataclass(slots=True)
class Covered:
    """The intervals, apart from each other and in order. The same for whatever order they came in."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(self, start: int, end: int) -> None:
        """Cover from `start` to `end`, both included."""
        first = bisect_left(self.ends, start - 1)
        last = bisect_right(self.starts, end + 1)
        if first < last:
            start, end = min(start, self.starts[first]), max(end, self.ends[last - 1])
        self.starts[first:last], self.ends[first:last] = [start], [end]

    def holds(self, time: int) -> bool:
        """Whether a time is covered."""
        at = bisect_right(self.starts, time) - 1
        return at >= 0 and time <= self.ends[at]

    def forget(self, until: int) -> bool:
        """Forget intervals that end by then; whether any is left."""
        gone = bisect_right(self.ends, until)
        del self.starts[:gone], self.ends[:gone]
        return bool(self.starts)
