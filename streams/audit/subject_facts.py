"""What the audit says of a few tasks: when each of their records came to which place. Pure.

One reading of the log, events in any order. Which tasks are somebody's is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType

from schemas.audit import AuditEvent, EventType, RawOutcome
from schemas.records import RawReference
from schemas.resources import task_ids
from topology.writers import is_by_its_writer

POLICY = "policy"
"""Detail of `batch.redacted`: the hash of the policy it was redacted by."""

_LAST = MappingProxyType(
    {
        EventType.TASK_CLOSED: "closed",
        EventType.VERDICT_REACHED: "verdict",
        EventType.LABEL_JOINED: "joined",
        EventType.GOLD_SCORED: "scored",
        EventType.TASK_WITHDRAWN: "out",
        EventType.TEXTS_RETRACTED: "retracted",
    }
)
_EACH = MappingProxyType(
    {
        EventType.TASK_VIEWED: "seen",
        EventType.TEXTS_OPENED: "opened",
        EventType.LABEL_SUBMITTED: "labels",
        EventType.TASK_REPORTED: "reported",
        EventType.COMMENT_WRITTEN: "commented",
        EventType.COMMENT_REDACTED: "noted",
        EventType.WEBHOOK_DELIVERED: "told",
        EventType.VALUE_REVEALED: "revealed",
    }
)
"""Which events are noted where in `TaskFacts`: the last of a kind, or each."""
_EXPORTS = frozenset({EventType.LABELS_EXPORTED, EventType.JOINED_EXPORTED, EventType.TEXTS_EXPORTED})


@dataclass(slots=True)
class TaskFacts:
    """One task's, in milliseconds; 0 and empty: never. `policy`: the hash it was redacted under. `out`: since when
    it is out of Vault. `seen`: by who labels; `opened`: laid out in clear, which `retracted` has ended; `told`: by
    webhooks; `revealed`: on grants. `events` counts all that name it.
    """

    raw: RawReference | None = None
    redacted: int = 0
    policy: str = ""
    bundle: str = ""
    closed: int = 0
    verdict: int = 0
    joined: int = 0
    scored: int = 0
    out: int = 0
    retracted: int = 0
    labels: list[int] = field(default_factory=list)
    reported: list[int] = field(default_factory=list)
    commented: list[int] = field(default_factory=list)
    noted: list[int] = field(default_factory=list)
    quarantined: list[int] = field(default_factory=list)
    """When other revisions of its raw record went to quarantine."""
    seen: list[int] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    revealed: list[int] = field(default_factory=list)
    events: int = 0
    first: int = 0
    last: int = 0


@dataclass(slots=True)
class SubjectFacts:
    """`tasks` by their id, all that were asked for. `exports`: when labels of the project were taken out as a
    file, whosever they are. `about`: events that name the subject itself, by its hash.
    """

    tasks: dict[str, TaskFacts]
    exports: list[int] = field(default_factory=list)
    about: list[int] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """The policies (hashes) under which any task was made."""


def subject_facts(
    events: Iterable[AuditEvent], project: str, tasks: AbstractSet[str], concern: str
) -> SubjectFacts:
    """Of these tasks. `concern`: the resource by which the audit names the subject itself."""
    found = SubjectFacts({task: TaskFacts() for task in sorted(tasks)})
    quarantined: dict[tuple[str, int, int], list[int]] = {}
    for event in events:
        if not is_by_its_writer(event):
            continue
        if event.batch is not None and event.type is EventType.BATCH_REDACTED:
            _redacted(found, event, quarantined)
            continue
        if any(_names(it, concern) for it in (event.resource, *event.parents)):
            found.about.append(event.time)
        if event.type in _EXPORTS:
            found.exports.append(event.time)
        for task in task_ids(event):
            if (facts := found.tasks.get(task)) is not None:
                _count(facts, event.time)
                _note(facts, event, project)
    for facts in found.tasks.values():
        if facts.raw is not None:
            facts.quarantined = quarantined.get((facts.raw.topic, facts.raw.partition, facts.raw.offset), [])
    return found


def _redacted(found: SubjectFacts, event: AuditEvent, quarantined: dict[tuple[str, int, int], list[int]]) -> None:
    batch = event.batch
    assert batch is not None, "asked before"
    policy = event.details.get(POLICY, "")
    for one in batch.outcomes:
        if one.task_id:
            found.used.add(policy)
        if one.outcome is RawOutcome.QUARANTINED:
            quarantined.setdefault((batch.topic, batch.partition, one.offset), []).append(event.time)
        elif one.task_id and (facts := found.tasks.get(one.task_id)) is not None:
            facts.raw = RawReference(batch.topic, batch.partition, one.offset, one.revision)
            facts.redacted, facts.bundle = event.time, event.bundle
            facts.policy = policy
            _count(facts, event.time)


def _count(facts: TaskFacts, at: int) -> None:
    facts.events += 1
    facts.first, facts.last = min(at, facts.first or at), max(at, facts.last)


def _note(facts: TaskFacts, event: AuditEvent, project: str) -> None:
    if event.type is EventType.TASK_WITHDRAWN and event.process != f"keeper.{project}":
        return  # somebody has let go of it; keeper alone takes it out of Vault
    if event.type is EventType.TEXTS_OPENED and event.outcome != "success":
        return  # it was not opened
    if (name := _LAST.get(event.type)) is not None:
        setattr(facts, name, event.time)
    elif (name := _EACH.get(event.type)) is not None:
        getattr(facts, name).append(event.time)


def _names(resource: str, concern: str) -> bool:
    return resource == concern or resource.startswith(f"{concern}/")
