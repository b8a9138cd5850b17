"""Which looks go on the audit: each new one, and one that goes on, every quarter of an hour. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from schemas.audit import Decision, Event, EventType
from schemas.resources import project_resource


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at what. `filters`: the names of those that are set; `shown`: resources that a picture is about,
    by their names in the log. What a person has typed is never part of it: it could be anything.
    """

    person: str
    session: str
    project: str
    view: str
    rule: str
    filters: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()

    def event(self) -> Event:
        """As it goes on the audit."""
        details = {"view": self.view, "filters": " ".join(self.filters), "rule": self.rule}
        return Event(
            EventType.CONSOLE_LOOKED,
            project_resource(self.project),
            decision=Decision.ALLOW,
            person=self.person,
            parents=self.shown,
            details={name: text for name, text in details.items() if text},
        )


class Looks:
    """Not thread-safe. Forgets the oldest where there are too many: those are said again."""

    def __init__(self, again_ms: int, kept: int) -> None:
        self._again_ms = again_ms
        self._kept = kept
        self._said: OrderedDict[Look, int] = OrderedDict()

    def due(self, look: Look, now: int) -> bool:
        """Whether it must be on the audit before anything is shown."""
        at = self._said.get(look)
        return at is None or now - at >= self._again_ms

    def said(self, look: Look, now: int) -> None:
        """It is on the audit."""
        self._said[look] = now
        self._said.move_to_end(look)
        if len(self._said) > self._kept:
            self._said.popitem(last=False)
