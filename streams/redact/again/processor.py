"""The replay stage: orders to redact again in; copies of raw records out, still sealed.

1. An order that has come into force is taken up: its ranges are fixed, and `reredaction.begun` names them.
2. Copies are made, as many a round as fit its bounds, once a policy of the order's version is in force. How far
   they have come is committed with them.
   *Crash before the commit:* none of them is there, and they are made again from the position that is.
3. Where all ranges are passed, `reredaction.ended` says so. What raw retention has taken meanwhile is told.

It can open nothing. The topic `control` is an input too, of which nothing is taken but that it wakes the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import ControlKind
from schemas.reredaction import MAX_SINCE, Reredaction
from schemas.resources import batch_resource, control_resource
from schemas.states import ReplayedOrder, ReplayedRange
from streams.engine.log import Follower, Log
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.state import KeyedState
from streams.redact.again.copies import copy_of
from streams.redact.again.ranges import due, outlived, revision, step, taken_up
from vault.raw import topic_of

INPUTS = ("control",)
MAX_COPIES = 500
"""A round. With the quarter of a second that a round waits for `control`, 2,000 records/s at most."""
MAX_BYTES = 4 * 1024 * 1024
SLICE = 8
"""Records asked for at a time, so that a round exceeds its bytes by seven of 1 MiB at most."""
WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class Seams:
    """What the stage needs from the outside. `policy_version`: of the policy in force, 0: none is."""

    in_force: Callable[[], Sequence[Reredaction]]
    policy_version: Callable[[], int]
    log: Log


class ReplayProcessor:
    """Implements `streams.engine.processor.Processor`."""

    held: frozenset[str] = frozenset()

    def __init__(self, project: str, codec: Codec, seams: Seams) -> None:
        self._project = project
        self._codec = codec
        self._seams = seams
        self._raw = topic_of(project)
        self._reader: Follower | None = None
        self._start()

    def _start(self) -> None:
        self._orders = KeyedState(f"replay-state.{self._project}", ReplayedOrder, self._codec, "order/")
        self.close()

    def close(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot
        """Take over which orders there were, and how far they have come."""
        self._start()
        for message in changelog:
            self._orders.apply(message)
        return Plan()

    def control(self, changed: Sequence[str]) -> Plan:  # noqa: ARG002 - what holds is in the book
        """The next `process` looks."""
        return Plan()

    def process(self, batch: Batch) -> Plan:  # noqa: ARG002 - it only wakes us
        """Take orders up, and carry on with the earliest that is not done."""
        plan = Plan(notice="")
        while (order := due(self._seams.in_force(), self._known())) is not None:
            self._take_up(order, plan)
        current = next((one for one in self._known() if not one.ended), None)
        if current is not None and self._seams.policy_version() < current.policy:
            plan.notice = f"order {current.number} waits for a policy of version {current.policy} in force"
        elif current is not None:
            self._carry_on(current, plan)
        plan.outputs += self._orders.changes()
        return plan

    def _known(self) -> list[ReplayedOrder]:
        return sorted((one for _, one in self._orders.items()), key=lambda one: one.number)

    # 1: ranges

    def _take_up(self, order: Reredaction, plan: Plan) -> None:
        firsts, ends, starts = (self._offsets_at(time) for time in (order.since, MAX_SINCE, 0))
        for gone in [one for one in self._known() if outlived(one, starts)]:
            self._orders.remove(str(gone.number))
        taken = taken_up(order, firsts, ends)
        self._orders.put(str(order.number), taken)
        details = {"number": str(order.number), "policy": str(order.policy), "since": str(order.since)}
        ranges = " ".join(f"{it.partition}:{it.first}-{it.end}" for it in taken.ranges if it.first < it.end)
        plan.events.append(self._event(EventType.REREDACTION_BEGUN, details | {"ranges": ranges}))

    def _offsets_at(self, time: int) -> dict[int, int]:
        found = self._seams.log.offsets_at(self._raw, time)
        return {place.partition: offset for place, offset in found.items()}

    # 2 and 3: copies

    def _carry_on(self, order: ReplayedOrder, plan: Plan) -> None:
        if self._reader is None:
            positions = {TopicPartition(self._raw, it.partition): it.next for it in order.ranges}
            self._reader = self._seams.log.follow([self._raw], positions)
        messages = _gather(self._reader)
        starts = self._offsets_at(0)
        ranges, copied, missed = [], 0, 0
        for before in order.ranges:
            mine = {it.offset: it for it in messages if it.partition == before.partition}
            end = {TopicPartition(self._raw, before.partition): before.end}
            found = step(before, tuple(mine), starts[before.partition], passed=self._reader.passed(end))
            plan.outputs += [self._copy(mine[offset], order) for offset in found.copies]
            plan.events += [self._missed(before, order, first, after) for first, after in found.missed]
            copied += len(found.copies)
            missed += sum(after - first for first, after in found.missed)
            ranges.append(found.after)
        self._note(order, tuple(ranges), copied, missed, plan)

    def _note(
        self, order: ReplayedOrder, ranges: tuple[ReplayedRange, ...], copied: int, missed: int, plan: Plan
    ) -> None:
        ended = all(it.next >= it.end for it in ranges)
        after = replace(
            order, ranges=ranges, copied=order.copied + copied, missed=order.missed + missed, ended=ended
        )
        if after != order:
            self._orders.put(str(order.number), after)
        if ended:
            self.close()
            details = {"number": str(order.number), "copied": str(after.copied), "missed": str(after.missed)}
            plan.events.append(self._event(EventType.REREDACTION_ENDED, details))

    def _copy(self, message: Message, order: ReplayedOrder) -> Outgoing:
        number = revision(self._known(), order.number, message.partition, message.offset)
        return copy_of(message, self._project, number, order.policy)

    def _missed(self, before: ReplayedRange, order: ReplayedOrder, first: int, after: int) -> Event:
        return Event(
            EventType.REREDACTION_MISSED,
            batch_resource(self._raw, before.partition, first, after),
            parents=(self._concern,),
            details={"number": str(order.number)},
        )

    def _event(self, type_: EventType, details: dict[str, str]) -> Event:
        return Event(type_, self._concern, details=details)

    @property
    def _concern(self) -> str:
        return control_resource(f"{ControlKind.REREDACT}/{self._project}")


def _gather(reader: Follower) -> list[Message]:
    """What comes next, bounded by count and bytes."""
    found: list[Message] = []
    size = 0
    while len(found) < MAX_COPIES and size < MAX_BYTES:
        more = reader.poll(SLICE, 0 if found else WAIT_S)
        if not more:
            break
        found += more
        size += sum(len(it.value or b"") for it in more)
    return found
