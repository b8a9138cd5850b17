"""The records on Veilstream's topics, one frozen dataclass each, named as their Avro schema in `schemas/avro`.

Ciphertext is `bytes`; none of these types can hold a raw value. Times are milliseconds since the epoch.
State records of the stages are in `schemas.states`, the audit event in `schemas.audit`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from schemas.routing import NORMAL


@dataclass(frozen=True, slots=True, order=True)
class RawReference:
    """Where a raw record lies, and which revision of it is meant (the first on arrival is 1)."""

    topic: str
    """`raw.P`."""
    partition: int
    """Of that topic."""
    offset: int
    """Of the record in it."""
    revision: int = 1
    """1 on arrival; one more each time it is redacted again, by order or out of quarantine."""


@dataclass(frozen=True, slots=True)
class PlaceholderSpan:
    """A placeholder in a sanitized field: code points, end-exclusive."""

    start: int
    """Its first code point."""
    end: int
    """The code point behind it."""
    category: str
    """What it stands for, as `EMAIL_ADDRESS`."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """A sanitized field without its text: what is needed to check a label's spans."""

    path: str
    """Where the field stands in the record, as `note` or `customer.email`."""
    length: int
    """Of its sanitized text, in code points."""
    placeholders: tuple[PlaceholderSpan, ...] = ()
    """In the order of the text."""


@dataclass(frozen=True, slots=True)
class Task:
    """A sanitized record to label. `sealed` opens under the key that the view layer holds for `task_id`.

    `priority`, `batch` and `skills` say how it is handed out (`schemas.routing`). `supersedes`: of a later
    revision, the task of the one before, if that was one.
    """

    task_id: str
    """Keyed hash of the record's place and revision; the key on `tasks.P`."""
    revision: int
    """The raw record's."""
    bundle: str
    """Hash of all that decided how it was redacted: policy, detectors, code."""
    policy: str
    """Hash of the redaction policy."""
    segment_id: str
    """The segment that holds its key, its geometry and its values: `<slot>/<epoch>/<sequence>`."""
    overlap: int
    """How many people are to label it."""
    extra: int
    """How many more may be asked where they disagree."""
    fields: tuple[FieldShape, ...]
    """Its fields without their text."""
    sealed: bytes
    """The sanitized text of its fields."""
    priority: int = NORMAL
    batch: str = ""
    skills: tuple[str, ...] = ()
    supersedes: str = ""


@dataclass(frozen=True, slots=True)
class OpenField:
    """A sanitized field, its text in clear."""

    path: str
    """Where the field stands in the record, as `note` or `customer.email`."""
    text: str = field(repr=False)
    """What redaction lets people see of it; in no message of an error."""
    placeholders: tuple[PlaceholderSpan, ...] = ()
    """In the order of the text."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A sanitized record in clear, for other queues than label's, where its policy says `publish: open`."""

    task_id: str
    """As on `tasks.P`; the key of the message, and of the tombstone that takes it back."""
    revision: int
    """The raw record's: 1 on arrival, one more each time it is redacted again."""
    bundle: str
    """Hash of all that decided how it was redacted: policy, detectors, code."""
    policy: str
    """Hash of the redaction policy."""
    segment_id: str
    """Where its mapping lies; when that ends, the record is taken back."""
    overlap: int
    """How many people are to label it, by the policy."""
    fields: tuple[OpenField, ...]
    """In the order of the record."""
    priority: int = NORMAL
    """From 0 to 9, higher first (`schemas.routing`)."""
    batch: str = ""
    """The producer's, one that the project knows; empty: none."""
    skills: tuple[str, ...] = ()
    """What who labels it should be able to do."""
    supersedes: str = ""
    """Of a later revision, the task of the one before, which is taken back."""
    opened_at: int = 0
    """Milliseconds since the epoch."""


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
    """The field's path."""
    start: int
    """Its first code point."""
    end: int
    """The code point behind it."""
    label: str
    """As the policy's label schema names it."""


class LabelOutcome(StrEnum):
    """How an annotator ended a lease for good."""

    LABEL = "label"
    SKIP = "skip"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Label:
    """One person's answer to one task; carries what decide and join need, and no text.

    `released_at`: since when the task lay on `tasks.P` (0: not told).
    """

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
    released_at: int = 0


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
    """Who."""
    label_id: str
    """Of the label on `labels.P`."""
    spans: tuple[LabelSpan, ...]
    """In sanitized coordinates."""
    choices: dict[str, str]
    """Value by the choice's name."""


@dataclass(frozen=True, slots=True)
class SupportedSpan:
    """A span of the verdict; `support` is how many of the contributions hold it.

    `reason` says why it holds or doesn't (`streams.decide.outcome.Ground`), `merged` how its bounds follow from
    what people set (`streams.decide.matching.Merged`).
    """

    field: str
    """The field's path."""
    start: int
    """Its first code point."""
    end: int
    """The code point behind it."""
    label: str
    """As the policy's label schema names it."""
    support: int
    reason: str = ""
    merged: str = ""


@dataclass(frozen=True, slots=True)
class SupportedChoice:
    """A choice of the verdict; `value` is empty where nothing won. `reason` as in `SupportedSpan`."""

    name: str
    """As the policy's label schema names it."""
    value: str
    support: int
    """How many people gave this answer, an empty one included."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the labels of one task amount to, and how.

    `rejected` are spans that somebody set and that don't hold; `why` says why it was time to decide. `agreement`
    is that of the annotators (None: not measurable), `adjudicator` who settled it, `snapshot` the version of the
    reviewer snapshot it rests on (0: none), and `labeled_at` when the last label was given.
    """

    task_id: str
    """The key of the message."""
    revision: int
    """Of the task."""
    bundle: str
    """Of the task."""
    policy: str
    """Of the task."""
    segment_id: str
    """Of the task."""
    status: VerdictStatus
    """How it came about: agreed, plurality, unresolved or adjudicated."""
    method: str
    """By which method it was decided."""
    confidence: float
    """From 0 to 1, by that method."""
    spans: tuple[SupportedSpan, ...]
    """What holds, in sanitized coordinates."""
    choices: tuple[SupportedChoice, ...]
    """What holds."""
    contributions: tuple[Contribution, ...]
    """All answers that were there, overruled ones included."""
    fields: tuple[FieldShape, ...]
    """The task's fields without their text."""
    decided_at: int
    """Milliseconds since the epoch."""
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
    """The field's path."""
    start: int
    """Its first code point, in the raw field."""
    end: int
    """The code point behind it."""
    label: str
    """As the policy's label schema names it."""
    support: int
    """How many people set it, or one that counts as it."""
    snapped: bool


@dataclass(frozen=True, slots=True)
class FieldDigest:
    """A keyed digest of a raw field, so that the data's owner detects misalignment. `length` in code points."""

    field: str
    """The field's path."""
    length: int
    digest: bytes
    """HMAC-SHA-256 (`vault.keyed_hash`) of the raw field's text: equal texts of a project have equal ones."""


@dataclass(frozen=True, slots=True)
class JoinedLabel:
    """A verdict in the coordinates of its raw record. No values."""

    task_id: str
    """The key of the message."""
    raw: RawReference
    """The record that was labeled."""
    segment_id: str
    """Where its mapping lay."""
    bundle: str
    """Hash of all that decided how it was redacted."""
    policy: str
    """Hash of the redaction policy."""
    status: VerdictStatus
    """How the verdict came about."""
    confidence: float
    """The verdict's, from 0 to 1."""
    spans: tuple[JoinedSpan, ...]
    """In the coordinates of the raw fields."""
    choices: tuple[SupportedChoice, ...]
    """Of the record as a whole."""
    digests: tuple[FieldDigest, ...]
    """One of each field that a task shows."""
    joined_at: int
    """Milliseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One task of a segment, with the keyed hashes of the subjects its record speaks of."""

    task_id: str
    subjects: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentIndex:
    """A segment's existence: on `segments.P` under its id, in the transaction that releases its tasks."""

    segment_id: str
    """`<slot>/<epoch>/<sequence>`; the key on `segments.P`."""
    slot: str
    """Who wrote it."""
    epoch: int
    """Of that slot."""
    sequence: int
    """Within the epoch."""
    bundle: str
    """How its tasks were redacted."""
    created_at: int
    """Milliseconds since the epoch."""
    expires_at: int
    """From when on keeper destroys it, in milliseconds since the epoch."""
    entries: tuple[SegmentEntry, ...]
    """Its tasks; who was withdrawn or erased is not there any more."""


EPOCH = "epoch/"
"""How the keys of slot epochs begin on `segments.P`, where all other keys are segments."""


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
