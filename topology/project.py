"""A project as values: what a file in `projects/` declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Persons:
    """Who does what in a project. Nobody who annotates holds another role in it."""

    authors: tuple[str, ...]
    approvers: tuple[str, ...]
    operators: tuple[str, ...]
    annotators: tuple[str, ...]

    def holding(self, role: str) -> tuple[str, ...]:
        """The persons who hold a person's role of the flow, for example `author`."""
        by_role = {
            "author": self.authors,
            "approver": self.approvers,
            "operator": self.operators,
            "annotator": self.annotators,
        }
        return by_role.get(role, ())


@dataclass(frozen=True, slots=True)
class Project:
    """One project: own topics, keys, mapping paths, rights. Retentions are in milliseconds, by topic kind."""

    name: str
    owner: str
    partitions: int
    retention_ms: Mapping[str, int]
    persons: Persons
