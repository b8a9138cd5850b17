"""Which tasks are still to be worked on, from the audit alone: all, or those that somebody was shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.audit import AuditEvent, EventType
from schemas.resources import task_ids
from topology.writers import is_by_its_writer

_APP = "app "
"""How the client of a view begins, where it is an app (`streams.label`): then its name follows."""
_ENDS = frozenset(
    {
        EventType.TASK_CLOSED,
        EventType.TASK_REPORTED,
        EventType.TASK_WITHDRAWN,
        EventType.WITHDRAWAL_ORDERED,
        EventType.LABEL_JOINED,
        EventType.GOLD_SCORED,
    }
)


@dataclass(slots=True)
class _Tasks:
    policies: dict[str, str] = field(default_factory=dict)
    shown: dict[str, set[str]] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)


def open_tasks(events: Iterable[AuditEvent]) -> Mapping[str, str]:
    """The open tasks, in any order of events: the hash of the policy that each was made under, by task id."""
    found = _read(events)
    return {task: policy for task, policy in sorted(found.policies.items()) if task not in found.over}


def shown_to(events: Iterable[AuditEvent], who: str) -> tuple[str, ...]:
    """The open tasks that a person, or people through an app, have seen."""
    found = _read(events)
    return tuple(sorted(found.shown.get(who, set()) - found.over))


def _read(events: Iterable[AuditEvent]) -> _Tasks:
    found = _Tasks()
    for event in events:
        if not is_by_its_writer(event):
            continue
        if event.type in _ENDS:
            found.over |= set(task_ids(event))
        elif event.type is EventType.TASK_VIEWED:
            client = event.details.get("client", "")
            by = {event.person, client.removeprefix(_APP) if client.startswith(_APP) else event.person}
            for who in by:
                found.shown.setdefault(who, set()).update(task_ids(event))
        elif event.type is EventType.BATCH_REDACTED and event.batch is not None:
            policy = event.details.get("policy", "")
            found.policies |= {one.task_id: policy for one in event.batch.outcomes if one.task_id}
    return found
