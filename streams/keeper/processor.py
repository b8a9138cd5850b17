"""The keeper stage: ends what Vault holds of segments, and says so.

Whatever is destroyed goes through two transactions, with the destruction between them:

1. **Decide.** An intent is committed: a segment is doomed (with the reason), a task is to be taken out, a half
   is to go. Intents are final; nothing has happened in Vault yet.
2. **Do.** The next call of `process` carries out the intents it finds, before it changes anything in memory.
   Each step in Vault may be repeated: destroying what is gone and dropping an entry that is gone do nothing.
3. **Say.** That call's transaction commits the outcome: `segment.destroyed`, `segment.rewritten`,
   `task.withdrawn`; a tombstone or the shorter SegmentIndex on `segments.P`; the intent removed.

A crash before the commit of 1: the decision is made again from the same state (an order to withdraw is shown
again by `control` after every start; orphans and suspects are found again by the scan at start, or by a later
one: there is one every five minutes). After 1, before 2: the restored intent is carried out. In the middle of 2:
the layers left over are destroyed; a document half rewritten is written again, so that its old version goes too.
After 2, before the commit of 3: all steps are repeated and find nothing to do, and the events are committed for
the first time. After 3: nothing is left to do. A commit in doubt leaves one of these, told apart by what
restores. So each event appears exactly once, and never before what it says is true. A keeper that was fenced but
doesn't know it yet can at worst carry out an intent that is final anyway.

An erasure (`erasing.py`) is such intents, ordered by keeper itself.

An intent that follows from the time alone (a retention, a TTL) is made only while this machine's clock and Vault's
agree; all others at once.

The intents of one call are never carried out by the same call, so nothing uncommitted is acted upon, unless
the loop commits a plan of `control` together with the next of `process`; a withdrawal repeats harmlessly too.
Wrapping keys anew needs no intent (`streams.keeper.rewrapping`): it changes nothing that anybody can see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import withdrawn_task
from schemas.errors import Reason, RecordError, Refused
from schemas.gold import REDACTION, RedactionScore
from schemas.records import EPOCH, JoinedLabel, SegmentIndex, SlotEpoch
from schemas.resources import segment_resource, slot_resource, task_resource
from schemas.states import KeptHalf, KeptSegment, SegmentStage
from streams.engine.clock import Clock
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.refusals import refused
from streams.keeper import gauges
from streams.keeper.erasing import Erasing, ErasureSeams
from streams.keeper.holdings import Holdings
from streams.keeper.lateness import Lateness
from streams.keeper.leak_watch import LeakSeams, LeakWatch
from streams.keeper.lifetimes import Lifetimes, Why, end_of, half_place_of, happened_by, is_forgotten
from streams.keeper.orphans import Place, place_of
from streams.keeper.rewrapping import Rewrapping
from streams.keeper.rewriting import destroy, take_out
from streams.keeper.scanning import Findings, committed, scan
from vault.clocks import Clocks, ToldTime
from vault.interface import StoredKeys


@dataclass(frozen=True, slots=True)
class KeeperSettings:
    """Pace and lifetimes. Times in milliseconds."""

    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    sweep_ms: int = 10_000
    """How often all segments are looked at for those past their time."""
    scan_ms: int = 300_000
    """How often Vault's folders are listed, besides once at start: a listing asks once a slot and epoch."""
    destroy_limit: int = 100
    """Segments destroyed, or rewritten, a call: seconds (113 segments/s written), so that polling isn't
    starved.
    """


@dataclass(frozen=True, slots=True)
class _Done:
    """What one call has done in Vault, not yet in memory."""

    segments: tuple[KeptSegment, ...]
    rewritten: dict[str, frozenset[str]]
    """By live segment: the tasks taken out."""
    halves: tuple[str, ...]


class KeeperProcessor:
    """Purges, rewrites and destroys segments (`streams.engine.processor.Processor`)."""

    held: frozenset[str] = frozenset()

    def __init__(
        self,
        project: str,
        codec: Codec,
        *,
        documents: StoredKeys,
        segments_now: Callable[[], Iterable[Message]],
        clock: Clock,
        told_time: Callable[[], ToldTime | None],
        leaks: LeakSeams,
        erasures: ErasureSeams,
        lateness: Lateness,
        settings: KeeperSettings | None = None,
    ) -> None:
        """`segments_now` is `Log.read` of `segments.P`: from its beginning to its end as of the call. `told_time`
        is what Vault's clock shows.
        """
        self._project = project
        self._codec = codec
        self._documents = documents
        self._segments_now = segments_now
        self._clock = clock
        self._told_time = told_time
        self._settings = settings or KeeperSettings()
        self._topic = f"segments.{project}"
        self._scores = f"scores.{project}"
        self._leak_seams = leaks
        self._lateness = lateness
        self._leaks = LeakWatch(project, codec, leaks)
        self._erasure_seams = erasures
        self._erasing = Erasing(project, codec, erasures)
        self._holdings = Holdings(project, codec)
        self._rewrapping = Rewrapping(project, codec, documents)
        self._swept_at: int | None = None
        self._scanned_at: int | None = None

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot owns all
        """Take over what is known, intents included; the next `process` carries them out and scans."""
        self._holdings = Holdings(self._project, self._codec)
        self._leaks = LeakWatch(self._project, self._codec, self._leak_seams)
        self._erasing = Erasing(self._project, self._codec, self._erasure_seams)
        self._rewrapping = Rewrapping(self._project, self._codec, self._documents)
        self._lateness.forget()
        self._swept_at = self._scanned_at = None
        others = (self._leaks, self._erasing, self._rewrapping)
        for message in changelog:
            if not any(one.apply(message) for one in others):
                self._holdings.apply(message)
        return Plan()

    def process(self, batch: Batch) -> Plan:
        """Carry out committed intents, take in the batch, and decide anew when it is time."""
        clocks = Clocks(batch.now, self._told_time())
        now = clocks.later
        done = self._do()
        findings = self._find(now, by_time=clocks.agree)
        rewrapped = self._rewrapping.step(now, may_begin=clocks.agree)
        plan = Plan()
        self._say(done, now, plan)
        self._rewrapping.say(rewrapped, plan)
        for message in batch.messages:
            self._read(message, now, plan)
        if findings is not None:
            self._note(findings, now)
        if clocks.agree and _is_due(self._swept_at, now, self._settings.sweep_ms):
            self._sweep(now)
        self._leaks.look(now, plan)
        self._erasing.look(self._holdings, now, plan)
        plan.events += self._lateness.look(batch.now)
        plan.notice = "; ".join(filter(None, (_waiting(clocks), self._lateness.notice)))
        gauges.show_clocks(self._project, clocks)
        plan.outputs += [*self._holdings.changes(), *self._leaks.changes()]
        plan.outputs += [*self._erasing.changes(), *self._rewrapping.changes()]
        return plan

    def control(self, changed: Sequence[str]) -> Plan:
        """Note withdrawals; they are acknowledged (`task.withdrawn`) when Vault no longer holds the task."""
        found = {task for key in changed if (task := withdrawn_task(key, self._project))}
        self._holdings.order_withdrawal(found, Clocks(self._clock.now(), self._told_time()).later)
        return Plan(outputs=self._holdings.changes())

    # Do: Vault only, memory untouched, so that a failure here leaves everything as it was.

    def _do(self) -> _Done:
        holdings, limit = self._holdings, self._settings.destroy_limit
        doomed = holdings.segments.doomed(limit)
        for segment in doomed:
            destroy(self._documents, segment.segment_id)
        rewritten = self._ordered()
        for segment_id, task_ids in rewritten.items():
            self._rewrite(segment_id, task_ids)
        halves = tuple(path for path, _ in islice(holdings.halves.items(), limit))
        for path in halves:
            self._documents.destroy(path)
        return _Done(doomed, rewritten, halves)

    def _ordered(self) -> dict[str, frozenset[str]]:
        """The withdrawals to carry out now, by live segment. Those of a doomed segment go with it."""
        tasks: dict[str, set[str]] = {}
        for task_id, order in self._holdings.withdrawals.items():
            if not order.done and order.segment_id in self._holdings.indexes and self._lives(order.segment_id):
                tasks.setdefault(order.segment_id, set()).add(task_id)
        now = islice(tasks.items(), self._settings.destroy_limit)
        return {segment_id: frozenset(task_ids) for segment_id, task_ids in now}

    def _lives(self, segment_id: str) -> bool:
        segment = self._holdings.segments.get(segment_id)
        return segment is not None and segment.stage is SegmentStage.LIVE

    def _rewrite(self, segment_id: str, task_ids: frozenset[str]) -> None:
        index = self._holdings.indexes.get(segment_id)
        if index is not None and all(entry.task_id in task_ids for entry in index.entries):
            destroy(self._documents, segment_id)
        else:
            take_out(self._documents, segment_id, task_ids)

    def _find(self, now: int, *, by_time: bool) -> Findings | None:
        wanted = self._erasing.wants_sweep
        if not (wanted or _is_due(self._scanned_at, now, self._settings.scan_ms)):
            return None
        lifetimes = self._settings.lifetimes
        found = scan(self._holdings, self._documents, self._segments_now, lifetimes, now)
        if wanted:
            self._erasing.swept(committed(self._segments_now()), found.suspects, self._holdings, now)
        return found if by_time else replace(found, halves=())

    # Say: what was done, as events, indexes and tombstones.

    def _say(self, done: _Done, now: int, plan: Plan) -> None:
        for segment in done.segments:
            self._destroyed(segment.segment_id, segment.reason, now, plan)
        for segment_id, task_ids in done.rewritten.items():
            self._rewritten(segment_id, task_ids, now, plan)
        for path in done.halves:
            self._holdings.halves.remove(path)
            plan.events.append(_half_destroyed(path))

    def _destroyed(self, segment_id: str, why: str, now: int, plan: Plan) -> None:
        index = self._holdings.destroyed(segment_id, now)
        details = {"tasks": str(len(index.entries) if index else 0)}
        bundle = index.bundle if index else ""
        resource = segment_resource(segment_id)
        plan.events.append(
            Event(EventType.SEGMENT_DESTROYED, resource, reason=why, bundle=bundle, details=details)
        )
        if index is not None:
            plan.outputs.append(Outgoing(self._topic, segment_id.encode(), None))
            self._withdrawn(segment_id, frozenset(it.task_id for it in index.entries), plan)

    def _rewritten(self, segment_id: str, task_ids: frozenset[str], now: int, plan: Plan) -> None:
        left = self._holdings.taken_out(segment_id, task_ids, now)
        if left.entries:
            plan.outputs.append(Outgoing(self._topic, segment_id.encode(), self._codec.encode(left)))
            plan.events.append(
                Event(
                    EventType.SEGMENT_REWRITTEN,
                    segment_resource(segment_id),
                    reason=Why.WITHDRAWN.value,
                    bundle=left.bundle,
                    parents=tuple(map(task_resource, sorted(task_ids))),
                )
            )
        else:
            self._destroyed(segment_id, Why.WITHDRAWN.value, now, plan)
        self._withdrawn(segment_id, task_ids, plan)

    def _withdrawn(self, segment_id: str, task_ids: frozenset[str], plan: Plan) -> None:
        for task_id in sorted(task_ids):
            order = self._holdings.withdrawals.get(task_id)
            if order is None or order.done:
                continue
            self._holdings.withdrawals.put(task_id, replace(order, segment_id=segment_id, done=True))
            parents = (segment_resource(segment_id),)
            reason = Reason.WITHDRAWN.value
            plan.events.append(
                Event(
                    EventType.TASK_WITHDRAWN,
                    task_resource(task_id),
                    "dropped",
                    reason=reason,
                    parents=parents,
                )
            )

    # Read: what the other stages have committed.

    def _read(self, message: Message, now: int, plan: Plan) -> None:
        try:
            if message.topic == self._topic:
                self._read_segments(message, now)
            elif message.topic == self._scores:
                self._read_score(message, now)
            elif message.value is not None:
                label = self._codec.decode(message.value, JoinedLabel)
                self._holdings.task_joined(label.segment_id, label.task_id, now)
        except RecordError as error:
            plan.events.append(refused(message, error.reason))

    def _read_score(self, message: Message, now: int) -> None:
        """A gold task is over when it is scored: it is never joined. What people answered is for decide."""
        if not (message.key or b"").startswith(REDACTION.encode()):
            return
        score = self._codec.decode(message.value, RedactionScore)
        self._holdings.task_joined(score.segment_id, score.task_id, now)
        self._leaks.take(score, now)

    def _read_segments(self, message: Message, now: int) -> None:
        key = (message.key or b"").decode("utf-8", "replace")
        if key.startswith(EPOCH):
            self._holdings.epoch_began(self._epoch(message, key))
        elif message.value is None:
            self._holdings.tombstone_came(key)
        else:
            index = self._index(message, key)
            self._holdings.index_came(index, now)
            if self._holdings.indexes.get(key) == index:  # not an older one, read again
                self._erasing.came(index)

    def _epoch(self, message: Message, key: str) -> SlotEpoch:
        epoch = self._codec.decode(message.value, SlotEpoch)
        if key != EPOCH + epoch.slot:
            raise Refused(Reason.BAD_REQUEST, "an epoch under the key of another slot")
        return epoch

    def _index(self, message: Message, key: str) -> SegmentIndex:
        index = self._codec.decode(message.value, SegmentIndex)
        place = Place(index.slot, index.epoch, index.sequence)
        if key != index.segment_id or place_of(key) != place:
            raise Refused(Reason.BAD_REQUEST, "a segment index under the key of another segment")
        return index

    # Decide: intents, carried out by a later call.

    def _note(self, findings: Findings, now: int) -> None:
        self._scanned_at = now
        for segment_id in findings.orphans:
            if not self._lives(segment_id):  # never, by the rule; a live segment is worth a second check
                self._holdings.doom(segment_id, Why.ORPHAN.value, now)
        for segment_id in findings.suspects:
            self._holdings.suspect(segment_id, now)
        for segment_id in findings.vanished:
            if not self._lives(segment_id):
                self._holdings.forget(segment_id)
        for path in findings.halves:
            self._holdings.halves.put(path, KeptHalf(path, now))

    def _sweep(self, now: int) -> None:
        self._swept_at = now
        lifetimes = self._settings.lifetimes
        for segment_id, known in list(self._holdings.segments.items()):
            segment = happened_by(known, now)
            if segment is not known:
                self._holdings.segments.put(segment_id, segment)
            why = end_of(segment, self._holdings.indexes.get(segment_id), now, lifetimes)
            if why is not None:
                self._holdings.doom(segment_id, why.value, now)
            elif is_forgotten(segment, now, lifetimes):
                self._holdings.forget(segment_id)
        for task_id, order in list(self._holdings.withdrawals.items()):
            if now - order.since >= lifetimes.hard_ttl_ms:
                self._holdings.withdrawals.remove(task_id)


def _is_due(last: int | None, now: int, interval: int) -> bool:
    """Also where the clock was set back since."""
    return last is None or not 0 <= now - last < interval


def _waiting(clocks: Clocks) -> str:
    return f"{clocks.why}: nothing is destroyed because its time is over until they agree" if clocks.why else ""


def _half_destroyed(path: str) -> Event:
    place = half_place_of(path)
    resource = slot_resource(place.slot if place else "")
    details = {"path": path}
    return Event(EventType.SEGMENT_DESTROYED, resource, reason=Why.EXPIRED.value, details=details)
