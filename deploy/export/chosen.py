"""Which tasks' texts may be taken out: decided, still on `tasks.P`, neither withdrawn nor erased. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from deploy.export.latest import latest
from schemas.audit import Event, EventType
from schemas.codec import Codec
from schemas.records import SegmentIndex, Task, Verdict
from schemas.resources import control_resource, segment_resource, task_resource
from streams.engine.messages import Message

TASKS_IN_AN_EVENT = 5_000
"""An event's parents are its tasks, 40 bytes each: 200 kB, of 1 MiB a record may have; segments have fewer."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A task, sealed, and the verdict on it."""

    task: Task
    verdict: Verdict

    @property
    def task_id(self) -> str:
        """Of the task."""
        return self.task.task_id


@dataclass(frozen=True, slots=True)
class Choice:
    """`chosen` in the order of segments, so that each is read once. `ended`: verdicts whose task has left
    `tasks.P`; `unreadable`: records that are no task or verdict.
    """

    chosen: tuple[Chosen, ...]
    ended: int
    unreadable: int


def choose(
    codec: Codec,
    tasks: Iterable[Message],
    verdicts: Iterable[Message],
    segments: Iterable[SegmentIndex],
    withdrawn: Collection[str],
    erased: Collection[bytes],
) -> Choice:
    """`erased`: keyed hashes of subjects, see `of_erased`. A verdict on another revision than the task's says
    nothing of this text.
    """
    sealed, bad_tasks = latest(codec, tasks, Task)
    decided, bad_verdicts = latest(codec, verdicts, Verdict)
    out = set(withdrawn) | of_erased(segments, erased)
    wanted = {name: it for name, it in decided.items() if name not in out}
    found = [Chosen(sealed[name], it) for name, it in wanted.items() if _fit(sealed.get(name), it)]
    found.sort(key=lambda it: (it.task.segment_id, it.task_id))
    return Choice(tuple(found), len(wanted) - len(found), bad_tasks + bad_verdicts)


def announcements(chosen: Iterable[Chosen], order_key: str, person: str, form: str) -> Iterator[Event]:
    """An event for each segment: Vault's own log shows which segment's document is read."""
    for segment, those in groupby(chosen, key=lambda it: it.task.segment_id):
        tasks = [it.task_id for it in those]
        for first in range(0, len(tasks), TASKS_IN_AN_EVENT):
            named = tasks[first : first + TASKS_IN_AN_EVENT]
            yield Event(
                EventType.TEXTS_EXPORTED,
                segment_resource(segment),
                person=person,
                parents=(control_resource(order_key), *map(task_resource, named)),
                details={"order": order_key.rpartition("/")[2], "format": form, "texts": str(len(named))},
            )


def of_erased(segments: Iterable[SegmentIndex], erased: Collection[bytes]) -> set[str]:
    """The tasks of who is erased: out from the second signature on, whatever keeper has yet to do."""
    gone = set(erased)
    return {entry.task_id for it in segments for entry in it.entries if not gone.isdisjoint(entry.subjects)}


def _fit(task: Task | None, verdict: Verdict) -> bool:
    return task is not None and (task.revision, task.segment_id) == (verdict.revision, verdict.segment_id)
