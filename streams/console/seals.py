"""What the sealer's checkpoints say of each log, and how far behind it is. Pure.

The console checks what it can by itself: that the pinned sealer has signed, that a log never gets shorter, and
that of one size there is one root. Whether the entries are those that were sealed only `veil audit verify` can
say, which reads them all; whether others were shown the same, only witnesses.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from streams.engine.messages import Message

TIMES_KEPT = 5_000
"""Of events that are not known to be sealed; more are told as so many."""


class SealFault(StrEnum):
    """What is wrong with a checkpoint."""

    UNREADABLE = "unreadable"
    SHRUNK = "shrunk"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A note whose signature holds: of which log (`<name>/<topic>/<partition>`), how long, which root."""

    origin: str
    size: int
    root: bytes
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seal:
    """How a log stands. `at`: when its latest checkpoint was written; `checked`: how many of its checkpoints were
    looked at; `fault`: the first that was wrong, for good.
    """

    checkpoint: Checkpoint | None = None
    at: int = 0
    checked: int = 0
    fault: SealFault | None = None


class Seals:
    """Not thread-safe. Times in milliseconds since the epoch, by the broker's clock."""

    def __init__(self) -> None:
        self._seals: dict[str, Seal] = {}
        self._unsealed: dict[tuple[str, int], deque[int]] = {}
        self._sealed_at: dict[tuple[str, int], int] = {}
        self._since: int | None = None
        """When the first checkpoint that was read was written: whatever is sealed of what came later, one says."""

    def take(self, place: str, checkpoint: Checkpoint | None, at: int) -> None:
        """The next record of `checkpoints` under the key `place`; None: no note that the pinned sealer signed."""
        self._since = at if self._since is None else self._since
        known = self._seals.get(place, Seal())
        known = replace(known, checked=known.checked + 1)
        if checkpoint is None or checkpoint.origin != place:
            self._seals[place] = replace(known, fault=known.fault or SealFault.UNREADABLE)
            return
        fault = known.fault or _contradiction(known.checkpoint, checkpoint)
        self._seals[place] = Seal(checkpoint, at, known.checked, fault)
        self._forget(_place(place), at)

    def event(self, message: Message) -> None:
        """An event was appended."""
        place = message.topic, message.partition
        if message.timestamp > self._sealed_at.get(place, 0):
            self._unsealed.setdefault(place, deque(maxlen=TIMES_KEPT)).append(message.timestamp)

    def of(self, topic: str, now: int) -> list[dict[str, Any]]:
        """The logs of an audit topic, by partition; those without a checkpoint under no name."""
        found = {place: seal for place, seal in self._seals.items() if _topic(place) == topic}
        told = [self._told(it, seal, self._unsealed.get(_place(it), ()), now) for it, seal in found.items()]
        told += [self._told(place, Seal(), waiting, now) for place, waiting in self._never_sealed(topic)]
        return sorted(told, key=lambda it: it["origin"])

    def _never_sealed(self, topic: str) -> Iterator[tuple[str, Sequence[int]]]:
        """Logs of which nothing was sealed, though others were; with what waits there for certain."""
        sealed = {_place(place) for place in self._seals}
        for (name, partition), times in self._unsealed.items():
            waiting = [] if self._since is None else [at for at in times if at > self._since]
            if name == topic and (name, partition) not in sealed and waiting:
                yield f"/{name}/{partition}", waiting

    def _told(self, place: str, seal: Seal, waiting: Sequence[int], now: int) -> dict[str, Any]:
        checkpoint = seal.checkpoint
        return {
            "origin": place,
            "partition": _place(place)[1],
            "size": checkpoint.size if checkpoint else None,
            "root": checkpoint.root.hex() if checkpoint else None,
            "witnesses": list(checkpoint.witnesses) if checkpoint else [],
            "at": seal.at or None,
            "waiting": len(waiting),
            "behind_ms": max(0, now - waiting[0]) if waiting else 0,
            "checked": seal.checked,
            "fault": seal.fault.value if seal.fault else None,
        }

    def _forget(self, place: tuple[str, int], at: int) -> None:
        """What was appended before a checkpoint was written is in it, or in the one a second later."""
        self._sealed_at[place] = at
        waiting = self._unsealed.get(place)
        while waiting and waiting[0] <= at:
            waiting.popleft()


def _contradiction(before: Checkpoint | None, now: Checkpoint) -> SealFault | None:
    if before is None or before.size < now.size:
        return None
    if before.size > now.size:
        return SealFault.SHRUNK
    return None if before.root == now.root else SealFault.FORKED


def _topic(place: str) -> str:
    return _place(place)[0]


def _place(origin: str) -> tuple[str, int]:
    """Topic and partition of an origin."""
    rest, _, partition = origin.rpartition("/")
    return rest.rpartition("/")[2], int(partition) if partition.isdecimal() else -1
