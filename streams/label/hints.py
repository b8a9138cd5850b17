"""Who may be told something of a placeholder, and how often. Pure: times are arguments.

1. Only of a placeholder that the task has, of a kind of which its policy has hints.
2. Not while the project is frozen or paused, or the person is: who has a task may finish it, and learns no more.
3. A placeholder counts once for a person and task, however often it is asked for, under whichever lease.
4. Never more than `per_task` of one task and `per_hour` within any hour.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from schemas.errors import Reason, Refused
from schemas.records import Task
from schemas.states import HintState, TaskWork
from streams.label.hourly import Hourly, Later
from topology.policies.hints import Hint, Hints

PLACEHOLDER = r"\[[A-Z][A-Z0-9_]{0,39}_[1-9][0-9]{0,5}\]"
"""As redact numbers them."""
_PARTS = re.compile(r"\[(?P<category>[A-Z][A-Z0-9_]*)_(?P<number>[1-9][0-9]*)\]")
DENIED = frozenset(
    {
        Reason.NO_HINT,
        Reason.UNKNOWN_PLACEHOLDER,
        Reason.HINTS_STOPPED,
        Reason.PERSON_PAUSED,
        Reason.HINTS_USED_UP,
        Reason.TOO_MANY_HINTS,
    }
)
"""Why somebody who has the task is told nothing; each is on the audit."""


def kind_of(placeholder: str, task: Task, hints: Hints) -> Hint:
    """What may be told of the placeholder. Raises Refused (`no_hint`, `unknown_placeholder`)."""
    parts = _PARTS.fullmatch(placeholder)
    category = parts["category"] if parts else ""
    seen = sum(it.category == category for shape in task.fields for it in shape.placeholders)
    if parts is None or int(parts["number"]) > seen:
        raise Refused(Reason.UNKNOWN_PLACEHOLDER, "the task has no such placeholder")
    kind = hints.of(category)
    if kind is None:
        raise Refused(Reason.NO_HINT, "the policy of this task has no hints of such placeholders")
    return kind


class HintTimes:
    """When each person asked for what counts, within the last hour. Not thread-safe."""

    def __init__(self, states: Iterable[HintState]) -> None:
        self._hourly = Hourly((state.person, state.asked_at) for state in states)

    def check(self, person: str, per_hour: int, now: int) -> None:
        """Raises Later."""
        wait_ms = self._hourly.wait_ms(person, per_hour, now)
        if wait_ms:
            message = "you have asked for as many hints as the policy allows in an hour"
            raise Later(Reason.TOO_MANY_HINTS, message, wait_ms)

    def note(self, state: HintState) -> None:
        """One more that counts."""
        self._hourly.note(state.person, state.asked_at)


def asked_of(work: TaskWork, person: str) -> tuple[str, ...]:
    """The placeholders of the task that this person has asked about."""
    return tuple(one.placeholder for one in work.hints if one.person == person)


def asked(work: TaskWork, state: HintState, hints: Hints, times: HintTimes) -> TaskWork:
    """The task with one more hint asked for; itself where this person had asked for it before.

    Raises Refused (`hints_used_up`), Later.
    """
    before = asked_of(work, state.person)
    if state.placeholder in before:
        return work
    if len(before) >= hints.per_task:
        raise Refused(Reason.HINTS_USED_UP, "you have asked for as many hints of this task as its policy allows")
    times.check(state.person, hints.per_hour, state.asked_at)
    times.note(state)
    return replace(work, hints=(*work.hints, state))
