"""Which tasks are worked on or lie in clear for other queues, from the audit alone. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.audit import AuditEvent, EventType
from schemas.resources import task_ids
from streams.audit.texts_in_clear import TextsInClear
from topology.writers import is_by_its_writer

_APP = "app "
"""How the client of a view begins, where it is an app (`streams.label`): then its name follows."""
_PULLED = frozenset({EventType.TASK_WITHDRAWN, EventType.WITHDRAWAL_ORDERED})
_ENDS = _PULLED | {
    EventType.TASK_CLOSED,
    EventType.TASK_REPORTED,
    EventType.LABEL_JOINED,
    EventType.GOLD_SCORED,
}


@dataclass(slots=True)
class _Tasks:
    policies: dict[str, str] = field(default_factory=dict)
    shown: dict[str, set[str]] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    pulled: set[str] = field(default_factory=set)
    """By an order; of these nobody has anything any more."""

    def without(self, gone: Collection[str]) -> Mapping[str, str]:
        """The policies of all others, by task in order."""
        return {task: policy for task, policy in sorted(self.policies.items()) if task not in gone}


def open_tasks(events: Iterable[AuditEvent]) -> Mapping[str, str]:
    """The open tasks, in any order of events: the hash of the policy that each was made under, by task id."""
    found = _read(events)
    return found.without(found.over | found.pulled)


def released_tasks(events: Sequence[AuditEvent], project: str) -> Mapping[str, str]:
    """As `open_tasks`, and those whose work is over while their text lies in clear; not what is pulled already.
    Events of a slot in their own order.
    """
    found, texts = _read(events), TextsInClear(project)
    for event in events:
        texts.add(event)
    return found.without({task for task in found.over if task not in texts} | found.pulled)


def shown_to(events: Iterable[AuditEvent], who: str) -> tuple[str, ...]:
    """The open tasks that a person, or people through an app, have seen."""
    found = _read(events)
    return tuple(sorted(found.shown.get(who, set()) - found.over - found.pulled))


def _read(events: Iterable[AuditEvent]) -> _Tasks:
    found = _Tasks()
    for event in events:
        if not is_by_its_writer(event):
            continue
        if event.type in _ENDS:
            (found.pulled if event.type in _PULLED else found.over).update(task_ids(event))
        elif event.type is EventType.TASK_VIEWED:
            client = event.details.get("client", "")
            by = {event.person, client.removeprefix(_APP) if client.startswith(_APP) else event.person}
            for who in by:
                found.shown.setdefault(who, set()).update(task_ids(event))
        elif event.type is EventType.BATCH_REDACTED and event.batch is not None:
            policy = event.details.get("policy", "")
            found.policies |= {one.task_id: policy for one in event.batch.outcomes if one.task_id}
    return found
