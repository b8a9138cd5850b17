"""Which file of an export each task goes to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from deploy.export.split import Groups, Split
from schemas.errors import ConfigError

T = TypeVar("T")
ALL = "all"
"""The one part where nothing is split."""


@dataclass(frozen=True, slots=True)
class Parted(Generic[T]):
    """What goes to each part. `unknown`: tasks left out, since nothing tells any more whom their records speak of.
    `moved`: tasks in another part than when they came (`split.Groups.moved`).
    """

    parts: Mapping[str, list[T]]
    unknown: int = 0
    moved: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many each part has."""
        return {name: len(found) for name, found in self.parts.items()}

    @property
    def filled(self) -> Mapping[str, list[T]]:
        """The parts that get a file: `datasets` reads none without a row, and with it none of the others."""
        return {name: found for name, found in self.parts.items() if found}

    def require_some(self) -> None:
        """Raises ConfigError where there is nothing to write."""
        if not self.filled:
            left = f" ({self.unknown:,} are left out: the index of their segments is gone)" if self.unknown else ""
            raise ConfigError(f"there is nothing to export{left}")


def parted(items: Iterable[T], task_of: Callable[[T], str], split: Split | None, groups: Groups) -> Parted[T]:
    """Each item in its part, the order kept; without a split all in one. A part may be empty."""
    if split is None:
        return Parted({ALL: list(items)})
    parts: dict[str, list[T]] = {name: [] for name in split.names}
    unknown, tasks = 0, list[str]()
    for item in items:
        name = groups.now.get(task_of(item))
        if name is None:
            unknown += 1
            continue
        tasks.append(task_of(item))
        parts[split.part(name)].append(item)
    return Parted(parts, unknown, groups.moved(split, tasks))
