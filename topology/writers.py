"""Who alone may say what on the audit. Pure.

Rights let a process write to the audit of its project whatever it likes; its chain says that it was this process.
Whoever counts or judges events asks here whether it was its to say; reconciliation finds what was not.
"""

from __future__ import annotations

from schemas.audit import AuditEvent, EventType
from topology.identity import PERSON

WRITERS = {
    EventType.REREDACTION_BEGUN: "replay",
    EventType.REREDACTION_MISSED: "replay",
    EventType.REREDACTION_ENDED: "replay",
    EventType.RELEASE_COPIED: "replay",
    EventType.RELEASE_MISSED: "replay",
    EventType.GRANT_LOCATED: "reveal",
    EventType.VALUE_REVEALED: "reveal",
    EventType.GRANT_ENDED: "reveal",
    EventType.BUNDLE_ADOPTED: "redact",
    EventType.BATCH_REDACTED: "redact",
    EventType.TEXTS_OPENING: "opener",
    EventType.TEXTS_OPENED: "opener",
    EventType.TEXTS_RETRACTED: "opener",
    EventType.TASK_VIEWED: "label",
    EventType.TASK_RELEASED: "label",
    EventType.TASK_SKIPPED: "label",
    EventType.TASK_REPORTED: "label",
    EventType.HINT_SHOWN: "label",
    EventType.COMMENT_WRITTEN: "label",
    EventType.COMMENT_REDACTED: "redact",
    EventType.COMMENTS_VIEWED: "label",
    EventType.COPY_ATTEMPTED: "label",
    EventType.TASK_CLOSED: "label",
    EventType.LABEL_SUBMITTED: "label",
    EventType.LEASE_RENEWED: "label",
    EventType.LEASE_EXPIRED: "label",
    EventType.ACCESS_DENIED: "label",
    EventType.SESSION_STARTED: "label",
    EventType.SESSION_ENDED: "label",
    EventType.WORK_ORDERED: "decide",
    EventType.VERDICT_REACHED: "decide",
    EventType.REVIEWER_DRIFTED: "decide",
    EventType.EVALUATOR_SIGNALLED: "decide",
    EventType.EVALUATOR_FAILED: "decide",
    EventType.WEBHOOK_DELIVERED: "notify",
    EventType.WEBHOOK_FAILED: "notify",
    EventType.LABEL_JOINED: "join",
    EventType.GOLD_SCORED: "join",
    EventType.GOLD_PUBLISHED: "synth",
    EventType.TEXTS_EXPORTED: "copier",
    EventType.PERSON_PAUSED: "decide",
    EventType.PERSON_RESUMED: "decide",
    EventType.CONTAINMENT_BEGUN: "contain",
    EventType.CONTAINMENT_REACHED: "contain",
    EventType.CONTAINMENT_HELD: "contain",
    EventType.CREDENTIALS_ENDED: "warden",
    EventType.CREDENTIALS_RESTORED: "warden",
    EventType.LOGIN_HANDED: "starter",
    EventType.LOGIN_STOLEN: "starter",
    EventType.READING_LATE: "keeper",
    EventType.RETENTION_CHECKED: "inspector",
    EventType.SEGMENT_DESTROYED: "keeper",
    EventType.SEGMENT_REWRITTEN: "keeper",
    EventType.SUBJECT_ERASED: "keeper",
    EventType.KEY_REWRAPPED: "keeper",
    EventType.BACKUP_BEGUN: "backup",
    EventType.BACKUP_MADE: "backup",
    EventType.BACKUP_VERIFIED: "backup",
    EventType.BACKUP_RESTORED: "backup",
    EventType.CONSOLE_ENTERED: "console",
    EventType.CONSOLE_LEFT: "console",
    EventType.CONSOLE_LOOKED: "console",
    EventType.CONSOLE_DENIED: "console",
    EventType.LIFT_CARRIED: "console",
    EventType.RELEASE_CARRIED: "console",
}
"""Which role alone may say so; the project is that of the audit topic."""
BY_PERSONS = frozenset(
    {
        EventType.LIFT_ORDERED,
        EventType.READMIT_ORDERED,
        EventType.REINSTATEMENT_SIGNED,
        EventType.REREDACTION_ORDERED,
        EventType.RELEASE_ORDERED,
        EventType.ERASURE_ORDERED,
        EventType.SUBJECT_REPORTED,
        EventType.JOINED_EXPORTED,
        EventType.EXPORT_ORDERED,
        EventType.EXPORT_BEGUN,
        EventType.GRANT_REQUESTED,
        EventType.GRANT_APPROVED,
        EventType.GRANT_DENIED,
        EventType.GRANT_REVOKED,
        EventType.REVEAL_ASKED,
        EventType.KEY_ROTATED,
        EventType.KEY_RETIRED,
        EventType.KEY_TRIMMED,
        EventType.INCIDENT_OPENED,
        EventType.INCIDENT_STEPPED,
        EventType.INCIDENT_PRESERVED,
        EventType.INCIDENT_CLOSED,
    }
)
"""What a person alone may say, each of themselves. Which persons may, the audit doesn't know: `control` does."""


def is_by_its_writer(event: AuditEvent) -> bool:
    """Whether the role wrote it (of whatever project), or the person, whose word alone it is."""
    if event.type in BY_PERSONS:
        return event.process == f"{PERSON}.{event.person}"
    role = WRITERS.get(event.type)
    return role is None or event.process.partition(".")[0] == role
