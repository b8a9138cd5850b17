"""The audit events of the label stage.

Each names its task, as resource or parent (`schemas.resources`), so that lineage can be followed. The id of a
label is that of its lease: a lease becomes one label at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from schemas import durations
from schemas.audit import Decision, Event, EventType
from schemas.errors import Reason
from schemas.records import Task
from schemas.resources import (
    comment_resource,
    label_resource,
    lease_resource,
    project_resource,
    segment_resource,
    session_resource,
    task_resource,
)
from schemas.states import CommentState, LeaseEnding
from streams.label import work
from streams.label.commands import (
    Attempt,
    Commented,
    Deny,
    Ended,
    EndSession,
    Grant,
    Held,
    Hinted,
    Lead,
    Lease,
    Leased,
    StartSession,
    WriteComment,
)
from streams.label.skills import Missing
from topology.jobs import Job
from topology.project import Project

PURPOSE = "annotation"
_ENDINGS = {
    LeaseEnding.LABEL: EventType.LABEL_SUBMITTED,
    LeaseEnding.SKIP: EventType.TASK_SKIPPED,
    LeaseEnding.RELEASE: EventType.TASK_RELEASED,
    LeaseEnding.REPORT: EventType.TASK_REPORTED,
}


def viewed(leased: Leased, grant: Grant) -> Event:
    """Committed before the content is opened, each time it is."""
    details = {
        "fencing_token": str(leased.lease.fencing_token),
        "expires_at": str(leased.lease.expires_at),
        "again": str(leased.again).lower(),
    }
    return _opening(EventType.TASK_VIEWED, leased, details, grant)


def renewed(leased: Leased) -> Event:
    """Every heartbeat."""
    return _of_lease(EventType.LEASE_RENEWED, leased.lease, leased.task)


def expired(leased: Leased) -> Event:
    """A lease that nobody renewed."""
    return _of_lease(EventType.LEASE_EXPIRED, leased.lease, leased.task)


def revoked(leased: Leased) -> Event:
    """An operator keeps the person from the task."""
    return replace(_of_lease(EventType.LEASE_REVOKED, leased.lease, leased.task), reason=Reason.EXCLUDED)


def skills_missing(project: str, missing: Missing) -> Event:
    """Tasks ask for what nobody in the project can. Once, until it is no longer so."""
    details = {"skills": " ".join(missing.skills), "tasks": str(missing.tasks), "role": missing.role}
    return Event(EventType.SKILLS_MISSING, project_resource(project), details=details)


def _of_lease(kind: EventType, lease: Lease, task: Task) -> Event:
    return Event(
        kind,
        lease_resource(lease.lease_id),
        person=lease.person,
        purpose=PURPOSE,
        bundle=task.bundle,
        parents=(task_resource(lease.task_id),),
        details={"fencing_token": str(lease.fencing_token), "expires_at": str(lease.expires_at)},
    )


def finished(ended: Ended, task: Task) -> Event:
    """A lease that its holder ended: with a label, by skipping, releasing or reporting."""
    labeled = ended.ending is LeaseEnding.LABEL
    lease = lease_resource(ended.lease_id)
    return Event(
        _ENDINGS[ended.ending],
        label_resource(ended.lease_id) if labeled else task_resource(ended.task_id),
        person=ended.person,
        purpose=PURPOSE,
        reason=ended.reason,
        bundle=task.bundle,
        parents=(lease, task_resource(ended.task_id)) if labeled else (lease,),
        details={} if ended.waited_ms is None else durations.waited(ended.waited_ms),
    )


def hint_shown(hinted: Hinted, grant: Grant) -> Event:
    """Committed before the hint is opened, each time it is; what it says is nowhere but in Vault."""
    leased = hinted.leased
    details = {
        "placeholder": hinted.placeholder,
        "hint": hinted.kind,
        "again": str(hinted.again).lower(),
        "asked": str(hinted.asked),
    }
    return _opening(EventType.HINT_SHOWN, leased, details, grant)


def comments_viewed(found: Commented, by: Held | Lead, grant: Grant) -> Event:
    """Committed before the comments are opened, and before one is added: both take the task's key."""
    opened = sum(bool(state.sealed) for state in found.comments)
    details = {"comments": str(opened), "lead": _leads(by)}
    return _opened(EventType.COMMENTS_VIEWED, found.task, by.person, _lease_of(by), details, grant)


def comment_written(state: CommentState, task: Task, command: WriteComment) -> Event:
    """Committed with the comment, which is sealed for redact; nobody has seen it."""
    return Event(
        EventType.COMMENT_WRITTEN,
        comment_resource(state.comment_id),
        decision=Decision.ALLOW,
        person=state.person,
        purpose=PURPOSE,
        bundle=task.bundle,
        parents=(task_resource(task.task_id), *_lease_of(command.by)),
        details={"lead": _leads(command.by), "length": str(command.draft.length), **_by(command.grant)},
    )


def _leads(by: Held | Lead) -> str:
    """Whether somebody does it as a lead, without a lease."""
    return str(isinstance(by, Lead)).lower()


def _lease_of(by: Held | Lead) -> tuple[str, ...]:
    return (lease_resource(by.lease_id),) if isinstance(by, Held) else ()


def _by(grant: Grant) -> dict[str, str]:
    return {"rule": grant.rule, "client": grant.client, "job": grant.job}


def _opening(kind: EventType, leased: Leased, details: Mapping[str, str], grant: Grant) -> Event:
    lease = lease_resource(leased.lease.lease_id)
    return _opened(kind, leased.task, leased.lease.person, (lease,), details, grant)


def _opened(
    kind: EventType, task: Task, person: str, lease: tuple[str, ...], details: Mapping[str, str], grant: Grant
) -> Event:
    """Something of the task's is about to be opened, and by which rule."""
    return Event(
        kind,
        task_resource(task.task_id),
        decision=Decision.ALLOW,
        person=person,
        purpose=PURPOSE,
        bundle=task.bundle,
        parents=(*lease, segment_resource(task.segment_id)),
        details={**details, **_by(grant)},
    )


def attempted(command: Attempt, task: Task, suppressed: int) -> Event:
    """The page has refused to let a text be taken away; `suppressed` calls that said so had no event."""
    return Event(
        EventType.COPY_ATTEMPTED,
        task_resource(task.task_id),
        "refused",
        person=command.held.person,
        purpose=PURPOSE,
        bundle=task.bundle,
        parents=(lease_resource(command.held.lease_id),),
        details={"taking": command.taking.value, "times": str(command.times + suppressed)},
    )


def closed(task: Task, reason: str) -> Event:
    """Decide has closed the task; `reason` is the order's."""
    return Event(EventType.TASK_CLOSED, task_resource(task.task_id), reason=reason, bundle=task.bundle)


def withdrawn(task_id: str, task: Task | None, reason: str) -> Event:
    """The acknowledgement: neither this task nor its key is held here any more. `held`: whether it was."""
    return Event(
        EventType.TASK_WITHDRAWN,
        task_resource(task_id),
        reason=reason,
        bundle=task.bundle if task else "",
        details={"held": "true" if task else "false"},
    )


def unopenable(held: Held, task: Task, reason: Reason) -> Event:
    """The sealed content of a task did not open; nobody has seen it, nobody will."""
    return Event(
        EventType.RECORD_REFUSED,
        task_resource(task.task_id),
        "refused",
        reason=reason,
        bundle=task.bundle,
        parents=(lease_resource(held.lease_id), segment_resource(task.segment_id)),
    )


def denied(command: Deny, parents: tuple[str, ...] = ()) -> Event:
    """Someone asked for what is not theirs. `suppressed`: how many like it were not written since the last."""
    suppressed = {"suppressed": str(command.suppressed)} if command.suppressed else {}
    return Event(
        EventType.ACCESS_DENIED,
        command.resource,
        "refused",
        decision=Decision.DENY,
        person=command.person,
        purpose=PURPOSE,
        reason=command.reason,
        parents=parents,
        details={**command.details, **suppressed},
    )


def denied_lease(held: Held, reason: Reason, suppressed: int) -> Event:
    """A person used the lease of another one, or was told nothing under their own. Written from its parts: nothing
    a client sent goes into audit.
    """
    task_id, token = work.split(held.lease_id)
    resource = lease_resource(work.lease_id(task_id, token))
    return denied(Deny(held.person, resource, reason, suppressed), (task_resource(task_id),))


def session_started(command: StartSession) -> Event:
    """Committed before the browser gets the session."""
    return Event(
        EventType.SESSION_STARTED,
        session_resource(command.session_id),
        decision=Decision.ALLOW,
        person=command.person,
        purpose=PURPOSE,
        details={"expires_at": str(command.expires_at), "rule": command.rule, **_bound_to(command)},
    )


def job_adopted(job: Job, project: Project) -> Event:
    """Label works by this labeling job, and by the persons of this state of the project's file, from here on."""
    return Event(
        EventType.JOB_ADOPTED,
        project_resource(project.name),
        details={
            "version": str(job.version),
            "job": job.hash,
            "signed": str(job.signed).lower(),
            "project": project.hash,
        },
    )


def onboarded(person: str, project: str, tasks: int) -> Event:
    """Somebody has answered every onboarding task of the project right."""
    return Event(
        EventType.PERSON_ONBOARDED,
        project_resource(project),
        person=person,
        purpose=PURPOSE,
        details={"tasks": str(tasks)},
    )


def session_ended(command: EndSession) -> Event:
    """`ended_at`: since when it opens nothing; the event may follow later."""
    return Event(
        EventType.SESSION_ENDED,
        session_resource(command.session_id),
        person=command.person,
        purpose=PURPOSE,
        reason=command.reason,
        details={"ended_at": str(command.ended_at), **_bound_to(command)},
    )


def _bound_to(command: StartSession | EndSession) -> dict[str, str]:
    """What a session is good for, beside its person and project."""
    return {"purpose": command.purpose, "batch": command.batch}
