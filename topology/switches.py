"""What operators switch on and off on `control`: pauses of a project or a batch, exclusions of a person.

A switch is one concern that any operator may turn. In force is the record of the highest version, whoever signed
it; of equal versions the one that stops: so it does not matter in which order records come, and any operator may
lift what another has ordered (a freeze, which contains, is its signer's alone).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WHOLE = "project"
"""The target of a pause of the whole project; that of a batch is `batch.<name>`."""
BATCH, TASK = "batch", "task"


@dataclass(frozen=True, slots=True)
class Excluded:
    """Batches and tasks that a person does not get; `everything`: none at all."""

    batches: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    everything: bool = False

    def covers(self, task_id: str, batch: str) -> bool:
        """Whether a task is among them."""
        return self.everything or task_id in self.tasks or batch in self.batches


FREE = Excluded()
SHUT_OUT = Excluded(everything=True)
"""Of who is revoked."""


class Switches:
    """Of one kind and project, by target."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[int, bool, str]] = {}

    def take(self, target: str, version: int, signer: str, *, on: bool) -> bool:
        """Note a record. Whether the switch is in another position by it."""
        before = self._latest.get(target, (0, False, ""))
        after = max(before, (version, on, signer))
        self._latest[target] = after
        return after[1] != before[1]

    def on(self) -> Mapping[str, str]:
        """The targets that are on, and whose order that is."""
        return {target: signer for target, (_, on, signer) in sorted(self._latest.items()) if on}

    def next_version(self, target: str) -> int:
        """The lowest version that a new record about this target must have to be in force."""
        return self._latest.get(target, (0, False, ""))[0] + 1


class Pauses(Switches):
    """What of a project is paused."""

    def by(self) -> str:
        """Who has paused the whole project; empty: nobody."""
        return self.on().get(WHOLE, "")

    def batches(self) -> frozenset[str]:
        """The batches that are paused."""
        return frozenset(target.partition(".")[2] for target in self.on() if target != WHOLE)


class Exclusions(Switches):
    """Who is kept from what. Targets are `<person>.batch.<name>` and `<person>.task.<id>`."""

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[str, Excluded] = {}

    def take(self, target: str, version: int, signer: str, *, on: bool) -> bool:
        """As for any switch."""
        changed = super().take(target, version, signer, on=on)
        if changed:
            person = target.partition(".")[0]
            self._of[person] = self._excluded(person)
        return changed

    def of(self, person: str) -> Excluded:
        """What this person is kept from."""
        return self._of.get(person, FREE)

    def _excluded(self, person: str) -> Excluded:
        parts = [target.split(".") for target in self.on()]
        mine = [(what, name) for who, what, name in parts if who == person]
        batches, tasks = (frozenset(name for what, name in mine if what == kind) for kind in (BATCH, TASK))
        return Excluded(batches, tasks)


def pause_target(batch: str) -> str:
    """Of a pause: of a batch, or of the whole project where `batch` is empty."""
    return f"{BATCH}.{batch}" if batch else WHOLE


def exclusion_target(person: str, *, batch: str = "", task: str = "") -> str:
    """Of an exclusion from a batch or, where that is empty, from a task."""
    return f"{person}.{BATCH}.{batch}" if batch else f"{person}.{TASK}.{task}"
