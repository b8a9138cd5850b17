"""The audit event: who did what, on which resource, why, under which rule. Never a value.

Leaf bytes of the log, fixed: the Avro *single-object encoding* (Avro 1.12 specification) of the event,
that is C3 01, the little-endian CRC-64-AVRO fingerprint of the schema, the Avro body. They do not depend
on registry ids, so that an exported log verifies anywhere. `schemas.leaf` computes them.

A slot's events form a chain: `sequence` rises by one, `previous` is the SHA-256 of the leaf before (zeros for
the first). The last event of each transaction carries `head_signature`: Ed25519, by the process key, over
`schemas.leaf.head_message`; the process key is certified by the role's key in Vault, in the slot's
latest `process.started` event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class EventType(StrEnum):
    """The vocabulary of the audit. Add, never rename."""

    PROCESS_STARTED = "process.started"
    PROCESS_STOPPED = "process.stopped"
    CONTROL_APPLIED = "control.applied"
    CONTROL_REFUSED = "control.refused"
    TOPOLOGY_APPLIED = "topology.applied"
    POLICY_PUBLISHED = "policy.published"
    MINIMUM_ORDERED = "minimum.ordered"
    JOB_SIGNED = "job.signed"
    FREEZE_ORDERED = "freeze.ordered"
    FREEZE_LIFTED = "freeze.lifted"
    WITHDRAWAL_ORDERED = "withdrawal.ordered"
    PAUSE_ORDERED = "pause.ordered"
    PAUSE_LIFTED = "pause.lifted"
    EXCLUSION_ORDERED = "exclusion.ordered"
    EXCLUSION_LIFTED = "exclusion.lifted"
    REPLAY_ORDERED = "replay.ordered"
    LIFT_ORDERED = "lift.ordered"
    LIFT_CARRIED = "lift.carried"
    READMIT_ORDERED = "readmit.ordered"
    REVOCATION_ORDERED = "revocation.ordered"
    REINSTATEMENT_SIGNED = "reinstatement.signed"
    REREDACTION_ORDERED = "reredaction.ordered"
    RELEASE_ORDERED = "release.ordered"
    RELEASE_CARRIED = "release.carried"
    ERASURE_ORDERED = "erasure.ordered"
    SUBJECT_REPORTED = "subject.reported"
    EXPORT_ORDERED = "export.ordered"
    EXPORT_BEGUN = "export.begun"
    GRANT_REQUESTED = "grant.requested"
    GRANT_APPROVED = "grant.approved"
    GRANT_DENIED = "grant.denied"
    GRANT_REVOKED = "grant.revoked"
    REVEAL_ASKED = "reveal.asked"
    GRANT_LOCATED = "grant.located"
    VALUE_REVEALED = "value.revealed"
    GRANT_ENDED = "grant.ended"
    RECORDS_PUBLISHED = "records.published"
    GOLD_PUBLISHED = "gold.published"
    REREDACTION_BEGUN = "reredaction.begun"
    REREDACTION_MISSED = "reredaction.missed"
    REREDACTION_ENDED = "reredaction.ended"
    RELEASE_COPIED = "release.copied"
    RELEASE_MISSED = "release.missed"
    BUNDLE_ADOPTED = "bundle.adopted"
    JOB_ADOPTED = "job.adopted"
    BATCH_REDACTED = "batch.redacted"
    TEXTS_OPENING = "texts.opening"
    TEXTS_OPENED = "texts.opened"
    TEXTS_RETRACTED = "texts.retracted"
    TASK_VIEWED = "task.viewed"
    TASK_RELEASED = "task.released"
    TASK_SKIPPED = "task.skipped"
    TASK_REPORTED = "task.reported"
    HINT_SHOWN = "hint.shown"
    COMMENT_WRITTEN = "comment.written"
    COMMENT_REDACTED = "comment.redacted"
    COMMENTS_VIEWED = "comments.viewed"
    COPY_ATTEMPTED = "copy.attempted"
    FIND_OPENED = "find.opened"
    TASK_CLOSED = "task.closed"
    TASK_WITHDRAWN = "task.withdrawn"
    LEASE_RENEWED = "lease.renewed"
    LEASE_EXPIRED = "lease.expired"
    LEASE_REVOKED = "lease.revoked"
    SKILLS_MISSING = "skills.missing"
    LABEL_SUBMITTED = "label.submitted"
    ACCESS_DENIED = "access.denied"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    PERSON_ONBOARDED = "person.onboarded"
    WORK_ORDERED = "work.ordered"
    VERDICT_REACHED = "verdict.reached"
    REVIEWER_DRIFTED = "reviewer.drifted"
    EVALUATOR_SIGNALLED = "evaluator.signalled"
    EVALUATOR_FAILED = "evaluator.failed"
    LABELS_EXPORTED = "labels.exported"
    LABEL_JOINED = "label.joined"
    JOINED_EXPORTED = "joined.exported"
    TEXTS_EXPORTED = "texts.exported"
    WEBHOOK_DELIVERED = "webhook.delivered"
    WEBHOOK_FAILED = "webhook.failed"
    GOLD_SCORED = "gold.scored"
    PERSON_PAUSED = "person.paused"
    PERSON_RESUMED = "person.resumed"
    CONTAINMENT_BEGUN = "containment.begun"
    CONTAINMENT_REACHED = "containment.reached"
    CONTAINMENT_HELD = "containment.held"
    CREDENTIALS_ENDED = "credentials.ended"
    CREDENTIALS_RESTORED = "credentials.restored"
    LOGIN_HANDED = "login.handed"
    LOGIN_STOLEN = "login.stolen"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_STEPPED = "incident.stepped"
    INCIDENT_PRESERVED = "incident.preserved"
    INCIDENT_CLOSED = "incident.closed"
    BACKUP_BEGUN = "backup.begun"
    BACKUP_MADE = "backup.made"
    BACKUP_VERIFIED = "backup.verified"
    BACKUP_RESTORED = "backup.restored"
    RECORD_REFUSED = "record.refused"
    RECORD_LOST = "record.lost"
    READING_LATE = "reading.late"
    RETENTION_CHECKED = "retention.checked"
    SEGMENT_DESTROYED = "segment.destroyed"
    SEGMENT_REWRITTEN = "segment.rewritten"
    SUBJECT_ERASED = "subject.erased"
    KEY_ROTATED = "key.rotated"
    KEY_REWRAPPED = "key.rewrapped"
    KEY_RETIRED = "key.retired"
    KEY_TRIMMED = "key.trimmed"
    CONSOLE_ENTERED = "console.entered"
    CONSOLE_LEFT = "console.left"
    CONSOLE_LOOKED = "console.looked"
    CONSOLE_DENIED = "console.denied"


ORDERS = frozenset(
    {
        EventType.POLICY_PUBLISHED,
        EventType.MINIMUM_ORDERED,
        EventType.FREEZE_ORDERED,
        EventType.LIFT_ORDERED,
        EventType.LIFT_CARRIED,
        EventType.REVOCATION_ORDERED,
        EventType.REINSTATEMENT_SIGNED,
        EventType.WITHDRAWAL_ORDERED,
        EventType.PAUSE_ORDERED,
        EventType.PAUSE_LIFTED,
        EventType.EXCLUSION_ORDERED,
        EventType.EXCLUSION_LIFTED,
        EventType.REREDACTION_ORDERED,
        EventType.RELEASE_ORDERED,
        EventType.RELEASE_CARRIED,
        EventType.ERASURE_ORDERED,
        EventType.EXPORT_ORDERED,
        EventType.GRANT_REQUESTED,
        EventType.GRANT_APPROVED,
        EventType.GRANT_DENIED,
        EventType.GRANT_REVOKED,
        EventType.REVEAL_ASKED,
    }
)
"""By which persons and processes say that they have put a record on `control` that changes what may be done."""


class Decision(StrEnum):
    """What was decided about a request."""

    ALLOW = "allow"
    DENY = "deny"
    NONE = "none"


class RawOutcome(StrEnum):
    """What a raw offset ended as (DESIGN invariant 2). `EMPTY` holds no record (a transaction marker)."""

    TASK = "task"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class OffsetOutcome:
    """One offset of a batch. `task_id` is empty unless the outcome is a task, `reason` unless it is not."""

    offset: int
    """Of the record."""
    outcome: RawOutcome
    """What became of it."""
    task_id: str = ""
    reason: str = ""
    revision: int = 1
    """Of the record, from 1; more where it was redacted again."""


@dataclass(frozen=True, slots=True)
class BatchCoverage:
    """The offsets `first` ≤ o < `next` of one partition; every one of them is in `outcomes`."""

    topic: str
    """`raw.P`, of copies on `again.P`, too."""
    partition: int
    """Of that topic."""
    first: int
    """The first offset."""
    next: int
    """The one behind the last."""
    outcomes: tuple[OffsetOutcome, ...]
    """In the order of offsets; of later revisions those alone that the batch had."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A process key, certified: `signature` by the role's Vault key over `schemas.leaf.certificate_message`."""

    signer: str
    """Whose key has signed, as `redact.demo`, or a person's name."""
    public_key: bytes
    """Ed25519, raw: the process's."""
    signature: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """What a stage says happened; the engine adds slot, sequence, chain and signature."""

    type: EventType
    resource: str
    outcome: str = "success"
    decision: Decision = Decision.NONE
    person: str = ""
    purpose: str = ""
    reason: str = ""
    bundle: str = ""
    parents: tuple[str, ...] = ()
    batch: BatchCoverage | None = None
    certificate: Certificate | None = None
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """An event in its slot's chain, as it stands on `audit.P`."""

    slot: str
    """Whose chain it is in, as `redact.demo.0`; of a person's act a chain of its own, as `person.ada.<random>`."""
    epoch: int
    """Which beginning of the slot, from 1: each start and each restore is one."""
    sequence: int
    """Its place in the chain; without gaps."""
    previous: bytes
    """SHA-256 of the leaf bytes of the event before it (`schemas.leaf`); 32 zeros before the first."""
    process: str
    """The identity that acted, as `redact.demo`."""
    time: int
    """Milliseconds since the epoch, by the process's clock."""
    type: EventType
    """What happened (see Events in schemas/README.md)."""
    resource: str
    """To what, as `schemas.resources` names it."""
    outcome: str
    """`success`, or what else it came to."""
    decision: Decision
    """Where somebody asked: whether it was allowed."""
    person: str
    """Who asked or did it, or to whom it was done, by the event's type; empty: a process by itself."""
    purpose: str
    """For what, where that has to be said."""
    reason: str
    """Why, as a word of ours."""
    bundle: str
    """By which redaction."""
    parents: tuple[str, ...]
    """What it came of, or goes with, as `schemas.resources` names it."""
    batch: BatchCoverage | None
    """Of a batch: each offset that was read, and what became of it."""
    certificate: Certificate | None
    """Of an epoch's first event: the key that signs this epoch."""
    details: dict[str, str]
    """Counts and names, by the event's type."""
    head_signature: bytes | None = None
    """Ed25519, by the process's key, over the chain up to here; the last event of each transaction has one."""

    @property
    def event_id(self) -> str:
        """Unique in the whole log: slot and sequence number."""
        return f"{self.slot}/{self.sequence}"
