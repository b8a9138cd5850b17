"""Whether texts in clear have been taken back, and off the disk, looked at from outside: pure.

It rests on opener's state, which was committed with the texts, and on the index of segments; no text is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from streams.opener.opened import Opened
from streams.opener.retracted import Retracted
from topology.retained import Fault, Place

BACK_WITHIN_MS = 3_600_000
"""How late opener may be: it hears of an end within seconds, of what came while it was away at its start."""
NOBODY = "nothing takes them back: the project's file says nothing of `open_texts`; say `open_texts: false` there"
NOT_YET = "the project's file says `open_texts: false`, and they still lie there: start opener again"
NOT_TWICE = "tombstones were to be written once more, so that Kafka lets go of the texts: does opener run?"


@dataclass(frozen=True, slots=True)
class Left:
    """One record of `segments.P`: the tasks whose mapping a segment had from then on (milliseconds)."""

    segment_id: str
    at: int
    tasks: frozenset[str]


def texts_place(
    topic: str,
    opened: Opened,
    history: Iterable[Left],
    retracted: Retracted,
    now: int,
    *,
    open_texts: bool | None,
) -> Place:
    """How `open.P` stands; `open_texts` as the project's file has it.

    `opened` must have been read before `history` (of `segments.P`): an index is there before its texts. Where
    Kafka has compacted records away, a mapping may seem to have ended later: `veil audit reconcile` is exact.
    """
    late = sum(since < now - BACK_WITHIN_MS for since in _without_mapping_since(opened, history).values())
    unattended = {None: NOBODY, False: NOT_YET}.get(open_texts, "")
    why = [unattended] if len(opened) and unattended else []
    if again := len(retracted) if open_texts is None else retracted.late(now - BACK_WITHIN_MS):
        why.append(f"{again} {NOT_TWICE}")
    why += [f"{late} lie in clear although their mapping has ended"] if late else []
    return Place(f"{topic}, in clear", len(opened), fault=Fault.OVERDUE if why else None, why="; ".join(why))


def _without_mapping_since(opened: Opened, history: Iterable[Left]) -> dict[str, int]:
    """By task that lies in clear and has no mapping, since when; 0 where no record is left that would tell."""
    lying = {name: opened.without_mapping(name, None) for name in opened.segments()}
    since = dict.fromkeys((task for tasks in lying.values() for task in tasks), 0)
    for it in history:
        for task in lying.get(it.segment_id, ()):
            if task in it.tasks:
                since.pop(task, None)
            else:
                since[task] = since.get(task) or it.at
    return since
