"""Whether texts in clear have been taken back, looked at from outside: pure. It rests on opener's state, which was
committed with the texts, and on the index of segments; no text is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.records import SegmentIndex
from streams.engine.messages import Message
from streams.opener.opened import Opened
from topology.retained import Fault, Place

BACK_WITHIN_MS = 3_600_000
"""How late opener may be: it hears of an end within seconds, of what came while it was away at its start."""
NOBODY = "nothing takes them back: the project's file says nothing of `open_texts`; say `open_texts: false` there"


def texts_place(
    topic: str,
    opened: Opened,
    indexes: Mapping[str, SegmentIndex],
    records: Iterable[Message],
    now: int,
    *,
    attended: bool,
) -> Place:
    """How `open.P` stands. `attended`: whether the project has an opener.

    `opened` must have been read before `records` (those of `segments.P`, from which `indexes` were made): an index
    is there before its texts.
    """
    changed = {(it.key or b"").decode("utf-8", "replace"): it.timestamp for it in records}
    late = sum(
        len(opened.without_mapping(name, indexes.get(name)))
        for name in opened.segments()
        if changed.get(name, 0) < now - BACK_WITHIN_MS  # no record at all: it was compacted away long ago
    )
    why = [NOBODY] if len(opened) and not attended else []
    why += [f"{late} lie in clear although their mapping has ended"] if late else []
    return Place(f"{topic}, in clear", len(opened), fault=Fault.OVERDUE if why else None, why="; ".join(why))
