"""How far orders to redact again have come, from the audit alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from schemas.audit import AuditEvent, EventType, OffsetOutcome
from schemas.details import number
from schemas.errors import Unparseable
from schemas.resources import raw_reference
from topology.writers import is_by_its_writer

_RANGE = re.compile(r"([0-9]{1,10}):([0-9]{1,19})-([0-9]{1,19})")
NUMBER, RANGES, COPIED, MISSED = "number", "ranges", "copied", "missed"


@dataclass(slots=True)
class Carried:
    """An order that replay has taken up: its ranges (partition, first, end); how many records have an outcome by
    it; once `ended`, how many were copied, and how many offsets were gone.
    """

    ranges: tuple[tuple[int, int, int], ...]
    redacted: int = 0
    ended: bool = False
    copied: int = 0
    missed: int = 0

    def covers(self, partition: int, offset: int) -> bool:
        """Whether a raw record is in one of them."""
        return any(it == partition and first <= offset < end for it, first, end in self.ranges)

    @property
    def done(self) -> bool:
        """Whether every copy has its outcome."""
        return self.ended and self.redacted >= self.copied


def carried(events: Iterable[AuditEvent]) -> Mapping[int, Carried]:
    """The orders that were taken up, by number. Events in any order."""
    found: dict[int, Carried] = {}
    ends: list[AuditEvent] = []
    released: set[tuple[int, int, int]] = set()
    outcomes: list[tuple[int, OffsetOutcome]] = []
    for event in events:
        if not is_by_its_writer(event):
            continue
        if event.type is EventType.REREDACTION_BEGUN and (begun := number(event, NUMBER)) is not None:
            found[begun] = Carried(_ranges(event.details.get(RANGES, "")))
        elif event.type is EventType.REREDACTION_ENDED:
            ends.append(event)
        elif event.type is EventType.RELEASE_COPIED and (raw := _released(event)) is not None:
            released.add(raw)
        elif event.batch is not None:
            partition = event.batch.partition
            outcomes += [(partition, one) for one in event.batch.outcomes if one.revision > 1]
    for event in ends:
        _end(found, event)
    for partition, one in outcomes:
        _count(found, partition, one, released)
    return found


def _released(event: AuditEvent) -> tuple[int, int, int] | None:
    """Partition, offset, and the revision as which a record comes back from quarantine."""
    try:
        raw = raw_reference(event.resource)
    except Unparseable:
        return None
    return raw.partition, raw.offset, raw.revision + 1


def _end(found: Mapping[int, Carried], event: AuditEvent) -> None:
    order = found.get(number(event, NUMBER) or 0)
    if order is not None:
        order.ended = True
        order.copied, order.missed = number(event, COPIED) or 0, number(event, MISSED) or 0


def _count(
    found: Mapping[int, Carried], partition: int, one: OffsetOutcome, released: AbstractSet[tuple[int, int, int]]
) -> None:
    """A record's second revision is by the first order that covers it, the third by the next, and so on; but for
    those that came back from quarantine.
    """
    if (partition, one.offset, one.revision) in released:
        return
    covering = [order for _, order in sorted(found.items()) if order.covers(partition, one.offset)]
    place = one.revision - 2 - sum((partition, one.offset, it) in released for it in range(2, one.revision))
    if place < len(covering):
        covering[place].redacted += 1


def _ranges(text: str) -> tuple[tuple[int, int, int], ...]:
    found = (_RANGE.fullmatch(part) for part in text.split(" ") if part)
    return tuple((int(it[1]), int(it[2]), int(it[3])) for it in found if it is not None)
