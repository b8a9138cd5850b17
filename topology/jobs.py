"""Labeling jobs: what a project asks of the people who label, in versions, and who may sign them.

A job is the part of a project's file that says how is labeled: guidelines, onboarding, access, verdicts. What is
labeled with (label schema, overlap, gold share) is in the policy, which is signed as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Jobs:
    """Who may create (version 1), change (every later one) and approve jobs."""

    create: tuple[str, ...]
    change: tuple[str, ...]
    approve: tuple[str, ...]

    def makers(self, version: int) -> tuple[str, ...]:
        """Who may give the first signature of a version."""
        return self.create if version == 1 else self.change

    def enough(self, version: int, signers: AbstractSet[str]) -> bool:
        """Whether one who may make it and another who may approve have signed: two different persons."""
        made = signers & set(self.makers(version))
        approved = signers & set(self.approve)
        return any(maker != approver for maker in made for approver in approved)


@dataclass(frozen=True, slots=True)
class Job:
    """One version: its canonical bytes and their SHA-256 in hex. `signed`: it is in force by signatures; otherwise
    it holds because it stands in the project's file.
    """

    version: int
    body: bytes
    hash: str
    signed: bool = False


def changes(old: bytes | None, new: bytes) -> tuple[str, ...]:
    """What differs between two jobs, by name: `guidelines`, `access.hours`. Without an old one: all of it."""
    before, after = _named(old), _named(new)
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def _named(body: bytes | None) -> Mapping[str, object]:
    content = json.loads(body) if body is not None else {}
    content.pop("version", None)
    found: dict[str, object] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            found.update({f"{name}.{part}": inner for part, inner in value.items()})
        else:
            found[name] = value
    return found
