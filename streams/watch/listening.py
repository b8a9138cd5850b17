"""When the platform's stages heard `control`, and so which refused order was never one that counted. Pure.

A stage that starts reads all of `control`. Then it also refuses what counted when it was written: orders by
somebody who has left since. A stage that worked when an order was written and said something afterwards, but not
that it refuses it, has taken it; nobody forged that order. What was written while no stage worked, or none lived
to say anything, is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.audit import EventType
from streams.watch.said import number
from streams.watch.windows import Arrival

LISTENERS = frozenset({"seal.platform", "shipper.platform", "warden.platform"})
"""Who hears `control` in every installation. A project's stages refuse the same; theirs are not counted."""
LATE_MS = 45_000
"""Whoever says something has heard `control` of 30 s before (DESIGN invariant 4); a transaction takes 15."""


@dataclass(slots=True)
class Listening:
    """`runs`: by slot, since when it works, and when it said something last. `over`: the same of what has ended,
    apart from each other. Milliseconds of the broker's clock, as when a record was written is: a stage whose clock
    is ahead has not heard more.
    """

    runs: dict[str, list[int]] = field(default_factory=dict)
    over: list[list[int]] = field(default_factory=list)

    def news(self, arrival: Arrival) -> bool:
        """Take an event; those of a slot come in order. False for a refusal that tells of nothing new."""
        event, at = arrival.event, arrival.appended
        listens = event.process in LISTENERS
        if event.type is EventType.CONTROL_REFUSED:
            return listens and not self._counted(number(event, "written"))
        if listens and event.type is EventType.PROCESS_STARTED:
            self._end(self.runs.pop(event.slot, None))
            self.runs[event.slot] = [at, at]
        elif listens and event.slot in self.runs:
            self.runs[event.slot][1] = max(at, self.runs[event.slot][1])
        return True

    def _counted(self, written: int) -> bool:
        spans = (*self.over, *self.runs.values())
        return any(since < written and written + LATE_MS < last for since, last in spans)

    def _end(self, run: list[int] | None) -> None:
        """Note a run that is over. Those that overlap become one, so that few are left."""
        if run is None:
            return
        apart = [it for it in self.over if it[1] < run[0] or run[1] < it[0]]
        joined = [run, *(it for it in self.over if it not in apart)]
        self.over = sorted([*apart, [min(it[0] for it in joined), max(it[1] for it in joined)]])
