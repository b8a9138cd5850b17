"""The JSON of the API as pydantic models: what clients send and get. Strict; unknown keys are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.records import LabelSpan
from schemas.states import CommentStanding, CommentState
from streams.label.commands import Counts, Leased, ReleaseReason, ReportReason, Result, SkipReason, Taking
from streams.label.comments import Thread
from streams.label.hints import PLACEHOLDER
from topology.policies.hints import Hints
from topology.policies.model import LabelSchema

_KINDS = ("available", "leased", "awaiting", "parked")
SUPPRESSED_BELOW = 10
"""Smaller counts say too much about single people (DESIGN §9)."""

Name = Annotated[str, Field(min_length=1, max_length=256)]
Offset = Annotated[int, Field(ge=0, le=2**31)]
Token = Annotated[int, Field(ge=1, le=2**53, description="the lease's fencing token")]


MOST_ATTEMPTS = 100
"""How many a call may tell of at once; a key held down repeats about thirty times a second."""


MOST_TYPED = 1_000
"""Characters of a comment: a question, not a letter; what detectors miss grows with the text."""


class Form(BaseModel):
    """Strict: no coercion, no unknown keys; errors never quote the input."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class SpanForm(Form):
    """Code points of a sanitized field, end-exclusive."""

    field: Name
    start: Offset
    end: Offset
    label: Name

    def span(self) -> LabelSpan:
        return LabelSpan(self.field, self.start, self.end, self.label)


class MarkForm(Form):
    """Where something is exposed: code points of a sanitized field, end-exclusive."""

    field: Name
    start: Offset
    end: Offset


class ResultForm(Form):
    """The answer to a task."""

    spans: list[SpanForm] = []
    choices: dict[Name, Name] = {}

    def result(self) -> Result:
        return Result(tuple(span.span() for span in self.spans), dict(self.choices))


class HeartbeatForm(Form):
    fencing_token: Token


class AttemptForm(Form):
    fencing_token: Token
    taking: Annotated[Taking, Field(strict=False, description="what the page refused")]
    times: Annotated[int, Field(ge=1, le=MOST_ATTEMPTS, description="how often since the last call")] = 1


class HintForm(Form):
    fencing_token: Token
    placeholder: Annotated[
        str, Field(pattern=f"^{PLACEHOLDER}$", description="as it stands in the text: `[LOCATION_1]`")
    ]


Typed = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MOST_TYPED,
        pattern=r"\S",
        repr=False,
        description="shown to nobody as it stands: all that redaction finds is masked first",
    ),
]


class CommentForm(Form):
    fencing_token: Token
    text: Typed


class ReplyForm(Form):
    text: Typed


class LabelForm(Form):
    fencing_token: Token
    result: ResultForm


class SkipForm(Form):
    fencing_token: Token
    reason: Annotated[SkipReason, Field(strict=False)]


class PractiseForm(Form):
    result: ResultForm


class ReleaseForm(Form):
    fencing_token: Token
    reason: Annotated[ReleaseReason, Field(strict=False)]


class ReportForm(Form):
    fencing_token: Token
    reason: Annotated[ReportReason, Field(strict=False)]
    spans: list[MarkForm] = []

    def marks(self) -> tuple[LabelSpan, ...]:
        return tuple(LabelSpan(mark.field, mark.start, mark.end, "") for mark in self.spans)


class PlaceholderView(BaseModel):
    """A placeholder in a field: code points, end-exclusive."""

    start: int
    end: int
    category: str


class LabelsView(BaseModel):
    """What may be answered: labels of spans, options of each choice."""

    spans: list[str]
    choices: dict[str, list[str]]


class LeaseView(BaseModel):
    """A leased task. Times in milliseconds since the epoch."""

    lease_id: str
    fencing_token: int
    expires_at: int
    task_id: str
    fields: dict[str, str] = Field(repr=False)
    placeholders: dict[str, list[PlaceholderView]]
    labels: LabelsView
    batch: str = ""
    reserved: bool = Field(default=False, description="the task after this one is kept for you")
    hints: dict[str, str] = Field(
        default={}, description="of placeholders of which kind you may ask for a hint, and what it tells"
    )


class HeartbeatView(BaseModel):
    """How long the lease now lives."""

    lease_id: str
    fencing_token: int
    expires_at: int


class HintView(BaseModel):
    """What may be told of a placeholder; null where nothing can be. `left`: so many more of this task."""

    placeholder: str
    hint: str | None = Field(repr=False)
    left: int


class CommentView(BaseModel):
    """A comment on a task. `standing`: `shown`, or to its writer alone `waiting` for redaction, or `refused`:
    nothing of it may be shown, for `reason`. `lead`: by who adjudicates in the project.
    """

    comment_id: str
    mine: bool
    lead: bool
    written_at: int
    standing: str
    reason: str | None = None
    text: str | None = Field(default=None, repr=False)


class CommentsView(BaseModel):
    """The comments on a task, the oldest first. Nobody is named in it."""

    task_id: str
    comments: list[CommentView]


class ThreadView(BaseModel):
    """A task with comments. `awaits`: the last one is not a lead's."""

    task_id: str
    comments: int
    written_at: int
    awaits: bool


class ThreadsView(BaseModel):
    """Every open task with comments; those that await a lead first, the oldest before."""

    threads: list[ThreadView]


class EndedView(BaseModel):
    """A lease that has ended. `label_id` only where it ended with a label.

    `next`: the lease that was asked for with it; null where it wasn't, there is no task, or it doesn't open.
    """

    lease_id: str
    task_id: str
    outcome: str
    ended_at: int
    label_id: str | None = None
    next: LeaseView | None = None


class PractisedView(BaseModel):
    """An answer to an onboarding task. `passed`: which are answered right so far; `onboarded`: all of them are."""

    right: bool
    passed: list[str]
    onboarded: bool


class MeView(BaseModel):
    """The caller's session, as the bearer token or the cookie says. Times in seconds since the epoch.

    `csrf` goes into the header X-Veil-CSRF of every POST; `idle_expires_at`: when the session ends unless a task
    is taken, held by heartbeat or answered; `purpose` and `batch` (empty: all): what the session is for. All are
    null with a bearer token.
    """

    person: str
    project: str
    role: str
    expires_at: int
    csrf: str | None = Field(default=None, repr=False)
    idle_expires_at: int | None = None
    purpose: str | None = None
    batch: str | None = None


class StatsView(BaseModel):
    """Counts of open tasks; null where a count is below `suppressed_below`. `paused`: nobody gets one for now."""

    available: int | None
    leased: int | None
    awaiting: int | None
    parked: int | None
    paused: bool = False
    suppressed_below: int = SUPPRESSED_BELOW


class BatchView(BaseModel):
    """The same of one batch; `name` is empty for the tasks of none."""

    name: str
    available: int | None
    leased: int | None
    awaiting: int | None
    parked: int | None
    paused: bool


class BatchesView(BaseModel):
    """Every batch that has open tasks. Where one count of a kind is small, the next larger one is null with it:
    with the project's sum it would tell the small one.
    """

    batches: list[BatchView]
    suppressed_below: int = SUPPRESSED_BELOW


class ErrorView(BaseModel):
    """Why a call failed. `reason` is from a fixed vocabulary."""

    reason: str
    message: str


class ErrorBody(BaseModel):
    """Every body that is not a success."""

    error: ErrorView


def labels_view(schema: LabelSchema) -> LabelsView:
    """The policy's label schema for clients."""
    choices = {choice.name: list(choice.options) for choice in schema.choices}
    return LabelsView(spans=list(schema.spans), choices=choices)


def lease_view(leased: Leased, fields: dict[str, str], schema: LabelSchema, hints: Hints) -> LeaseView:
    """A leased task with its opened content. `hints`: those that its holder may ask for."""
    lease, task = leased.lease, leased.task
    placeholders = {
        shape.path: [
            PlaceholderView(start=it.start, end=it.end, category=it.category) for it in shape.placeholders
        ]
        for shape in task.fields
    }
    return LeaseView(
        lease_id=lease.lease_id,
        fencing_token=lease.fencing_token,
        expires_at=lease.expires_at,
        task_id=lease.task_id,
        fields=fields,
        placeholders=placeholders,
        labels=labels_view(schema),
        batch=task.batch,
        reserved=leased.follows,
        hints={category: hint.value for category, hint in hints.categories},
    )


def comments_view(
    person: str, task_id: str, comments: Sequence[CommentState], texts: Mapping[str, str]
) -> CommentsView:
    """What a person is told of comments; `texts` by comment id."""
    views = [
        CommentView(
            comment_id=it.comment_id,
            mine=it.person == person,
            lead=it.lead,
            written_at=it.written_at,
            standing=it.standing.value,
            reason=it.reason or None,
            text=texts.get(it.comment_id) if it.standing is CommentStanding.SHOWN else None,
        )
        for it in comments
    ]
    return CommentsView(task_id=task_id, comments=views)


def threads_view(threads: Sequence[Thread]) -> ThreadsView:
    """Which tasks have comments."""
    return ThreadsView(
        threads=[
            ThreadView(task_id=it.task_id, comments=it.comments, written_at=it.written_at, awaits=it.awaits)
            for it in threads
        ]
    )


def stats_view(counts: Counts) -> StatsView:
    """Counts with small cells suppressed."""
    available, leased, awaiting, parked = (suppressed([getattr(counts, kind)])[0] for kind in _KINDS)
    return StatsView(available=available, leased=leased, awaiting=awaiting, parked=parked, paused=counts.paused)


def batches_view(counts: Mapping[str, Counts]) -> BatchesView:
    """Counts of each batch, small cells and what would tell them suppressed."""
    shown = {kind: suppressed([getattr(one, kind) for one in counts.values()], sum_known=True) for kind in _KINDS}
    return BatchesView(
        batches=[
            BatchView(name=name, paused=one.paused, **{kind: cells[at] for kind, cells in shown.items()})
            for at, (name, one) in enumerate(counts.items())
        ]
    )


def suppressed(counts: Sequence[int], *, sum_known: bool = False) -> list[int | None]:
    """The counts, None for small ones. `sum_known`: the sum would tell a single small one, and several that are as
    large or as small as can be; so the next larger goes with them.
    """
    order = sorted(range(len(counts)), key=counts.__getitem__)
    hidden = [at for at in order if counts[at] < SUPPRESSED_BELOW]
    if sum_known and hidden:
        hidden = order[: len(hidden) + 1]
    return [None if at in hidden else count for at, count in enumerate(counts)]
