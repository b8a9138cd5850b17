"""Whether a queue kept its promises while it was measured. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Faults:
    """How often a promise was broken."""

    twice: int
    """A task was handed to a person who had labeled it, or to more people than label it."""
    lost: int
    """An accepted label is not on `labels`."""
    doubled: int
    """An accepted label is there more than once."""


@dataclass(slots=True)
class Handouts:
    """Which tasks each person was handed and has labeled; a lease's id is its label's."""

    _of_person: dict[str, list[str]] = field(default_factory=dict)
    """Person → lease ids."""

    def add(self, person: str, lease_ids: Iterable[str]) -> None:
        """A person's leases, each labeled and answered for."""
        self._of_person.setdefault(person, []).extend(lease_ids)

    def faults(self, written: Mapping[str, int], overlap: int) -> Faults:
        """`written`: how often each label id is on `labels`; `overlap`: how many people label a task."""
        accepted = [lease for leases in self._of_person.values() for lease in leases]
        return Faults(
            self._twice(overlap),
            sum(not written.get(lease) for lease in accepted),
            sum(written.get(lease, 0) > 1 for lease in accepted),
        )

    def _twice(self, overlap: int) -> int:
        pairs = Counter((person, _task(lease)) for person, leases in self._of_person.items() for lease in leases)
        people = Counter(task for _, task in pairs)
        return sum(times - 1 for times in pairs.values()) + sum(
            max(0, count - overlap) for count in people.values()
        )


def _task(lease_id: str) -> str:
    return lease_id.partition("-")[0]
