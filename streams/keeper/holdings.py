"""What keeper knows, as keyed state in `keeper-state.P`, and what each record it reads changes in it.

No Vault here. `segments` and `indexes` are of the same segments: progress changes often and is small, the
index is written once and again when a task is withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from schemas.codec import Codec
from schemas.records import SegmentIndex, SlotEpoch
from schemas.states import KeptHalf, KeptSegment, KeptSlot, KeptWithdrawal, SegmentStage
from streams.engine.messages import Message, Outgoing
from streams.engine.state import KeyedState
from streams.keeper.orphans import advanced, begun
from streams.keeper.segments import Segments


class Holdings:
    """All of keeper's state."""

    def __init__(self, project: str, codec: Codec) -> None:
        topic = f"keeper-state.{project}"
        self.segments = Segments(topic, codec)
        self.indexes = KeyedState(topic, SegmentIndex, codec, "index/")
        self.slots = KeyedState(topic, KeptSlot, codec, "redact/")  # `slot/` is the loop's own
        self.withdrawals = KeyedState(topic, KeptWithdrawal, codec, "withdraw/")
        self.halves = KeyedState(topic, KeptHalf, codec, "half/")

    def apply(self, message: Message) -> None:
        """Take over one changelog record; those of others (the slot's own place) are left alone."""
        for state in (self.segments, self.indexes, self.slots, self.withdrawals, self.halves):
            if state.apply(message):
                return

    def changes(self) -> list[Outgoing]:
        """Everything changed since the last call."""
        return [
            *self.segments.changes(),
            *self.indexes.changes(),
            *self.slots.changes(),
            *self.withdrawals.changes(),
            *self.halves.changes(),
        ]

    def epoch_began(self, epoch: SlotEpoch) -> None:
        """A redact slot has begun an epoch."""
        self._put_slot(begun(self.slots.get(epoch.slot), epoch))

    def index_came(self, index: SegmentIndex, now: int) -> None:
        """A segment became real. Our own rewritten index coming back changes nothing."""
        self._put_slot(advanced(self.slots.get(index.slot), index))
        known = self.segments.get(index.segment_id)
        if known is not None and known.stage in {
            SegmentStage.LIVE,
            SegmentStage.DOOMED,
            SegmentStage.DESTROYED,
        }:
            return
        joined = frozenset(known.joined) if known is not None else frozenset()
        remaining = tuple(entry.task_id for entry in index.entries if entry.task_id not in joined)
        finished_at = 0 if remaining else now
        live = KeptSegment(index.segment_id, SegmentStage.LIVE, remaining, (), finished_at, "", now)
        self.segments.put(index.segment_id, live)
        self.indexes.put(index.segment_id, index)
        self._find_withdrawals(index)

    def tombstone_came(self, segment_id: str) -> None:
        """A segment's index is gone: our own doing, now on the log for good."""
        known = self.segments.get(segment_id)
        if known is not None and known.stage in {SegmentStage.LIVE, SegmentStage.DESTROYED}:
            self.forget(segment_id)

    def task_joined(self, segment_id: str, task_id: str, now: int) -> None:
        """One task of a segment, joined or scored, needs its mapping no longer."""
        known = self.segments.get(segment_id)
        if known is None or known.stage in {SegmentStage.SUSPECT, SegmentStage.EARLY}:
            self._joined_early(segment_id, task_id, known, now)
        elif known.stage is SegmentStage.LIVE and task_id in known.remaining:
            self._remain(known, tuple(task for task in known.remaining if task != task_id), now)

    def order_withdrawal(self, task_ids: Iterable[str], now: int) -> None:
        """Note tasks to be taken out, each with its segment if that is known. Orders known before stay."""
        fresh = {task_id for task_id in task_ids if task_id not in self.withdrawals}
        if not fresh:
            return
        for task_id in sorted(fresh):
            self.withdrawals.put(task_id, KeptWithdrawal(task_id, "", done=False, since=now))
        for index in [index for _, index in self.indexes.items()]:
            self._find_withdrawals(index)

    def order_known(self, task_id: str, segment_id: str, now: int) -> None:
        """Note one task to be taken out of a segment that is known. An order known before stays."""
        if task_id not in self.withdrawals:
            self.withdrawals.put(task_id, KeptWithdrawal(task_id, segment_id, done=False, since=now))

    def is_out(self, task_id: str) -> bool:
        """Whether a task that was to be taken out is."""
        order = self.withdrawals.get(task_id)
        return order is None or order.done

    def taken_out(self, segment_id: str, task_ids: frozenset[str], now: int) -> SegmentIndex:
        """Take tasks out of a live segment and its index. Returns the index as it is then, perhaps empty."""
        index, known = self.indexes.get(segment_id), self.segments.get(segment_id)
        assert index is not None
        assert known is not None
        left = replace(index, entries=tuple(it for it in index.entries if it.task_id not in task_ids))
        self.indexes.put(segment_id, left)
        self._remain(known, tuple(task for task in known.remaining if task not in task_ids), now)
        return left

    def doom(self, segment_id: str, why: str, now: int) -> None:
        """Decide to destroy a segment. No way back."""
        known = self.segments.get(segment_id) or KeptSegment(segment_id, SegmentStage.DOOMED, (), (), 0, why, now)
        doomed = replace(known, stage=SegmentStage.DOOMED, remaining=(), joined=(), reason=why, since=now)
        self.segments.put(segment_id, doomed)

    def destroyed(self, segment_id: str, now: int) -> SegmentIndex | None:
        """Nothing of the segment is left. Returns its index, if it ever had one (then a tombstone is due)."""
        index, known = self.indexes.get(segment_id), self.segments.get(segment_id)
        if index is None or known is None:
            self.forget(segment_id)
            return None
        self.indexes.remove(segment_id)
        gone = replace(known, stage=SegmentStage.DESTROYED, remaining=(), joined=(), since=now)
        self.segments.put(segment_id, gone)
        return index

    def suspect(self, segment_id: str, now: int) -> None:
        """Note documents without an index, the first time they are seen."""
        if self.segments.get(segment_id) is None:
            noted = KeptSegment(segment_id, SegmentStage.SUSPECT, (), (), 0, "", now)
            self.segments.put(segment_id, noted)

    def forget(self, segment_id: str) -> None:
        """Remember nothing of a segment."""
        self.segments.remove(segment_id)
        self.indexes.remove(segment_id)

    def _joined_early(self, segment_id: str, task_id: str, known: KeptSegment | None, now: int) -> None:
        before = known.joined if known is not None else ()
        joined = tuple(dict.fromkeys((*before, task_id)))
        early = KeptSegment(segment_id, SegmentStage.EARLY, (), joined, 0, "", now)
        self.segments.put(segment_id, early)

    def _remain(self, known: KeptSegment, remaining: tuple[str, ...], now: int) -> None:
        finished_at = known.finished_at or (0 if remaining else now)
        self.segments.put(known.segment_id, replace(known, remaining=remaining, finished_at=finished_at))

    def _find_withdrawals(self, index: SegmentIndex) -> None:
        for entry in index.entries:
            order = self.withdrawals.get(entry.task_id)
            if order is not None and not order.done and not order.segment_id:
                self.withdrawals.put(entry.task_id, replace(order, segment_id=index.segment_id))

    def _put_slot(self, slot: KeptSlot) -> None:
        if self.slots.get(slot.slot) != slot:
            self.slots.put(slot.slot, slot)
