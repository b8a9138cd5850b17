"""The replay stage: orders to redact again, or to release, in; copies of raw and quarantined records out, sealed.

1. An order that has come into force is taken up: its ranges are fixed, and `reredaction.begun` names them.
2. Copies are made, as many a round as fit its bounds, once a policy of the order's version is in force. How far
   they have come is committed with them.
   *Crash before the commit:* none of them is there, and they are made again from the position that is.
3. Where all ranges are passed, `reredaction.ended` says so. What raw retention has taken meanwhile is told.
4. Of a release that has come into force the one entry of quarantine is looked for and copied, in the transaction
   of `release.copied` and of the note that it is done; `release.missed` says that it is gone or overtaken.
   *Crash before the commit:* it is looked for again from the beginning.

It can open nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import ControlKind
from schemas.quarantine_release import QuarantineRelease
from schemas.records import RawReference
from schemas.reredaction import MAX_SINCE, Reredaction
from schemas.resources import batch_resource, control_resource, raw_resource
from schemas.states import ReleaseEnding, ReplayedOrder, ReplayedRange, ReplayedRelease
from streams.engine.log import Follower, Log
from streams.engine.messages import Message, Outgoing, TopicPartition
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.state import KeyedState
from streams.redact.again.copies import copy_of, released_copy
from streams.redact.again.ranges import due, outlived, revision, step, taken_up
from streams.redact.again.scan import Scan
from streams.redact.again.waiting_releases import Copied, copied, next_turn, open_releases, overtaken
from vault.raw import topic_of

MAX_COPIES = 500
"""A round. With the quarter of a second that a round waits for `control`, 2,000 records/s at most."""
MAX_BYTES = 4 * 1024 * 1024
SLICE = 8
"""Records asked for at a time, so that a round exceeds its bytes by seven of 1 MiB at most."""
WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class Seams:
    """What the stage needs from the outside. `policy_version`: of the policy in force, 0: none is. `kept_ms`: how
    long at most a raw record, its copy and its entry in quarantine are kept, one after the other.
    """

    in_force: Callable[[], Sequence[Reredaction]]
    policy_version: Callable[[], int]
    log: Log
    kept_ms: int
    released: Callable[[], Iterable[QuarantineRelease]] = tuple


class ReplayProcessor:
    """Implements `streams.engine.processor.Processor`."""

    held: frozenset[str] = frozenset()

    def __init__(self, project: str, codec: Codec, seams: Seams) -> None:
        self._project = project
        self._codec = codec
        self._seams = seams
        self._raw = topic_of(project)
        self._reader: Follower | None = None
        self._scan: Scan | None = None
        self._now = 0
        self._start()

    def _start(self) -> None:
        self._releases = KeyedState(f"replay-state.{self._project}", ReplayedRelease, self._codec, "release/")
        self._orders = KeyedState(f"replay-state.{self._project}", ReplayedOrder, self._codec, "order/")
        self.close()

    def close(self) -> None:
        """Stop reading."""
        self._stop_copying()
        self._stop_scanning()

    def _stop_copying(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _stop_scanning(self) -> None:
        if self._scan is not None:
            self._scan.close()
            self._scan = None

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot
        """Take over which orders there were, and how far they have come."""
        self._start()
        for message in changelog:
            if not self._orders.apply(message):
                self._releases.apply(message)
        return Plan()

    def control(self, changed: Sequence[str]) -> Plan:  # noqa: ARG002 - what holds is in the book
        """The next `process` looks."""
        return Plan()

    def process(self, batch: Batch) -> Plan:
        """Take orders up, and carry on with the earliest that is not done; carry releases out."""
        plan = Plan(notice="")
        self._now = batch.now
        while (order := due(self._seams.in_force(), self._known())) is not None:
            self._take_up(order, plan)
        current = next((one for one in self._known() if not one.ended), None)
        if current is not None and self._seams.policy_version() < current.policy:
            plan.notice = f"order {current.number} waits for a policy of version {current.policy} in force"
        elif current is not None:
            self._carry_on(current, plan)
        self._release(plan)
        plan.outputs += [*self._orders.changes(), *self._releases.changes()]
        return plan

    def _known(self) -> list[ReplayedOrder]:
        return sorted((one for _, one in self._orders.items()), key=lambda one: one.number)

    # 1: ranges

    def _take_up(self, order: Reredaction, plan: Plan) -> None:
        firsts, ends, starts = (self._offsets_at(time) for time in (order.since, MAX_SINCE, 0))
        before = self._now - self._seams.kept_ms
        for gone in [one for one in self._known() if outlived(one, starts, before)]:
            self._orders.remove(str(gone.number))
        taken = taken_up(order, firsts, ends, next_turn(self._known(), self._done()))
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
        before_order, released = self._known(), copied(self._done())
        ranges, count, missed = [], 0, 0
        for before in order.ranges:
            mine = {it.offset: it for it in messages if it.partition == before.partition}
            end = {TopicPartition(self._raw, before.partition): before.end}
            found = step(before, tuple(mine), starts[before.partition], passed=self._reader.passed(end))
            plan.outputs += [self._copy(mine[offset], order, before_order, released) for offset in found.copies]
            plan.events += [self._missed(before, order, first, after) for first, after in found.missed]
            count += len(found.copies)
            missed += sum(after - first for first, after in found.missed)
            ranges.append(found.after)
        self._note(order, tuple(ranges), count, missed, plan)

    def _note(
        self, order: ReplayedOrder, ranges: tuple[ReplayedRange, ...], count: int, missed: int, plan: Plan
    ) -> None:
        ended = all(it.next >= it.end for it in ranges)
        after = replace(
            order,
            ranges=ranges,
            copied=order.copied + count,
            missed=order.missed + missed,
            ended=ended,
            ended_at=self._now if ended else 0,
        )
        if after != order:
            self._orders.put(str(order.number), after)
        if ended:
            self._stop_copying()
            details = {"number": str(order.number), "copied": str(after.copied), "missed": str(after.missed)}
            plan.events.append(self._event(EventType.REREDACTION_ENDED, details))

    def _copy(
        self, message: Message, order: ReplayedOrder, orders: Sequence[ReplayedOrder], released: Copied
    ) -> Outgoing:
        place = (message.partition, message.offset)
        number = revision(orders, order, *place, released.get(place, ()))
        return copy_of(message, self._project, number, order.policy)

    # 4: releases

    def _release(self, plan: Plan) -> None:
        """Begin a look through quarantine, or go on with it. What is ordered meanwhile is for the next one."""
        if self._scan is None:
            known = (target for target, _ in self._releases.items())
            wanted = open_releases(self._seams.released(), known, self._seams.policy_version())
            if not wanted:
                return
            self._scan = Scan(self._seams.log, self._codec, self._project, wanted)
        for order, entry in self._scan.look():
            self._bring_back(order, entry, plan)
        if self._scan.over:
            for order in self._scan.wanted.values():
                self._end(order, ReleaseEnding.GONE, plan)
            self._stop_scanning()

    def _bring_back(self, order: QuarantineRelease, entry: Message, plan: Plan) -> None:
        if overtaken(order, self._known(), copied(self._done())):
            self._end(order, ReleaseEnding.OVERTAKEN, plan)
            return
        plan.outputs.append(released_copy(entry, self._project, order))
        self._end(order, ReleaseEnding.COPIED, plan)

    def _end(self, order: QuarantineRelease, ending: ReleaseEnding, plan: Plan) -> None:
        here = ending is ReleaseEnding.COPIED
        turn = next_turn(self._known(), self._done()) if here else 0
        done = ReplayedRelease(order.partition, order.offset, order.revision, ending, turn)
        self._releases.put(order.target, done)
        raw = RawReference(self._raw, order.partition, order.offset, order.revision)
        plan.events.append(
            Event(
                EventType.RELEASE_COPIED if here else EventType.RELEASE_MISSED,
                raw_resource(raw),
                outcome="success" if here else "failure",
                reason="" if here else ending.value,
                parents=(control_resource(f"{ControlKind.RELEASE}/{self._project}/{order.target}"),),
            )
        )

    def _done(self) -> list[ReplayedRelease]:
        return [one for _, one in self._releases.items()]

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
