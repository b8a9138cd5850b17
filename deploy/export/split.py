"""Which part of an export a task belongs to. Pure.

Tasks that share a subject, be it by way of others, are one *group*, and a group is in one part: what a model was
trained on and what it is tested on have nobody in common. Groups are made of everything the index of segments
knows, never of what happens to be exported, so that the same task is in the same part whatever else is.

A group goes by its *name*: of its earliest task the least subject hash, or the task's own id where it has no
subject. What comes later changes no name, but for a task that joins two groups: then the later group takes the
name of the earlier, and its tasks may change parts. No rule can spare that: two people in two parts became one
group. How many tasks did is counted (`Groups.moved`). What is removed from the index (a segment that has ended, a
withdrawal, an erasure) changes names only in a group with several subjects, where that was its earliest task or
the one that joined two groups; that is not counted.

A name's place in [0, 1) is a hash of it and nothing else. Subject hashes are keyed (`hmac-P-subject`), so nobody
without that key can tell beforehand in which part somebody will be.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from schemas.errors import ConfigError
from schemas.records import SegmentEntry, SegmentIndex

_DOMAIN = b"veilstream/split/v1\n"
_PART = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_WHOLE = 2**64
TAKEN = "all"
"""Of `datasets`, for all parts together; it loads no part of that name."""
MAX_PARTS = 16
"""Three are usual, ten fold a cross-validation."""


@dataclass(frozen=True, slots=True)
class Split:
    """Parts in their order, each with its share; the shares add up to 1."""

    parts: tuple[tuple[str, Decimal], ...]

    def part(self, name: bytes) -> str:
        """The part that a group of this name belongs to."""
        place, upto = _place(name), Decimal(0)
        for part, share in self.parts:
            upto += share
            if place < int(upto * _WHOLE):
                return part
        return self.parts[-1][0]

    @property
    def names(self) -> tuple[str, ...]:
        """The parts' names, in their order."""
        return tuple(part for part, _ in self.parts)


def read_split(text: str) -> Split:
    """The split that `train=0.8,dev=0.1,test=0.1` asks for. Raises ConfigError."""
    found = [_part(one) for one in text.split(",")]
    names = [name for name, _ in found]
    if len(set(names)) != len(names) or not 2 <= len(names) <= MAX_PARTS:  # noqa: PLR2004 - one part is no split
        raise ConfigError(f"--split: name 2 to {MAX_PARTS} parts, each once: `train=0.8,dev=0.1,test=0.1`")
    if sum(share for _, share in found) != 1:
        raise ConfigError("--split: the shares must add up to 1: `train=0.8,dev=0.1,test=0.1`")
    return Split(tuple(found))


def _part(text: str) -> tuple[str, Decimal]:
    name, _, share = text.strip().partition("=")
    try:
        found = Decimal(share)
    except InvalidOperation:
        found = Decimal(0)
    if _PART.fullmatch(name) is None or name == TAKEN or not found.is_finite() or not 0 < found < 1:
        raise ConfigError("--split: a part is a name in small letters and a share between 0 and 1: `train=0.8`")
    return name, found


def _place(name: bytes) -> int:
    return int.from_bytes(hashlib.sha256(_DOMAIN + name).digest()[:8], "big")


@dataclass(frozen=True, slots=True)
class Groups:
    """The name of each task's group, now and as it was when the task came. A task that is not here has no index
    any more: whom its record speaks of can't be known.
    """

    now: Mapping[str, bytes]
    before: Mapping[str, bytes]

    def moved(self, split: Split, tasks: Iterable[str]) -> int:
        """How many of these tasks are in another part than when they came, since later ones joined two groups."""
        return sum(split.part(self.now[it]) != split.part(self.before[it]) for it in tasks if it in self.now)


def groups_of(segments: Iterable[SegmentIndex]) -> Groups:
    """The groups of all tasks of these segments, in whatever order they are given."""
    forest, entries = _Forest(), _in_order(segments)
    before = {entry.task_id: forest.take(rank, entry) for rank, entry in enumerate(entries)}
    now = {entry.task_id: forest.name(entry) for entry in entries}
    return Groups(now, before)


def _in_order(segments: Iterable[SegmentIndex]) -> list[SegmentEntry]:
    """All entries as they came. Of two segments of one millisecond the id decides, so that all see one order."""
    ordered = sorted(segments, key=lambda it: (it.created_at, it.segment_id))
    return [entry for segment in ordered for entry in segment.entries]


class _Forest:
    """Disjoint sets of tasks and subjects; each root knows how early its group began, and its name."""

    def __init__(self) -> None:
        self._parents: dict[bytes, bytes] = {}
        self._named: dict[bytes, tuple[int, bytes]] = {}

    def take(self, rank: int, entry: SegmentEntry) -> bytes:
        """Add an entry, the `rank`-th that came. The name of its group from then on."""
        roots = {self._root(one) for one in _members(entry)}
        known = [self._named.pop(root) for root in roots if root in self._named]
        top, *others = sorted(roots)
        self._parents |= dict.fromkeys(others, top)
        self._named[top] = min(known, default=(rank, _own_name(entry)))
        return self._named[top][1]

    def name(self, entry: SegmentEntry) -> bytes:
        """The name of a taken entry's group."""
        return self._named[self._root(_task(entry))][1]

    def _root(self, member: bytes) -> bytes:
        above = self._parents.setdefault(member, member)
        while above != self._parents[above]:
            self._parents[member] = self._parents[above]  # halves the way for whoever comes next
            member, above = above, self._parents[above]
        return above


def _members(entry: SegmentEntry) -> list[bytes]:
    return [_task(entry), *(b"subject/" + subject for subject in entry.subjects)]


def _own_name(entry: SegmentEntry) -> bytes:
    return min((b"subject/" + subject for subject in entry.subjects), default=_task(entry))


def _task(entry: SegmentEntry) -> bytes:
    return b"task/" + entry.task_id.encode()
