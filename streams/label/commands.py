"""What the API asks of the queue, and what it is answered. Plain values; no text of a task is in any of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from schemas.errors import Reason
from schemas.records import LabelSpan, Task
from schemas.states import CommentState, LeaseEnding


class SkipReason(StrEnum):
    """Why a person will not label this task, ever."""

    UNCLEAR = "unclear"
    WRONG_LANGUAGE = "wrong_language"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    DISTRESSING = "distressing"


class ReleaseReason(StrEnum):
    """Why a person gives a task back for now."""

    BREAK = "break"
    END_OF_SHIFT = "end_of_shift"
    TECHNICAL = "technical"


SESSION_ENDED = "session_ended"
"""Why the end of a session gives a task back; not a person's to say."""
OTHER_BATCH = "other_batch"
"""The same, where its person asks for a task of another batch."""


class ReportReason(StrEnum):
    """What a person saw that nobody should have seen. Pulls the task at once."""

    PERSONAL_DATA = "personal_data"
    SECRET = "secret"  # noqa: S105 - a reason, not a password
    OTHER_SENSITIVE = "other_sensitive"


@dataclass(frozen=True, slots=True)
class Result:
    """An answer: spans in code points of the sanitized fields, end-exclusive, and one option a choice."""

    spans: tuple[LabelSpan, ...]
    choices: dict[str, str]


@dataclass(frozen=True, slots=True)
class Grant:
    """By which rules somebody is shown a task, and what they call with: what its view says on the audit."""

    rule: str = ""
    client: str = ""
    job: str = ""
    """By which labeling job: digits of its hash."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How somebody asks for a task. `batch`: of this one only. `reserve`: the one after it is kept for them.

    `page`: by our own page, which says all the time that it is there.
    """

    batch: str = ""
    reserve: bool = False
    page: bool = False
    grant: Grant = Grant()


USUAL = Terms()


@dataclass(frozen=True, slots=True)
class LeaseTask:
    """The next task for `person`, or the one they hold. Answered with Leased, or None when there is none."""

    person: str
    terms: Terms = USUAL


@dataclass(frozen=True, slots=True)
class Held:
    """Names an open lease as its holder knows it."""

    person: str
    lease_id: str
    fencing_token: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Extend the lease. `page`: our own page does. Answered with Lease."""

    held: Held
    page: bool = False


@dataclass(frozen=True, slots=True)
class AskHint:
    """What may be told of one placeholder, as `[LOCATION_1]`. `by_token`: an app or a robot asks, not our page.
    Answered with Hinted.
    """

    held: Held
    placeholder: str
    by_token: bool
    grant: Grant = Grant()


@dataclass(frozen=True, slots=True)
class Lead:
    """Who leads, and has no lease of this task. `batch`: they are bound to it; empty: to none."""

    person: str
    task_id: str
    batch: str = ""


@dataclass(frozen=True, slots=True)
class ReadComments:
    """The comments on a task. `writes`: its key is needed to add one, too. Answered with Commented."""

    by: Held | Lead
    grant: Grant = Grant()
    writes: bool = False

    @property
    def held(self) -> Held | Lead:
        """By which right they are asked for."""
        return self.by


@dataclass(frozen=True, slots=True, repr=False)
class Draft:
    """A comment, sealed for redact. `digest` is keyed by the task, `length` in characters."""

    comment_id: str
    task_id: str
    digest: bytes
    length: int
    wrapped_key: str
    context: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class WriteComment:
    """Add a comment. Answered with CommentState."""

    by: Held | Lead
    draft: Draft
    grant: Grant = Grant()

    @property
    def held(self) -> Held | Lead:
        """By which right it is written."""
        return self.by


@dataclass(frozen=True, slots=True)
class ListThreads:
    """Which tasks have comments. Answered with a list of Thread (`streams.label.comments`)."""

    person: str
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Commented:
    """A task with its comments, all still sealed."""

    task: Task
    comments: tuple[CommentState, ...]


class Taking(StrEnum):
    """How somebody tried to take a text away from the page."""

    COPY = "copy"
    CUT = "cut"
    DRAG = "drag"
    PRINT = "print"
    SAVE = "save"


@dataclass(frozen=True, slots=True)
class Attempt:
    """The page has refused to let the text be taken away, so many times. Answered with None."""

    held: Held
    taking: Taking
    times: int


@dataclass(frozen=True, slots=True)
class Submit:
    """The answer to the task. The digests are SHA-256 of the Idempotency-Key and of everything it vouches for.

    `then`: on these terms the next task, in the same commit. Answered with Ended.
    """

    held: Held
    result: Result
    key_digest: bytes
    body_digest: bytes
    then: Terms | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Not this person, ever. `then` as of Submit. Answered with Ended."""

    held: Held
    reason: SkipReason
    then: Terms | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Not now. Answered with Ended."""

    held: Held
    reason: ReleaseReason


@dataclass(frozen=True, slots=True)
class Report:
    """Something is exposed, where `spans` mark it. `then` as of Submit. Answered with Ended."""

    held: Held
    reason: ReportReason
    spans: tuple[LabelSpan, ...] = ()
    then: Terms | None = None


@dataclass(frozen=True, slots=True)
class Unopenable:
    """The content of a leased task does not open, and never will. Answered with None."""

    held: Held
    reason: Reason


@dataclass(frozen=True, slots=True)
class Deny:
    """Someone was refused before a command could be formed: to be audited. Answered with None.

    `details`: what was asked for, and which rules forbid it; all from our own vocabulary.
    """

    person: str
    resource: str
    reason: str
    suppressed: int
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StartSession:
    """A person has signed in: to be audited, and kept, before they may act. Answered with None."""

    person: str
    session_id: str
    expires_at: int
    started_at: int
    purpose: str
    batch: str
    devices: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class EndSession:
    """A session has ended, at `ended_at`: to be audited. `releases`: the task that its person has held since then
    goes back to the queue. Answered with None.
    """

    person: str
    session_id: str
    reason: str
    ended_at: int
    releases: bool
    purpose: str
    batch: str


@dataclass(frozen=True, slots=True)
class ListSessions:
    """Who was signed in when this process took over. Answered with SessionState by session id."""


@dataclass(frozen=True, slots=True)
class Practise:
    """An answer to an onboarding task. `wanted`: all tasks of the project. Answered with Progress."""

    person: str
    task: str
    right: bool
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskOnboarding:
    """How far a person is with the project's onboarding tasks. Answered with Progress."""

    person: str
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountTasks:
    """How the queue stands. Answered with Counts."""


@dataclass(frozen=True, slots=True)
class CountBatches:
    """How each batch stands. Answered with Counts by the batch's name; `""` are the tasks of none."""


@dataclass(frozen=True, slots=True)
class Lease:
    """An open lease."""

    lease_id: str
    task_id: str
    person: str
    fencing_token: int
    leased_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Leased:
    """A lease with its sealed task. `again`: it was open already. `follows`: another one is reserved."""

    lease: Lease
    task: Task
    again: bool
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Hinted:
    """A hint that may be opened now. `again`: it was asked for before, and counts once; `asked`: so many of this
    task by this person so far, of `most`.
    """

    leased: Leased
    placeholder: str
    kind: str
    again: bool
    asked: int
    most: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A lease that its holder ended. `replayed`: by an earlier, identical call. `task` is None once it ended.

    `next`: the lease that they got with the same call, where they asked for it and there was one. `waited_ms`:
    where it is the task's first label, how long the task had waited for one. `released_at`: since when the task
    lies on `tasks.P`.
    """

    lease_id: str
    task_id: str
    person: str
    ending: LeaseEnding
    reason: str
    leased_at: int
    ended_at: int
    replayed: bool
    task: Task | None = None
    next: Leased | None = None
    waited_ms: int | None = None
    released_at: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """Open tasks: those that can be leased, are leased or reserved, wait for decide, wait for people not here now.

    `paused`: nobody gets one for now.
    """

    available: int
    leased: int
    awaiting: int
    parked: int
    paused: bool = False
