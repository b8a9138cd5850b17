"""Whether texts in clear have been taken back, and off the disk, looked at from outside: pure.

It rests on opener's state, which was committed with the texts, and on the index of segments; no text is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.records import SegmentIndex
from streams.engine.messages import Message
from streams.opener.opened import Opened
from streams.opener.retracted import Retracted
from topology.retained import Fault, Place

BACK_WITHIN_MS = 3_600_000
"""How late opener may be: it hears of an end within seconds, of what came while it was away at its start."""
NOBODY = "nothing takes them back: the project's file says nothing of `open_texts`; say `open_texts: false` there"
NOT_YET = "the project's file says `open_texts: false`, and they still lie there: start opener again"
NOT_TWICE = "tombstones were to be written once more, so that Kafka lets go of the texts: does opener run?"


def texts_place(
    topic: str,
    opened: Opened,
    indexes: Mapping[str, SegmentIndex],
    records: Iterable[Message],
    retracted: Retracted,
    now: int,
    *,
    open_texts: bool | None,
) -> Place:
    """How `open.P` stands; `open_texts` as the project's file has it.

    `opened` must have been read before `records` (those of `segments.P`, from which `indexes` were made): an index
    is there before its texts. A text counts as late from an hour after the latest record of its segment, which may
    be of another task: `veil audit reconcile` tells sooner.
    """
    changed = {(it.key or b"").decode("utf-8", "replace"): it.timestamp for it in records}
    late = sum(
        len(opened.without_mapping(name, indexes.get(name)))
        for name in opened.segments()
        if changed.get(name, 0) < now - BACK_WITHIN_MS  # no record at all: it was compacted away long ago
    )
    unattended = {None: NOBODY, False: NOT_YET}.get(open_texts, "")
    why = [unattended] if len(opened) and unattended else []
    if again := len(retracted) if open_texts is None else retracted.late(now - BACK_WITHIN_MS):
        why.append(f"{again} {NOT_TWICE}")
    why += [f"{late} lie in clear although their mapping has ended"] if late else []
    return Place(f"{topic}, in clear", len(opened), fault=Fault.OVERDUE if why else None, why="; ".join(why))
