"""Whether keeper has ended what it has to end, looked at from outside: pure, and without keeper's own state.

It rests on the index on `segments.P`, on the names of documents in Vault, and on no content. A document without an
index has no time of its own: it may be being written now, or be left over, which keeper alone can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from schemas.records import EPOCH, SegmentIndex
from streams.engine.messages import Message
from streams.keeper.lifetimes import HalfPlace, Lifetimes, half_is_due, half_place_of
from topology.retained import Fault, Place
from topology.topics import CLEANER_MS, COMPACTED_SEGMENT_MS, COMPACTED_WITHIN_MS
from vault.segments.halves import HOUR_MS

SWEPT_WITHIN_MS = HOUR_MS
"""How late keeper may be: it looks every 10 s and ends 100 segments a call, so an hour is 36,000 of them."""
REPLACED_WITHIN_MS = COMPACTED_WITHIN_MS + COMPACTED_SEGMENT_MS + CLEANER_MS
"""By when an index that another has replaced is gone: compacted, once its segment is closed."""
_NAMED = 3


def end_of_segment(index: SegmentIndex, lifetimes: Lifetimes) -> int:
    """By when nothing of it may be in Vault. It ends earlier where all its tasks are joined."""
    return min(index.expires_at, index.created_at + lifetimes.hard_ttl_ms)


def layer_place(
    place: str, listed: AbstractSet[str], indexes: Mapping[str, SegmentIndex], lifetimes: Lifetimes, now: int
) -> Place:
    """How one layer of a project stands. `listed`: the segments of which a document is there."""
    known = [indexes[name] for name in sorted(listed) if name in indexes]
    late = [it.segment_id for it in known if end_of_segment(it, lifetimes) < now - SWEPT_WITHIN_MS]
    without = len(listed) - len(known)
    why = [_named(late)] if late else []
    why += [f"{without} without an index: being written, or left over"] if without else []
    return Place(
        place,
        len(listed),
        min((it.created_at for it in known), default=0),
        min((end_of_segment(it, lifetimes) for it in known), default=0),
        Fault.OVERDUE if late else None,
        "; ".join(why),
    )


def halves_place(
    place: str, paths: Sequence[str], indexes: Iterable[SegmentIndex], lifetimes: Lifetimes, now: int
) -> Place:
    """How one folder of halves of the values keys stands: each ends with the last segment that needs it."""
    living = frozenset(HalfPlace(it.slot, it.created_at // HOUR_MS) for it in indexes)
    halves = {path: half for path in sorted(paths) if (half := half_place_of(path)) is not None}
    made = [half.hour * HOUR_MS for half in halves.values()]
    late = [path for path, half in halves.items() if half_is_due(half, now - SWEPT_WITHIN_MS, living, lifetimes)]
    oldest = min(made, default=0)
    ends = oldest + HOUR_MS + lifetimes.hard_ttl_ms if oldest else 0
    return Place(place, len(paths), oldest, ends, Fault.OVERDUE if late else None, _named(late) if late else "")


def replaced_place(topic: str, messages: Iterable[Message], now: int) -> Place:
    """Whether indexes that were replaced or taken back have left `segments.P`: they hold hashes of subjects."""
    last: dict[bytes, Message] = {}
    replaced: list[Message] = []
    for message in messages:
        key = message.key or b""
        if key.startswith(EPOCH.encode()):
            continue
        if (before := last.get(key)) is not None and before.value is not None:
            replaced.append(before)
        last[key] = message
    oldest = min((it.timestamp for it in replaced), default=0)
    late = [str(it.offset) for it in replaced if it.timestamp < now - REPLACED_WITHIN_MS]
    why = (
        f"replaced and still there, at offset {_named(late)}; the next record there lets Kafka compact"
        if late
        else ""
    )
    ends = oldest + REPLACED_WITHIN_MS if oldest else 0
    return Place(f"{topic}, replaced", len(replaced), oldest, ends, Fault.OVERDUE if late else None, why)


def _named(late: Sequence[str]) -> str:
    more = f" and {len(late) - _NAMED} more" if len(late) > _NAMED else ""
    return ", ".join(late[:_NAMED]) + more
