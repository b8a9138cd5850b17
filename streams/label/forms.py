"""The JSON of the API as pydantic models: what clients send and get. Strict; unknown keys are refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.records import LabelSpan, Task
from streams.label.commands import Counts, Lease, ReleaseReason, ReportReason, Result, SkipReason
from topology.policies.model import LabelSchema

SUPPRESSED_BELOW = 10
"""Smaller counts say too much about single people (DESIGN §9)."""

Name = Annotated[str, Field(min_length=1, max_length=256)]
Offset = Annotated[int, Field(ge=0, le=2**31)]
Token = Annotated[int, Field(ge=1, le=2**53, description="the lease's fencing token")]


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


class LabelForm(Form):
    fencing_token: Token
    result: ResultForm


class SkipForm(Form):
    fencing_token: Token
    reason: Annotated[SkipReason, Field(strict=False)]


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


class HeartbeatView(BaseModel):
    """How long the lease now lives."""

    lease_id: str
    fencing_token: int
    expires_at: int


class EndedView(BaseModel):
    """A lease that has ended. `label_id` only where it ended with a label."""

    lease_id: str
    task_id: str
    outcome: str
    ended_at: int
    label_id: str | None = None


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
    """Counts of open tasks; null where a count is below `suppressed_below`."""

    available: int | None
    leased: int | None
    awaiting: int | None
    parked: int | None
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


def lease_view(lease: Lease, task: Task, fields: dict[str, str], schema: LabelSchema) -> LeaseView:
    """A leased task with its opened content."""
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
    )


def stats_view(counts: Counts) -> StatsView:
    """Counts with small cells suppressed."""

    def shown(count: int) -> int | None:
        return count if count >= SUPPRESSED_BELOW else None

    return StatsView(
        available=shown(counts.available),
        leased=shown(counts.leased),
        awaiting=shown(counts.awaiting),
        parked=shown(counts.parked),
    )
