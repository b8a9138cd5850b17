"""State records: what a stage keeps in its changelog topic, `<role>-state.P`. Readers: the stage itself only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from schemas.records import Contribution, FieldShape


@dataclass(frozen=True, slots=True)
class SlotState:
    """A slot's place: its latest epoch and the head of its audit chain. Key: the slot. `positioned`: whether a
    commit of it has carried positions, so that the broker must know some.
    """

    slot: str
    epoch: int
    sequence: int
    head: bytes
    positioned: bool = False


class WorkStatus(StrEnum):
    """Where a task stands in the label queue. Only an open one can be leased."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    REPORTED = "reported"


class LeaseEnding(StrEnum):
    """How a lease ended. After the first three its person never gets the task again."""

    LABEL = "label"
    SKIP = "skip"
    REPORT = "report"
    RELEASE = "release"
    EXPIRY = "expiry"
    CLOSE = "close"
    WITHDRAWAL = "withdrawal"
    EXCLUSION = "exclusion"
    """An operator keeps the person from the task."""


@dataclass(frozen=True, slots=True)
class LeaseState:
    """An open lease of a task. `reserved`: its person has not asked for it yet, and knows nothing of it."""

    person: str
    token: int
    leased_at: int
    expires_at: int
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class TurnState:
    """How a lease ended. `key_digest` is empty unless with a label, `body_digest` unless with that or a report."""

    person: str
    token: int
    ending: LeaseEnding
    reason: str
    leased_at: int
    ended_at: int
    key_digest: bytes = b""
    body_digest: bytes = b""


@dataclass(frozen=True, slots=True)
class HintState:
    """A hint that somebody has asked for: of which placeholder, never what it says."""

    person: str
    placeholder: str
    asked_at: int


@dataclass(frozen=True, slots=True)
class TaskWork:
    """What has happened to a task in the label queue. Key: `work/<task id>`. `ended_at` is 0 while it is open.

    `token` is the last fencing token given out; `granted` the extra annotators that decide ordered so far;
    `added_at` since when it lies on `tasks.P`.
    """

    task_id: str
    order: int
    status: WorkStatus
    granted: int
    adjudicate: bool
    token: int
    leases: tuple[LeaseState, ...]
    turns: tuple[TurnState, ...]
    ended_at: int
    added_at: int = 0
    hints: tuple[HintState, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectedTask:
    """A task that label must give to nobody should it come by then. Key: `expected/<task id>`; milliseconds."""

    until: int


@dataclass(frozen=True, slots=True)
class Onboarding:
    """Which onboarding tasks of the project a person has answered right. Key: `onboarding/<person>`.

    `done_at` is when the last of them was, 0 while some are open.
    """

    person: str
    passed: tuple[str, ...]
    done_at: int


class TaskProgress(StrEnum):
    """Where a task stands in decide. All but OPEN are receipts: whoever labels it still is refused."""

    OPEN = "open"
    DECIDED = "decided"
    REPORTED = "reported"
    SKIPPED = "skipped"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Passed:
    """Someone who ended a lease without a label: counted for nothing, but not asked again."""

    person: str
    label_id: str


@dataclass(frozen=True, slots=True)
class TaskLabels:
    """What decide holds of a task. Key: `task/<task id>`. A receipt keeps no labels.

    `granted` is the total of extra annotators ordered so far, an adjudicator included; `adjudicating` whether one
    was; `touched_at` when decide took up the last label (the first skip, where there is none), or when it
    was over; `labeled_at` when the last label was given (0: none); `released_at` when it came to `tasks.P`
    (0: not told).
    """

    task_id: str
    progress: TaskProgress
    revision: int
    bundle: str
    policy: str
    segment_id: str
    overlap: int
    extra: int
    granted: int
    labels: tuple[Contribution, ...]
    passed: tuple[Passed, ...]
    fields: tuple[FieldShape, ...]
    touched_at: int
    adjudicating: bool = False
    durations: dict[str, int] = field(default_factory=dict)
    """Milliseconds from lease to submit of each who labeled it, by person."""
    labeled_at: int = 0
    released_at: int = 0


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """How often, where `truth` was the answer to a question of this kind, a person gave `answer`.

    Not a whole number: where the truth is not certain, each possible one counts by its probability.
    """

    question: str
    truth: str
    answer: str
    count: float


@dataclass(frozen=True, slots=True)
class Reviewer:
    """How a person has answered, by what was true in the end. Key: `reviewer/<person>`."""

    person: str
    counts: tuple[AnswerCount, ...]


@dataclass(frozen=True, slots=True)
class TruthCount:
    """How often `truth` was the answer to a question of this kind."""

    question: str
    truth: str
    count: float


@dataclass(frozen=True, slots=True)
class ReviewerSnapshot:
    """Which state the reviewers' counts are in, and what is known of all together. Key: `snapshot/reviewers`.

    `version` rises by one with each verdict that the counts have learned from.
    """

    version: int
    truths: tuple[TruthCount, ...]
    everyone: tuple[AnswerCount, ...]


@dataclass(frozen=True, slots=True)
class DriftRun:
    """A cumulative sum in one direction; how many values since it left 0, their total, and when that was."""

    sum: float
    count: int
    total: float
    since: int


@dataclass(frozen=True, slots=True)
class DriftChart:
    """One signal of a person (`streams.decide.charts`): how many values, their mean and variance, and two sums."""

    signal: str
    count: int
    mean: float
    variance: float
    high: DriftRun
    low: DriftRun


@dataclass(frozen=True, slots=True)
class PersonDrift:
    """How a person answers against the others on the same tasks. Key: `drift/<person>`."""

    person: str
    charts: tuple[DriftChart, ...]
    touched_at: int


class SegmentStage(StrEnum):
    """Where a segment stands in keeper."""

    SUSPECT = "suspect"
    """Documents without an index: being written right now, or left over by a crash."""
    EARLY = "early"
    """A joined label came before the index (they are on two topics)."""
    LIVE = "live"
    DOOMED = "doomed"
    """To be destroyed; no way back. Committed before the first document goes."""
    DESTROYED = "destroyed"
    """Nothing of it is left; kept until its own tombstone comes back from `segments.P`."""


@dataclass(frozen=True, slots=True)
class KeptSegment:
    """A segment's progress. Key: `segment/<segment id>`. `since` is when it came to its stage.

    `remaining` are the tasks not joined yet (LIVE), `joined` those joined ahead of the index (EARLY);
    `finished_at` is when the last task was joined, 0 before. `reason` says why it is doomed.
    """

    segment_id: str
    stage: SegmentStage
    remaining: tuple[str, ...]
    joined: tuple[str, ...]
    finished_at: int
    reason: str
    since: int


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """How far a redact slot has come, as far as keeper knows. Key: `redact/<slot>`.

    Of the latest epoch: `last` is the highest sequence committed, `last_created_at` tells its batch from others,
    and `settled` the highest sequence that a committed index of a later batch proves to be past. `erasures`: so
    many it has taken up.
    """

    slot: str
    epoch: int
    last: int
    last_created_at: int
    settled: int
    erasures: int = 0


@dataclass(frozen=True, slots=True)
class KeptWithdrawal:
    """A task to take out of its segment. Key: `withdraw/<task id>`. `segment_id` is empty until it is known."""

    task_id: str
    segment_id: str
    done: bool
    since: int


@dataclass(frozen=True, slots=True)
class KeptErasure:
    """A person's erasure. Key: `erasure/<subject hash>`. `since` when keeper heard of it, in milliseconds.

    `waiting` are the tasks ordered to be withdrawn and not out of Vault yet, `tasks` counts those that are.
    `done`: said to be over; a task that turns up later begins it anew.
    """

    subject: str
    since: int
    waiting: tuple[str, ...] = ()
    tasks: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True)
class KeptHalf:
    """A half document to be destroyed. Key: `half/<path>`. Committed before it goes."""

    path: str
    since: int


@dataclass(frozen=True, slots=True)
class KeptRewrapping:
    """A pass over what is wrapped by a transit key. Key: `rewrap/<transit key>`.

    `version` was its latest when the pass began, at `since`; documents up to the path `cursor` are done. Of those:
    `documents` looked at, `rewrapped` changed, `refused` by Vault; `oldest` is the lowest version that still wraps
    one. `done`: it has come to the end.
    """

    key: str
    version: int
    since: int
    cursor: str
    oldest: int
    documents: int
    rewrapped: int
    refused: int
    done: bool


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """A message that waits for its endpoint. Key: `message/<endpoint>/<message id>`. Ids and outcomes, no text.

    `resource` is what it tells of, `at` when that was; `attempts` have failed, the next is due at `due_at`.
    """

    endpoint: str
    message_id: str
    resource: str
    body: bytes
    at: int
    attempts: int
    due_at: int


@dataclass(frozen=True, slots=True)
class WebhookMark:
    """When something of notify was. Key: `beginning/<endpoint>`, from when on it is told what happens;
    `withdrawn/<task id>`, when that was told.
    """

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class WebhookReplay:
    """The last replay of a signer that is done, by its version on `control`. Key: `replay/<signer>`."""

    signer: str
    version: int


@dataclass(frozen=True, slots=True)
class SessionState:
    """A browser's session while it lasts. Key: `session/<session id>`, half of the secret's SHA-256. Times in
    milliseconds since the epoch. `batch`: empty for all of them.
    """

    person: str
    purpose: str
    batch: str
    started_at: int
    expires_at: int
    devices: tuple[str, ...]
    """What the sign-in has said of the device."""


class CommentStanding(StrEnum):
    """How far a comment is."""

    WAITING = "waiting"
    """Redact has not said anything of it yet."""
    SHOWN = "shown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CommentState:
    """A comment on an open task. Key: `comment/<comment id>`; none once the task has ended.

    `lead`: by who adjudicates in the project. `digest`, keyed by the task, tells a repeated call from another one;
    `sealed` is what redact left of the text (`schemas.records.Note`).
    """

    comment_id: str
    task_id: str
    person: str
    lead: bool
    digest: bytes
    written_at: int
    standing: CommentStanding = CommentStanding.WAITING
    reason: str = ""
    sealed: bytes = b""


@dataclass(frozen=True, slots=True)
class OwnerState:
    """Which instance of a stage owns its slot. Key: `owner/<slot>`; none while nobody does.

    `url` is where the others reach it, `certificate` (PEM) what it shows them there, empty for plain HTTP.
    `unrest`: how many in a row, up to this one, took over from an owner that was only silent, and had not been it
    for long.
    """

    instance: str
    url: str
    certificate: str
    taken_at: int
    unrest: int


@dataclass(frozen=True, slots=True)
class WatchState:
    """A piece of what watch knows of a project after a window, on `watch-state`, key `<project>/<0 or 1>/<chunk>`;
    of what the matcher knows, on `matcher-state`, with the project `platform`.

    A `generation` holds if all its `chunks` are there and `digest` is the SHA-256 (hexadecimal) of their `data`,
    one after the other. Generations take turns between two sets of keys: one that is being written leaves the
    last alone.
    """

    project: str
    generation: int
    chunk: int
    chunks: int
    digest: str
    data: bytes

    @property
    def key(self) -> str:
        """Its key on the topic."""
        return f"{self.project}/{self.generation % 2}/{self.chunk}"


@dataclass(frozen=True, slots=True)
class SealedLog:
    """The Merkle tree of one audit partition as the sealer knows it. Key: `log/<topic>/<partition>`.

    `origin`: the log's name in its checkpoints; `size`: entries; `nodes`: 32 bytes for each bit set in `size`,
    the largest subtree first; `next_offset`: of the first record that is no entry yet. Of the last checkpoint: how
    many entries it covers, and when it was made (ms); both 0 before the first. `last`: SHA-256 (hexadecimal) of
    the value of the record before `next_offset`, empty before the first: by it the topic is known again.
    One of no entries is over: its name is that of an installation that was lost.
    """

    topic: str
    partition: int
    origin: str
    size: int
    nodes: tuple[bytes, ...]
    next_offset: int
    checkpoint_size: int
    checkpoint_at: int
    last: str = ""


@dataclass(frozen=True, slots=True)
class FollowedFile:
    """How far the shipper has read a log. Key: `file/<name>`.

    `inode` and `head` say which file it was: `head` is the SHA-256 (hexadecimal) of its first bytes, as many as
    were read and 1,024 at most. `offset`: of the line that comes next. `written`: when the file was last written,
    as it was read (ns since the epoch): where it is gone, what came after it is known by that.
    """

    name: str
    inode: int
    offset: int
    head: str
    written: int = 0


@dataclass(frozen=True, slots=True)
class ContainmentOrder:
    """What contain has ordered last under a key of `control`. Key: `order/<that key>`.

    `waiting`: the slots, or identities of roles, that have yet to acknowledge this version; none: all have.
    """

    key: str
    version: int
    ordered_at: int
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContainmentCase:
    """An alert that contain has acted on, so that it never does twice. Key: `case/<alert id>`.

    Times in milliseconds. `keys` are the orders that it rests on; none: a person has to decide. `contained_at`: 0
    until all have obeyed.
    """

    alert_id: str
    rule: str
    subject: str
    alerted_at: int
    taken_at: int
    keys: tuple[str, ...]
    contained_at: int


@dataclass(frozen=True, slots=True)
class ContainmentSlot:
    """A process that has to obey contain's orders, since when it runs. Key: `live/<slot>`."""

    slot: str
    since: int


@dataclass(frozen=True, slots=True)
class CredentialState:
    """What warden has done last about what a person or an app logs in with. Key: `credentials/<name>`.

    `ended`: nothing of it opens anything; `up_to`: the versions up to which revocations were over when it was last
    restored, of all projects added up; 0 before.
    """

    name: str
    ended: bool
    up_to: int


@dataclass(frozen=True, slots=True)
class ReplayedRange:
    """Offsets `first` ≤ o < `end` of a raw partition that an order is about; copied up to `next`."""

    partition: int
    first: int
    end: int
    next: int


@dataclass(frozen=True, slots=True)
class ReplayedOrder:
    """An order to redact again that replay has taken up. Key: `order/<number>`.

    `ranges` are what it found on `raw.P` then; `copied` and `missed` count records, and offsets that were gone.
    `turn`: its place among all that gave records a revision, releases included; `ended_at` in milliseconds.
    """

    number: int
    policy: int
    since: int
    ranges: tuple[ReplayedRange, ...]
    copied: int
    missed: int
    ended: bool
    turn: int = 0
    ended_at: int = 0


class ReleaseEnding(StrEnum):
    """What replay has done about a release. Add, never rename: it is a reason of `release.missed`."""

    COPIED = "copied"
    GONE = "gone"
    """It is not in quarantine, or not any more."""
    OVERTAKEN = "overtaken"
    """The record has a later revision, or will by an order to redact again."""


@dataclass(frozen=True, slots=True)
class ReplayedRelease:
    """A release from quarantine that replay is done with. Key: `release/<partition>.<offset>.<revision>`.

    `revision` is the one that was in quarantine. `turn`: as of a `ReplayedOrder`; 0 where it was not copied.
    """

    partition: int
    offset: int
    revision: int
    ending: ReleaseEnding
    turn: int


@dataclass(frozen=True, slots=True)
class OpenedSegment:
    """The tasks of a segment whose texts lie on `open.P`. Key: `opened/<segment>`."""

    segment_id: str
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RetractedTexts:
    """Tasks whose tombstones are written to `open.P` once more. Key: `retracted/<again_at>`; milliseconds."""

    again_at: int
    tasks: tuple[str, ...]


class GrantStep(StrEnum):
    """How far reveal is with a grant."""

    LOCATED = "located"
    REVEALED = "revealed"
    """`value.revealed` is committed; the entry may not have been handed over yet."""
    HANDED = "handed"
    OVER = "over"
    """Nothing of it is handed out any more."""


@dataclass(frozen=True, slots=True)
class GrantState:
    """What reveal has done about a grant, until its time is over. Key: `grant/<grant>`."""

    grant_id: str
    segment_id: str
    step: GrantStep
