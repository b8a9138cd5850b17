"""What was checked of a restored backup, as rows of a table. Pure but for reading the documents it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice

from deploy.backup.index import Outcome
from schemas.errors import Undecodable
from vault.interface import Documents
from vault.segments.document import Layer, LayerDocument, path_of, unpack

SHOWN = 5
"""Of what is wrong, so much is named: ids, which say nothing to anybody who has no more."""


@dataclass(frozen=True, slots=True)
class Check:
    """`found`: what was looked at, in words; `failures`: what does not hold, a sentence each; `notes`: what could
    not be looked at, since it has expired.
    """

    name: str
    found: str
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Nothing is wrong."""
        return not self.failures


@dataclass(slots=True)
class _Seen:
    """What the documents of one project held."""

    tasks: int = 0
    halves: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)


def documents(vault: Documents, project: str, outcome: Outcome) -> tuple[Check, Check]:
    """That each task of the index has its entry in each layer, and none that ended has one anywhere.

    Raises VaultUnavailable.
    """
    seen = _Seen()
    for name, index in outcome.kept.items():
        tasks = {entry.task_id for entry in index.entries}
        seen.tasks += len(tasks)
        for layer in Layer:
            _look(vault, seen, path_of(layer, name), tasks, outcome.taken.get(name, frozenset()))
    seen.lost += [f"{path} is not in Vault" for path in sorted(seen.halves) if vault.read(path) is None]
    for name in outcome.over:
        paths = [path_of(layer, name) for layer in Layer]
        seen.reopened += [f"{path} is in Vault again" for path in paths if vault.read(path) is not None]
    ended = sum(map(len, outcome.taken.values()))
    there = f"{seen.tasks:,} tasks in {len(outcome.kept):,} segments"
    gone = f"{ended:,} ended tasks, {len(outcome.over):,} segments destroyed"
    return (
        Check(f"{project}: all is there", there, _shown(seen.lost)),
        Check(f"{project}: what ended stays so", gone, _shown(seen.reopened)),
    )


def _look(vault: Documents, seen: _Seen, path: str, wanted: set[str], ended: AbstractSet[str]) -> None:
    document = vault.read(path)
    try:
        found = None if document is None else unpack(document.blob)
    except Undecodable:
        found = None
    if found is None:
        seen.lost.append(f"{path} is not in Vault, or is no layer of a segment")
        return
    seen.lost += [f"task {task} has no entry in {path}" for task in sorted(wanted - found.entries.keys())]
    seen.reopened += [f"task {task} has an entry in {path}" for task in sorted(ended & found.entries.keys())]
    seen.halves |= {key.document for key in found.keys if key.document}


def whole(vault: Documents, name: str, tasks: AbstractSet[str]) -> bool:
    """Whether each layer of a segment is there with these tasks' entries."""
    return all(tasks <= _entries(vault, path_of(layer, name)) for layer in Layer)


def _entries(vault: Documents, path: str) -> AbstractSet[str]:
    document = vault.read(path)
    try:
        found: LayerDocument | None = None if document is None else unpack(document.blob)
    except Undecodable:
        return frozenset()
    return found.entries.keys() if found else frozenset()


def sample(outcome: Outcome, limit: int) -> list[tuple[str, str]]:
    """Segment and task of so many, spread over the index."""
    every = [(name, entry.task_id) for name, index in sorted(outcome.kept.items()) for entry in index.entries]
    step = max(1, len(every) // limit)
    return list(islice(every[::step], limit))


def as_json(checks: Sequence[Check]) -> list[Mapping[str, object]]:
    """For programs."""
    return [
        {
            "check": it.name,
            "holds": it.holds,
            "found": it.found,
            "failures": list(it.failures),
            "notes": list(it.notes),
        }
        for it in checks
    ]


def _shown(failures: Sequence[str]) -> tuple[str, ...]:
    more = len(failures) - SHOWN
    return (*failures[:SHOWN], *([f"and {more:,} more"] if more > 0 else ()))


def shown(failures: Iterator[str]) -> tuple[str, ...]:
    """The first few, and how many more there are."""
    return _shown(list(failures))
