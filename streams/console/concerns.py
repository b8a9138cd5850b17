"""Whom an event of the tail concerns, so whose officers see it. Pure.

What stands on a project's audit is that project's. What stands on the platform's names projects, or persons, or
neither: one rule holds for all of it, and what the rule can't place nobody sees here.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from schemas.audit import AuditEvent
from schemas.resources import Kind
from topology.identity import PLATFORM

AUDIT = "audit."
_OWN = frozenset({Kind.PROJECT, Kind.SLOT, Kind.MESSAGE})
"""Resources that are the platform's own where they name no project."""
_OF_TOPICS = frozenset({Kind.RAW, Kind.BATCH, Kind.MESSAGE})


@dataclass(frozen=True, slots=True)
class Concern:
    """`projects`: that are named; `persons`: whom it is about; `everybody`: it names nobody and nothing of a
    project.
    """

    projects: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()
    everybody: bool = False

    def open_to(self, projects: AbstractSet[str], people: AbstractSet[str]) -> bool:
        """Whether it is for an officer of these projects (`platform` among them: what is of no one project is
        wanted too), which name these people.
        """
        if not self.projects.isdisjoint(projects):
            return True
        return PLATFORM in projects and (self.everybody or not self.persons.isdisjoint(people))


def concern_of(topic: str, event: AuditEvent) -> Concern:
    """Of an event that was read from an audit topic. A person who only did something counts where it names no
    project: what otto does in another project is not told because he is named in this one.
    """
    place = topic.removeprefix(AUDIT)
    if place != PLATFORM:
        return Concern(frozenset({place}))
    projects = frozenset(_projects(event)) - {"", PLATFORM}
    kind, _, name = event.resource.partition("/")
    persons = {name} if kind in (Kind.PERSON, Kind.APP) else set()
    if not projects:
        persons.add(event.person)
    persons.discard("")
    return Concern(projects, frozenset(persons), not projects and not persons and kind in _OWN)


def _projects(event: AuditEvent) -> Iterable[str]:
    yield from event.details.get("projects", "").split()
    for resource in (event.resource, *event.parents):
        kind, _, name = resource.partition("/")
        if kind == Kind.PROJECT:
            yield name
        elif kind == Kind.CONTROL:
            yield name.split("/")[1] if "/" in name else ""
        elif kind in _OF_TOPICS:
            yield name.partition("/")[0].partition(".")[2]
