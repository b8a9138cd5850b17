"""What of the index holds in the end: which tasks must be in the restored Vault, and which must not. Pure.

A task that the index named before Vault's snapshot was begun has its documents in it, unless it ended meanwhile.
Whatever ended has been ordered, or names somebody who is erased (`control`), was doomed by keeper (committed
before the first document goes), or has left the index; all of it was read after the snapshot. So what is left of
the index after taking these away must be there, whole; and what was taken away must not be there, however old the
snapshot is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from deploy.segment_index import Index
from schemas.codec import Codec
from schemas.errors import Undecodable
from schemas.records import SegmentIndex
from schemas.states import KeptSegment, SegmentStage
from streams.engine.messages import Message

_KEPT = "segment/"
_ENDING = frozenset({SegmentStage.DOOMED, SegmentStage.DESTROYED})


def doomed(messages: Iterable[Message], codec: Codec) -> frozenset[str]:
    """The segments that keeper has decided to destroy, by its state; there is no way back from that."""
    found: set[str] = set()
    for message in messages:
        key = (message.key or b"").decode("utf-8", "replace")
        if message.value is None or not key.startswith(_KEPT):
            continue
        try:
            kept = codec.decode(message.value, KeptSegment)
        except Undecodable:
            continue
        if kept.stage in _ENDING:
            found.add(kept.segment_id)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Ended:
    """What came to an end, as one who read later knows. `index`: what is left, None where he read none; `erased`:
    the subjects of whom nothing is to be left, as the index has them.
    """

    withdrawn: AbstractSet[str] = frozenset()
    doomed: AbstractSet[str] = frozenset()
    index: Index | None = None
    erased: AbstractSet[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`kept`: the index to go on with; `required`: segments of it that must be in the snapshot, the others may be
    too young for it; `taken`: by segment the tasks that must not be there; `over`: segments of which nothing may.
    """

    kept: Mapping[str, SegmentIndex]
    required: AbstractSet[str]
    taken: Mapping[str, frozenset[str]]
    over: AbstractSet[str]


def outcome(before: Index, after: Index, ended: Iterable[Ended]) -> Outcome:
    """`before`: as it was when Vault's snapshot was begun; `after`: once it was taken."""
    all_ended = (Ended(index=after), *ended)
    kept: dict[str, SegmentIndex] = {}
    taken: dict[str, frozenset[str]] = {}
    over: set[str] = set()
    for name in before.segments.keys() | after.segments.keys():
        known = [one.segments[name] for one in (before, after) if name in one.segments]
        subjects = {entry.task_id: frozenset(entry.subjects) for index in known for entry in index.entries}
        left = _left(name, subjects, all_ended)
        if left:
            kept[name] = replace(known[-1], entries=tuple(it for it in known[-1].entries if it.task_id in left))
        else:
            over.add(name)
        if subjects.keys() - left:
            taken[name] = frozenset(subjects.keys() - left)
    return Outcome(kept, kept.keys() & before.segments.keys(), taken, over)


def _left(name: str, subjects: Mapping[str, AbstractSet[bytes]], ended: Iterable[Ended]) -> set[str]:
    """Of the tasks of a segment, each with whom its record speaks of."""
    left = set(subjects)
    for one in ended:
        if name in one.doomed:
            return set()
        left = {task for task in left - one.withdrawn if not one.erased & subjects[task]}
        if one.index is not None:
            index = one.index.segments.get(name)
            left &= {entry.task_id for entry in index.entries} if index else set()
    return left
