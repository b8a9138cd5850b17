"""Tasks that ask for what nobody in the project can: they would wait for ever, so somebody has to be told.
Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Asked = Mapping[tuple[tuple[str, ...], bool], int]
"""Open tasks by the skills they ask for and whether an adjudicator is to have them."""
Holders = Callable[[bool], Iterable[frozenset[str]]]
"""What each annotator (False) or adjudicator (True) of the project can."""


@dataclass(frozen=True, slots=True)
class Missing:
    """`tasks` ask for all of these `skills` of one person, and nobody of that role has them."""

    skills: tuple[str, ...]
    adjudicate: bool
    tasks: int

    @property
    def role(self) -> str:
        """Who would have to have them."""
        return "adjudicator" if self.adjudicate else "annotator"


def missing(asked: Asked, holders: Holders) -> list[Missing]:
    """What nobody can, the most wanted first."""
    if not asked:
        return []
    have = {role: list(holders(role)) for role in (False, True)}
    found = [
        Missing(skills, adjudicate, tasks)
        for (skills, adjudicate), tasks in asked.items()
        if not any(one.issuperset(skills) for one in have[adjudicate])
    ]
    return sorted(found, key=lambda one: (-one.tasks, one.skills, one.adjudicate))


def notice(found: Iterable[Missing]) -> str:
    """What a person should know; empty where nothing is missing."""
    told = [f"{one.tasks} for {' and '.join(one.skills)} of an {one.role}" for one in found]
    if not told:
        return ""
    return f"tasks ask for what nobody in the project can: {'; '.join(told)} (see `qualifications` in its file)"
