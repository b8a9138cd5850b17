"""The records on Veilstream's topics, one frozen dataclass each, named as their Avro schema in `schemas/avro`.

Ciphertext is `bytes`; none of these types can hold a raw value. Times are milliseconds since the epoch.
State records of the stages are in `schemas.states`, the audit event in `schemas.audit`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.routing import NORMAL


@dataclass(frozen=True, slots=True, order=True)
class RawReference:
    """Where a raw record lies, and which revision of it is meant (the first on arrival is 1)."""

    topic: str
    partition: int
    offset: int
    revision: int = 1


@dataclass(frozen=True, slots=True)
class PlaceholderSpan:
    """A placeholder in a sanitized field: code points, end-exclusive."""

    start: int
    end: int
    category: str


@dataclass(frozen=True, slots=True)
class FieldShape:
    """A sanitized field without its text: what is needed to check a label's spans."""

    path: str
    length: int
    placeholders: tuple[PlaceholderSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """A sanitized record to label. `sealed` opens under the key that the view layer holds for `task_id`.

    `priority`, `batch` and `skills` say how it is handed out (`schemas.routing`). `supersedes`: of a later
    revision, the task of the one before, if that was one.
    """

    task_id: str
    revision: int
    bundle: str
    policy: str
    segment_id: str
    overlap: int
    extra: int
    fields: tuple[FieldShape, ...]
    sealed: bytes
    priority: int = NORMAL
    batch: str = ""
    skills: tuple[str, ...] = ()
    supersedes: str = ""


class Order(StrEnum):
    """What decide orders of label."""

    CLOSE = "close"
    EXTRA = "extra"
    ADJUDICATE = "adjudicate"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """An order from decide to label about one task. `granted` is the total of extra annotators so far."""

    task_id: str
    kind: Order
    granted: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LabelSpan:
    """A labeled span in a sanitized field: code points, end-exclusive."""

    field: str
    start: int
    end: int
    label: str


class LabelOutcome(StrEnum):
    """How an annotator ended a lease for good."""

    LABEL = "label"
    SKIP = "skip"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Label:
    """One person's answer to one task; carries what decide and join need, and no text."""

    label_id: str
    task_id: str
    revision: int
    bundle: str
    policy: str
    segment_id: str
    overlap: int
    extra: int
    person: str
    outcome: LabelOutcome
    reason: str
    spans: tuple[LabelSpan, ...]
    choices: dict[str, str]
    fields: tuple[FieldShape, ...]
    leased_at: int
    submitted_at: int


class VerdictStatus(StrEnum):
    """How a verdict came about."""

    AGREED = "agreed"
    PLURALITY = "plurality"
    UNRESOLVED = "unresolved"
    ADJUDICATED = "adjudicated"
    """People disagreed, and an adjudicator who did not know their answers gave the one that stands."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one person answered, kept in the verdict that used it."""

    person: str
    label_id: str
    spans: tuple[LabelSpan, ...]
    choices: dict[str, str]


@dataclass(frozen=True, slots=True)
class SupportedSpan:
    """A span of the verdict; `support` is how many of the contributions hold it.

    `reason` says why it holds or doesn't (`streams.decide.outcome.Ground`), `merged` how its bounds follow from
    what people set (`streams.decide.matching.Merged`).
    """

    field: str
    start: int
    end: int
    label: str
    support: int
    reason: str = ""
    merged: str = ""


@dataclass(frozen=True, slots=True)
class SupportedChoice:
    """A choice of the verdict; `value` is empty where nothing won. `reason` as in `SupportedSpan`."""

    name: str
    value: str
    support: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the labels of one task amount to, and how.

    `rejected` are spans that somebody set and that don't hold; `why` says why it was time to decide. `agreement`
    is that of the annotators (None: not measurable), `adjudicator` who settled it, `snapshot` the version of the
    reviewer snapshot it rests on (0: none), and `labeled_at` when the last label was given.
    """

    task_id: str
    revision: int
    bundle: str
    policy: str
    segment_id: str
    status: VerdictStatus
    method: str
    confidence: float
    spans: tuple[SupportedSpan, ...]
    choices: tuple[SupportedChoice, ...]
    contributions: tuple[Contribution, ...]
    fields: tuple[FieldShape, ...]
    decided_at: int
    rejected: tuple[SupportedSpan, ...] = ()
    why: str = ""
    agreement: float | None = None
    adjudicator: str = ""
    snapshot: int = 0
    labeled_at: int = 0


@dataclass(frozen=True, slots=True)
class JoinedSpan:
    """A labeled span in raw coordinates; `snapped` where a redacted span cut a placeholder."""

    field: str
    start: int
    end: int
    label: str
    support: int
    snapped: bool


@dataclass(frozen=True, slots=True)
class FieldDigest:
    """A keyed digest of a raw field, so that the data's owner detects misalignment. `length` in code points."""

    field: str
    length: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class JoinedLabel:
    """A verdict in the coordinates of its raw record. No values."""

    task_id: str
    raw: RawReference
    segment_id: str
    bundle: str
    policy: str
    status: VerdictStatus
    confidence: float
    spans: tuple[JoinedSpan, ...]
    choices: tuple[SupportedChoice, ...]
    digests: tuple[FieldDigest, ...]
    joined_at: int


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One task of a segment, with the keyed hashes of the subjects its record speaks of."""

    task_id: str
    subjects: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentIndex:
    """A segment's existence: on `segments.P` under its id, in the transaction that releases its tasks."""

    segment_id: str
    slot: str
    epoch: int
    sequence: int
    bundle: str
    created_at: int
    expires_at: int
    entries: tuple[SegmentEntry, ...]


@dataclass(frozen=True, slots=True)
class SlotEpoch:
    """A slot's latest epoch: on `segments.P` under `epoch/<slot>`. Earlier epochs write nothing more.

    Written again when the slot has taken up an erasure: `erasures` are in force there from now on; of its segments
    up to `sequence` those that have no index never get one.
    """

    slot: str
    epoch: int
    erasures: int = 0
    sequence: int = -1


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record that could not go on. `sealed` opens under `wrapped_key` of the transit key `quarantine-P`.

    It holds the raw message as it came (key, value, headers), so that a release can redact it again.
    """

    raw: RawReference
    reason: str
    bundle: str
    wrapped_key: str
    context: str
    sealed: bytes
    quarantined_at: int


@dataclass(frozen=True, slots=True)
class Find:
    """What somebody saw that should have been redacted, for those who write policies: `find_id` is the lease's.

    `sealed` opens under `wrapped_key` of the transit key `finds-P`. It holds the words around each mark, and of
    what was marked the shape alone (`streams.label.finds`).
    """

    find_id: str
    task_id: str
    policy: str
    bundle: str
    reason: str
    wrapped_key: str
    context: str
    sealed: bytes
    reported_at: int


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody has typed about a task, for redact alone: on `comments.P` under the task's id.

    `sealed` opens under `wrapped_key` of the transit key `comments-P`. It holds the text, and the key under which
    what is left of it is sealed for those who may see the task (`vault.comments`).
    """

    comment_id: str
    task_id: str
    wrapped_key: str
    context: str
    sealed: bytes
    written_at: int


class NoteOutcome(StrEnum):
    """What redact has made of a comment."""

    SHOWN = "shown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Note:
    """A comment as it may be shown: on `notes.P` under the task's id. `sealed` opens by the task's key alone,
    and is empty where it was refused, for `reason`.
    """

    comment_id: str
    task_id: str
    outcome: NoteOutcome
    reason: str
    bundle: str
    sealed: bytes
    redacted_at: int


@dataclass(frozen=True, slots=True)
class ControlState:
    """A signed desired state. The signature covers key, version, kind and body (see `schemas.control`)."""

    key: str
    version: int
    kind: str
    body: bytes
    signer: str
    signature: bytes
    signed_at: int
