"""The calls of the API in one table: `app.py` serves it, `description.py` describes it. Nothing else is
served, but the page (`pages.py`), and HEAD where GET is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from pydantic import BaseModel
from starlette.requests import Request

from streams.label import forms
from streams.label.api import LabelApi
from streams.label.guide import GuideView
from streams.label.queries import END_QUERY, LEASE_QUERY, TOKEN_QUERY
from streams.label.tokens import Person
from topology.permissions import Action

_ERRORS: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "malformed",
    HTTPStatus.UNAUTHORIZED: "no valid bearer token, or no session any more",
    HTTPStatus.FORBIDDEN: "another project's or person's, forbidden by the project's rules (`reason` says why), "
    "or a browser's call without its CSRF token",
    HTTPStatus.TOO_MANY_REQUESTS: "too many calls of one person; ask again after Retry-After seconds",
    HTTPStatus.SERVICE_UNAVAILABLE: "ask again, in the same words, after Retry-After seconds",
}
_WITHDRAWN: dict[int, str] = {HTTPStatus.GONE: "the task was withdrawn meanwhile; ask for another one"}
_PRACTICE_ERRORS = _ERRORS | {
    HTTPStatus.NOT_FOUND: "no such onboarding task (any more): read the guide again",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body too large",
}
_LEASE_ERRORS = _ERRORS | {
    HTTPStatus.NOT_FOUND: "unknown lease",
    HTTPStatus.CONFLICT: "the lease has ended, or the key was used for something else",
    HTTPStatus.GONE: "the task is withdrawn",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "the answer does not fit the task or its policy",
}
_HINT_ERRORS = _LEASE_ERRORS | {
    HTTPStatus.CONFLICT: "the lease has ended, or its task's hints are used up",
    HTTPStatus.UNPROCESSABLE_ENTITY: "the task has no such placeholder, or its policy no hints of it",
    HTTPStatus.TOO_MANY_REQUESTS: "too many calls, or hints (`too_many_hints`), of one person; ask again after "
    "Retry-After seconds",
}
_COMMENT_ERRORS = _LEASE_ERRORS | {
    HTTPStatus.CONFLICT: "the lease has ended, the key was used for another comment, or the task or the "
    "project has as many comments as it may",
    HTTPStatus.TOO_MANY_REQUESTS: "too many calls, or comments (`too_many_comments`), of one person; ask again "
    "after Retry-After seconds",
}
_THREAD_ERRORS = _ERRORS | _WITHDRAWN | {HTTPStatus.NOT_FOUND: "no such task is open"}
_REPLY_ERRORS = _COMMENT_ERRORS | {HTTPStatus.NOT_FOUND: "no such task is open"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its address, who answers it, what it takes and gives, and what else it may answer, by status.

    An answer of None is 204, which means `empty`; with no `view` there is no other. `keyed`: it needs an
    Idempotency-Key. `query`: what may be said after the address, and what it means.
    """

    method: str
    path: str
    answer: Callable[[LabelApi, Request, Person], Awaitable[BaseModel | None]]
    view: type[BaseModel] | None
    errors: Mapping[int, str]
    form: type[forms.Form] | None = None
    empty: str = ""
    keyed: bool = False
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def action(self) -> Action:
        """The right that it needs (`topology.permissions`): the one named as the call."""
        return Action(self.answer.__name__)

    @property
    def active(self) -> bool:
        """Whether it shows that a person is at work. Our page reads by itself; it beats for who is there."""
        return self.method == "POST"


_LEASE = "/v1/leases/{lease_id}"
_PROJECT = "/v1/projects/{p}"
CALLS = (
    Call(
        "POST", f"{_PROJECT}/leases", LabelApi.lease, forms.LeaseView, _ERRORS | _WITHDRAWN,
        empty="no task for you now", query=LEASE_QUERY,
    ),
    Call(
        "POST", f"{_LEASE}/label", LabelApi.label, forms.EndedView, _LEASE_ERRORS, forms.LabelForm, keyed=True,
        query=END_QUERY,
    ),
    Call(
        "POST", f"{_LEASE}/heartbeat", LabelApi.heartbeat, forms.HeartbeatView, _LEASE_ERRORS, forms.HeartbeatForm
    ),
    Call("POST", f"{_LEASE}/skip", LabelApi.skip, forms.EndedView, _LEASE_ERRORS, forms.SkipForm, query=END_QUERY),
    Call("POST", f"{_LEASE}/release", LabelApi.release, forms.EndedView, _LEASE_ERRORS, forms.ReleaseForm),
    Call(
        "POST", f"{_LEASE}/report", LabelApi.report, forms.EndedView, _LEASE_ERRORS, forms.ReportForm,
        query=END_QUERY,
    ),
    Call("POST", f"{_LEASE}/hint", LabelApi.hint, forms.HintView, _HINT_ERRORS, forms.HintForm),
    Call(
        "GET", f"{_LEASE}/comments", LabelApi.comments, forms.CommentsView, _LEASE_ERRORS, query=TOKEN_QUERY,
    ),
    Call(
        "POST", f"{_LEASE}/comments", LabelApi.comment, forms.CommentsView, _COMMENT_ERRORS, forms.CommentForm,
        keyed=True,
    ),
    Call("GET", f"{_PROJECT}/comments", LabelApi.threads, forms.ThreadsView, _ERRORS),
    Call("GET", f"{_PROJECT}/tasks/{{task_id}}/comments", LabelApi.thread, forms.CommentsView, _THREAD_ERRORS),
    Call(
        "POST", f"{_PROJECT}/tasks/{{task_id}}/comments", LabelApi.reply, forms.CommentsView, _REPLY_ERRORS,
        forms.ReplyForm, keyed=True,
    ),
    Call("POST", f"{_LEASE}/attempt", LabelApi.attempt, None, _LEASE_ERRORS, forms.AttemptForm, empty="noted"),
    Call(
        "POST", f"{_PROJECT}/onboarding/{{task}}", LabelApi.practise, forms.PractisedView, _PRACTICE_ERRORS,
        forms.PractiseForm,
    ),
    Call("GET", f"{_PROJECT}/stats", LabelApi.stats, forms.StatsView, _ERRORS),
    Call("GET", f"{_PROJECT}/batches", LabelApi.batches, forms.BatchesView, _ERRORS),
    Call("GET", f"{_PROJECT}/guide", LabelApi.guide, GuideView, _ERRORS),
    Call("GET", "/v1/me", LabelApi.me, forms.MeView, _ERRORS),
)  # fmt: skip
"""The frequent ones first: they are tried in this order."""
