"""The opener stage: sealed tasks in, the same in clear out; tombstones when a mapping ends.

A text goes through two transactions, with the opening between them:

1. **Announce.** The task, still sealed, is kept in `opener-state.P`, and `texts.opening` says that it is about to
   be opened. Nothing has been asked of Vault yet.
2. **Open.** The next call opens what was announced, before it changes anything in memory.
3. **Lay out.** That call's transaction commits the text on `open.P`, `texts.opened`, and that the task lies there.

A crash before the commit of 1: the task is read again. After 1, or in the middle of 2: the restored task is
announced again, since each announcement stands for one reading of Vault, and then opened. After 2, before the
commit of 3: as well; nothing was on the topic. A commit in doubt leaves one of these, told apart by what restores.
So each text is announced before it is opened, lies there once, and is never on the topic without being in the
state that takes it back.

It is taken back when the task is withdrawn (at once, by the order itself), when it leaves its segment's index
(withdrawn, erased) or the segment ends, and when a later revision of its record becomes anything. What ended while
this stage was away is found by all indexes that there are, at each start. Where the project's file says
`open_texts: false`, everything is taken back from the start on, and nothing is opened.

*No text outlives its mapping, but for the time until this stage hears of its end.* What is opened was in Vault at
that moment. Keeper destroys in Vault first and says so on `segments.P` afterwards: where this stage has read that
before it opens, Vault has nothing to open; where it reads it afterwards, the task is in the state. For that reason
nothing that Vault gave is kept from one call to the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, groupby

from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.control import withdrawn_task
from schemas.errors import Reason, RecordError
from schemas.records import EPOCH, OpenTask, SegmentIndex, Task
from schemas.resources import project_resource, segment_resource, task_resource
from streams.engine.messages import Message, Outgoing
from streams.engine.processor import Batch, Plan, Slot
from streams.engine.refusals import refused
from streams.engine.superseded import USUAL_MS, ExpectedTasks
from streams.opener.metrics import TEXTS
from streams.opener.opened import Opened
from streams.opener.pending import Pending, size_of
from streams.opener.retracted import Retracted
from streams.opener.texts import open_task

ANNOUNCED_MS = 30_000
"""For how long an announcement stands: a use of Vault is matched with the event of the minute around it."""
AT_ONCE = 2_000
"""Opened in a call, and so in one transaction; as many are taken back of what is left over at a start."""
AT_ONCE_BYTES = 8 * 1024 * 1024
"""Opened in a call, as `size_of` counts; a single task may be more. With the records of a batch, which wait from
then on (12 MiB, `pending.py`), a transaction has 20 MiB to write, within its 15 s.
"""
SEGMENTS_AT_ONCE = 200
"""Read in a call, one after another: at 60 ms each, on a slow day, within the time that an announcement stands."""


class Ended(StrEnum):
    """Why a text is taken back. Words of the audit: add, never rename."""

    WITHDRAWN = "withdrawn"
    MAPPING = "mapping_ended"
    SUPERSEDED = "superseded"
    SWITCHED_OFF = "switched_off"
    NOTHING = "nothing_there"
    """Said once as a process begins with nothing: what earlier events say lay there was on another cluster, before
    a restore.
    """


@dataclass(frozen=True, slots=True)
class Seams:
    """What the stage needs of the outside.

    `is_open`: whether the policy of a hash publishes its tasks open; None: `control` has not said of it yet.
    `opening` gives what opens tasks (their text by field path), which asks Vault once a segment and is used for
    one call only; it raises RecordError for what never will open, VaultUnavailable, AccessDenied. `late_ms`: how
    long after a later revision the one before may come.
    """

    is_open: Callable[[str], bool | None]
    is_withdrawn: Callable[[str], bool]
    frozen_by: Callable[[], Sequence[str]]
    opening: Callable[[], Callable[[Task], Mapping[str, str]]]
    indexes: Callable[[], Mapping[str, SegmentIndex]]
    """By segment, as `segments.P` has them at its end as of the call."""
    now: Callable[[], int]
    """Milliseconds."""
    switched_on: bool = True
    """Else whatever lies in clear is taken back as the stage begins. Then `is_open` says False of every policy."""
    late_ms: Callable[[], int] = lambda: USUAL_MS


Result = OpenTask | Reason


class OpenerProcessor:
    """Opens tasks, takes them back (`streams.engine.processor.Processor`)."""

    def __init__(self, project: str, codec: Codec, seams: Seams) -> None:
        self._project = project
        self._codec = codec
        self._seams = seams
        self._tasks, self._open = f"tasks.{project}", f"open.{project}"
        self._began = False
        self._start()

    @property
    def held(self) -> frozenset[str]:
        """Tasks wait on their topic once so many wait here: label is frozen, or Vault does not answer. Fewer are
        read even then, since a later revision takes back the one before.
        """
        return frozenset({self._tasks}) if self._pending.is_full else frozenset()

    def restore(self, slot: Slot, changelog: Iterable[Message]) -> Plan:  # noqa: ARG002 - one slot owns all
        """Take over what lies in clear, and what was announced; that is announced anew."""
        self._start()
        for message in changelog:
            _ = any(it.apply(message) for it in (self._opened, self._pending, self._expected, self._retracted))
        self._opened.settle()
        self._pending.settle()
        self._expected.restored()
        if not self._seams.switched_on:
            self._leftover.extend(self._opened.tasks())
        elif len(self._opened):
            self._leftover.extend(self._without_mapping())
        return self._with_changes(Plan())

    def _without_mapping(self) -> Iterator[str]:
        """What lies in clear and is in no segment's index by now. While this stage was away, Kafka may have let go
        of a segment's tombstone, too, so that nobody is told any more. An index is committed with its tasks: what
        was opened has, or had, one.
        """
        indexes = self._seams.indexes()
        for segment_id in self._opened.segments():
            yield from self._opened.without_mapping(segment_id, indexes.get(segment_id))

    def process(self, batch: Batch) -> Plan:
        """Open what was announced, take in the batch, announce what is next."""
        frozen = self._seams.frozen_by()
        results = [] if frozen else self._results(batch.now)
        plan = Plan(notice=_notice(frozen))
        self._say_nothing_lies_there(plan)
        self._take_leftover_back(plan)
        self._lay_out(results, plan)
        for message in batch.messages:
            self._read(message, batch.now, plan)
        self._expected.purge(batch.now)
        plan.outputs += [self._tombstone(task_id) for task_id in self._retracted.due(batch.now)]
        if not frozen:
            self._announce(batch.now, plan)
        return self._with_changes(plan)

    def _take_leftover_back(self, plan: Plan) -> None:
        """Some at a time: all in one transaction might take longer than it may, at each start again."""
        some = [self._leftover.popleft() for _ in range(min(AT_ONCE, len(self._leftover)))]
        self._take_back(some, Ended.MAPPING if self._seams.switched_on else Ended.SWITCHED_OFF, plan)

    def _say_nothing_lies_there(self, plan: Plan) -> None:
        """Once a process, where it begins with nothing: what was restored is committed by now."""
        if not self._began and not len(self._opened):
            resource = project_resource(self._project)
            plan.events.append(Event(EventType.TEXTS_RETRACTED, resource, reason=Ended.NOTHING.value))
            plan.after.append(self._note_begun)
        else:
            self._began = True

    def _note_begun(self) -> None:
        self._began = True

    def control(self, changed: Sequence[str]) -> Plan:
        """Take back what is withdrawn. An order is shown until this commits, and again after each start."""
        found = {task for key in changed if (task := withdrawn_task(key, self._project))}
        plan = Plan()
        for task_id in found:
            self._drop(task_id)
        self._take_back(found, Ended.WITHDRAWN, plan)
        return self._with_changes(plan)

    def _start(self) -> None:
        topic = f"opener-state.{self._project}"
        self._opened = Opened(topic, self._codec)
        self._pending = Pending(topic, self._codec)
        self._expected = ExpectedTasks(topic, self._codec)
        self._retracted = Retracted(topic, self._codec)
        self._leftover = deque[str]()
        """What was found at the start that has to be taken back, and is not yet."""
        self._taken_back: list[str] = []
        """In this call."""
        self._announced: dict[str, int] = {}
        """When, by task; of this epoch."""

    def _with_changes(self, plan: Plan) -> Plan:
        if self._taken_back:
            self._retracted.add(self._taken_back, self._seams.now())
            self._taken_back = []
        TEXTS.labels(self._project).set(len(self._opened))
        states = (self._opened, self._pending, self._expected, self._retracted)
        plan.outputs += [change for it in states for change in it.changes()]
        return plan

    # Open: Vault only, memory untouched.

    def _results(self, now: int) -> list[tuple[Task, Result]]:
        """Of what was announced just now, in the order of segments."""
        since = now - ANNOUNCED_MS
        due = [task for name, task in self._pending.items() if self._announced.get(name, -1) >= since]
        opening = self._seams.opening()
        return [(task, self._result(task, opening, now)) for task in sorted(due, key=_by_segment)]

    def _result(self, task: Task, opening: Callable[[Task], Mapping[str, str]], now: int) -> Result:
        if self._seams.is_withdrawn(task.task_id):
            return Reason.WITHDRAWN
        try:
            return open_task(task, opening(task), now)
        except RecordError as error:
            return error.reason

    # Lay out, take back

    def _lay_out(self, results: Sequence[tuple[Task, Result]], plan: Plan) -> None:
        for task, result in results:
            self._drop(task.task_id)
            if isinstance(result, OpenTask):
                plan.outputs.append(Outgoing(self._open, task.task_id.encode(), self._codec.encode(result)))
        for (segment_id, reason), them in groupby(results, key=_segment_and_reason):
            tasks = [task for task, _ in them]
            ids = [task.task_id for task in tasks]
            outcome = "refused" if reason else "success"
            if not reason:
                self._opened.add(segment_id, ids)
            plan.events.append(
                _event(EventType.TEXTS_OPENED, segment_id, ids, tasks[0].bundle, outcome=outcome, reason=reason)
            )

    def _take_back(self, task_ids: Iterable[str], why: Ended, plan: Plan) -> None:
        by_segment = self._opened.remove(task_ids)
        for segment_id, gone in by_segment.items():
            plan.outputs += [self._tombstone(task_id) for task_id in gone]
            plan.events.append(_event(EventType.TEXTS_RETRACTED, segment_id, gone, reason=why.value))
        self._taken_back += [task_id for gone in by_segment.values() for task_id in gone]

    def _tombstone(self, task_id: str) -> Outgoing:
        return Outgoing(self._open, task_id.encode(), None)

    # Read

    def _read(self, message: Message, now: int, plan: Plan) -> None:
        try:
            if message.topic != self._tasks:
                self._segment_came(message, plan)
            elif message.value is None:  # a later revision came to nothing that people label
                self._superseded(_key_of(message), now, plan)
            else:
                self._task_came(self._codec.decode(message.value, Task), now, plan)
        except RecordError as error:
            plan.events.append(refused(message, error.reason))

    def _task_came(self, task: Task, now: int, plan: Plan) -> None:
        """A later revision takes back the one before, whatever its own policy says of publishing."""
        if task.supersedes:
            self._superseded(task.supersedes, now, plan)
        if not self._expected.came(task.task_id) and self._seams.is_open(task.policy) is not False:
            self._pending.put(task)

    def _superseded(self, task_id: str, now: int, plan: Plan) -> None:
        if task_id in self._opened or task_id in self._pending:
            self._drop(task_id)
            self._take_back([task_id], Ended.SUPERSEDED, plan)
        else:
            self._expected.expect(task_id, now + self._seams.late_ms())

    def _segment_came(self, message: Message, plan: Plan) -> None:
        key = _key_of(message)
        if not key.startswith(EPOCH):
            index = self._codec.decode(message.value, SegmentIndex) if message.value is not None else None
            self._take_back(self._opened.without_mapping(key, index), Ended.MAPPING, plan)

    def _drop(self, task_id: str) -> None:
        """It waits no more."""
        self._pending.remove(task_id)
        self._announced.pop(task_id, None)

    # Announce

    def _announce(self, now: int, plan: Plan) -> None:
        """What waits and is not announced, or was too long ago: Vault did not answer, or all was frozen."""
        due = []
        for name, task in list(self._pending.items()):
            is_open = self._seams.is_open(task.policy)
            if is_open is False or self._seams.is_withdrawn(name):
                self._drop(name)
            elif is_open and self._announced.get(name, -1) < now - ANNOUNCED_MS:
                due.append(task)
        due = _some(sorted(due, key=_by_segment))
        self._announced.update(dict.fromkeys((task.task_id for task in due), now))
        for segment_id, them in groupby(due, key=lambda it: it.segment_id):
            tasks = list(them)
            ids = [task.task_id for task in tasks]
            plan.events.append(_event(EventType.TEXTS_OPENING, segment_id, ids, tasks[0].bundle))


def _event(
    kind: EventType,
    segment_id: str,
    task_ids: Sequence[str],
    bundle: str = "",
    *,
    outcome: str = "success",
    reason: str = "",
) -> Event:
    return Event(
        kind,
        segment_resource(segment_id),
        outcome,
        reason=reason,
        bundle=bundle,
        parents=tuple(map(task_resource, task_ids)),
        details={"texts": str(len(task_ids))},
    )


def _key_of(message: Message) -> str:
    return (message.key or b"").decode("utf-8", "replace")


def _some(due: Sequence[Task]) -> list[Task]:
    """The first ones, one at least: no more segments than can be read in time, and bytes than can be written."""
    segments = list(dict.fromkeys(task.segment_id for task in due))
    last = frozenset(segments[:SEGMENTS_AT_ONCE])
    first = [task for task in due[:AT_ONCE] if task.segment_id in last]
    fitting = sum(size <= AT_ONCE_BYTES for size in accumulate(map(size_of, first)))
    return first[: max(1, fitting)]


def _notice(frozen: Sequence[str]) -> str:
    return f"frozen by {' and '.join(frozen)}: no text is opened" if frozen else ""


def _by_segment(task: Task) -> tuple[str, str]:
    return task.segment_id, task.task_id


def _segment_and_reason(one: tuple[Task, Result]) -> tuple[str, str]:
    task, result = one
    return task.segment_id, result.value if isinstance(result, Reason) else ""
