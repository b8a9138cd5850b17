"""A typed client of the label API: retries what may be retried, names each answer, keeps a lease alive.

What it raises:

- `Refused`: the call is not allowed as things are; `reason` says why: the lease has ended, a span is out of range.
  `Unreasoned` where nothing says why.
- `Denied`, an AccessDenied: the token, or the project's rules (`reason`); only another token or day helps.
- `QueueUnavailable`, a DependencyError: no answer after all retries, or one that is none of the API's. Nothing is
  known to have happened: make the same call again, a label with the same `key`.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel

from schemas.errors import AccessDenied, DependencyError, Reason, Refused
from schemas.records import LabelSpan
from schemas.tls import trusted_at
from streams.label.commands import ReleaseReason, ReportReason, SkipReason, Taking
from streams.label.forms import (
    BatchesView,
    CommentsView,
    EndedView,
    HeartbeatView,
    HintView,
    LeaseView,
    MeView,
    PractisedView,
    StatsView,
    ThreadsView,
)
from streams.label.guide import GuideView

TIMEOUT_S = 20.0
"""The server gives up by itself after 8 s, with 503, and for the opening of a task after 8 s more."""
RETRIES = 8
"""With the waits below about 25 s: longer than a takeover or a restarted broker or vault needs."""
_WAIT_S = (0.1, 5.0)
_WORD = re.compile(r"[a-z][a-z_]{0,60}")
_NO_HEADERS: Mapping[str, str] = {}
View = TypeVar("View", bound=BaseModel)


class QueueUnavailable(DependencyError):
    """The label API did not answer after all retries; the same call may be made again."""


class Unreasoned(Refused):
    """An error without a reason of the API's: this is no such API, or somebody in between has sent it, as a proxy
    may for a while. Whoever works for hours may make the same call again.
    """


class Denied(AccessDenied):
    """The API does not let this person, or this token, do that. `reason` is a word of the API; empty if it gave
    none.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"the label API answered {status}{': ' if reason else ''}{reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which task: only of `batch`, where that is given; `reserve`: keep the one after it too.

    `wait_s`: wait so many seconds where there is none, 30 at most.
    """

    batch: str = ""
    reserve: bool = False
    wait_s: int = 0

    def query(self) -> dict[str, str]:
        """As the API wants to hear it."""
        said = {"batch": self.batch, "reserve": "true" if self.reserve else "", "wait": str(self.wait_s or "")}
        return {name: value for name, value in said.items() if value}


ANY = Wanted()


class LabelClient:
    """One person's calls. Not thread-safe, except that `heartbeats` has a connection of its own.

    Raises Refused, Denied, QueueUnavailable. `token` is asked before each call, so that it can be renewed.
    `transport` is for tests.
    """

    def __init__(
        self,
        url: str,
        project: str,
        token: Callable[[], str],
        *,
        verify: ssl.SSLContext | None = None,
        retries: int = RETRIES,
        wait: Callable[[float], object] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._of_project = f"/v1/projects/{project}"
        self._project = project
        self._token = token
        self._verify = trusted_at(url) if verify is None else verify
        self._retries = retries
        self._wait = wait
        self._http = httpx.Client(
            base_url=url,
            timeout=TIMEOUT_S,
            verify=self._verify,
            transport=transport,
            trust_env=False,  # no proxy of the environment gets to see a token or a text
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def lease(self, wanted: Wanted = ANY) -> LeaseView | None:
        """The next task, or the one this person holds; None when there is none, also after waiting."""
        timeout_s = TIMEOUT_S + wanted.wait_s
        answer = self._call("POST", f"{self._of_project}/leases", query=wanted.query(), timeout_s=timeout_s)
        return None if answer.status_code == HTTPStatus.NO_CONTENT else _read(LeaseView, answer)

    def heartbeat(self, lease: LeaseView) -> HeartbeatView:
        """Extend the lease."""
        body = {"fencing_token": lease.fencing_token}
        answer = self._call("POST", f"/v1/leases/{lease.lease_id}/heartbeat", body)
        return _read(HeartbeatView, answer)

    def label(
        self,
        lease: LeaseView,
        spans: Sequence[LabelSpan],
        choices: Mapping[str, str],
        *,
        key: str | None = None,
        then: Wanted | None = None,
    ) -> EndedView:
        """Submit the answer, once however often it is sent. `key` names it; a fresh one unless given.

        `then` asks for the next task with it, here and below: `next` of what is returned, None where there is
        none.
        """
        body = {"fencing_token": lease.fencing_token, "result": _result(spans, choices)}
        return self._end(lease, "label", body, then, {"Idempotency-Key": key or uuid.uuid4().hex})

    def skip(self, lease: LeaseView, reason: SkipReason, *, then: Wanted | None = None) -> EndedView:
        """Never this task."""
        return self._end(lease, "skip", {"fencing_token": lease.fencing_token, "reason": reason.value}, then)

    def release(self, lease: LeaseView, reason: ReleaseReason) -> EndedView:
        """Not now."""
        return self._end(lease, "release", {"fencing_token": lease.fencing_token, "reason": reason.value})

    def report(
        self,
        lease: LeaseView,
        reason: ReportReason,
        marks: Sequence[LabelSpan] = (),
        *,
        then: Wanted | None = None,
    ) -> EndedView:
        """Something is exposed where `marks` say (their labels are not sent)."""
        spans = [{"field": mark.field, "start": mark.start, "end": mark.end} for mark in marks]
        body = {"fencing_token": lease.fencing_token, "reason": reason.value, "spans": spans}
        return self._end(lease, "report", body, then)

    def hint(self, lease: LeaseView, placeholder: str) -> HintView:
        """What may be told of a placeholder, as `[LOCATION_1]`; `lease.hints` says of which kinds one may ask.

        Refused with `too_many_hints` where the hour's are used up: that is not waited for.
        """
        body = {"fencing_token": lease.fencing_token, "placeholder": placeholder}
        return _read(HintView, self._call("POST", f"/v1/leases/{lease.lease_id}/hint", body))

    def comments(self, lease: LeaseView) -> CommentsView:
        """The comments on the task."""
        query = {"fencing_token": str(lease.fencing_token)}
        answer = self._call("GET", f"/v1/leases/{lease.lease_id}/comments", query=query)
        return _read(CommentsView, answer)

    def comment(self, lease: LeaseView, text: str, *, key: str | None = None) -> CommentsView:
        """Write about the task, once however often it is sent. `key` names it; a fresh one unless given.

        Refused with `too_many_comments` where the hour's are used up: that is not waited for.
        """
        body = {"fencing_token": lease.fencing_token, "text": text}
        return self._write(f"/v1/leases/{lease.lease_id}/comments", body, key)

    def threads(self) -> ThreadsView:
        """Which open tasks have comments; for who adjudicates, as the next two."""
        return _read(ThreadsView, self._call("GET", f"{self._of_project}/comments"))

    def thread(self, task_id: str) -> CommentsView:
        """The comments on an open task."""
        answer = self._call("GET", f"{self._of_project}/tasks/{task_id}/comments")
        return _read(CommentsView, answer)

    def reply(self, task_id: str, text: str, *, key: str | None = None) -> CommentsView:
        """Write about an open task. `key` as of `comment`."""
        return self._write(f"{self._of_project}/tasks/{task_id}/comments", {"text": text}, key)

    def attempt(self, lease: LeaseView, taking: Taking, times: int = 1) -> None:
        """The page of an app has refused to let the text be taken away, so many times: put it on record."""
        body = {"fencing_token": lease.fencing_token, "taking": taking.value, "times": times}
        self._call("POST", f"/v1/leases/{lease.lease_id}/attempt", body)

    def practise(self, task: str, spans: Sequence[LabelSpan], choices: Mapping[str, str]) -> PractisedView:
        """Answer an onboarding task of the guide, by its id."""
        body = {"result": _result(spans, choices)}
        return _read(PractisedView, self._call("POST", f"{self._of_project}/onboarding/{task}", body))

    def guide(self) -> GuideView:
        """Guidelines, onboarding tasks, and the label schema in force."""
        return _read(GuideView, self._call("GET", f"{self._of_project}/guide"))

    def me(self) -> MeView:
        """Who the API takes us for."""
        return _read(MeView, self._call("GET", "/v1/me"))

    def stats(self) -> StatsView:
        """How the queue stands."""
        return _read(StatsView, self._call("GET", f"{self._of_project}/stats"))

    def batches(self) -> BatchesView:
        """How it stands by batch."""
        return _read(BatchesView, self._call("GET", f"{self._of_project}/batches"))

    @contextmanager
    def heartbeats(self, lease: LeaseView, every_s: float = 60.0) -> Iterator[threading.Event]:
        """Extend the lease in the background. The event given is set when the lease is lost.

        A heartbeat without an answer is not repeated before its time: whoever leaves waits for one call at most.
        """
        done, lost = threading.Event(), threading.Event()

        def beat() -> None:
            with LabelClient(self._url, self._project, self._token, verify=self._verify, retries=0) as own:
                while not done.wait(every_s):
                    try:
                        own.heartbeat(lease)
                    except (Refused, AccessDenied):
                        lost.set()
                        return
                    except QueueUnavailable:
                        continue

        thread = threading.Thread(target=beat, name="label-heartbeat", daemon=True)
        thread.start()
        try:
            yield lost
        finally:
            done.set()
            thread.join()

    def _write(self, path: str, body: dict[str, Any], key: str | None) -> CommentsView:
        answer = self._call("POST", path, body, {"Idempotency-Key": key or uuid.uuid4().hex})
        return _read(CommentsView, answer)

    def _end(
        self,
        lease: LeaseView,
        how: str,
        body: dict[str, Any],
        then: Wanted | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> EndedView:
        query = {} if then is None else {"next": "true", **replace(then, wait_s=0).query()}
        answer = self._call("POST", f"/v1/leases/{lease.lease_id}/{how}", body, headers or {}, query)
        return _read(EndedView, answer)

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        query: Mapping[str, str] = _NO_HEADERS,
        timeout_s: float = TIMEOUT_S,
    ) -> httpx.Response:
        """Every call is idempotent: a lease by its person, the end of a lease by its token and words."""
        wait_s, longest = _WAIT_S
        for attempt in range(self._retries + 1):
            if attempt:
                self._wait(wait_s)
                wait_s = min(2 * wait_s, longest)
            sent = {**headers, "Authorization": f"Bearer {self._token()}"}
            try:
                answer = self._http.request(
                    method, path, json=body, headers=sent, params=dict(query), timeout=timeout_s
                )
            except httpx.RequestError:
                continue
            if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and not _too_many(answer):
                return _checked(answer)
        raise QueueUnavailable(f"the label API does not answer {method} after {self._retries + 1} attempts")


def _read(view: type[View], answer: httpx.Response) -> View:
    """What is answered; another form of it, as a page of a proxy in between, is none."""
    try:
        return view.model_validate(answer.json())
    except (ValueError, RecursionError):
        raise QueueUnavailable("the label API answers otherwise than it does; who is in between?") from None


def _too_many(answer: httpx.Response) -> bool:
    """Of hints and comments there are more within the hour, which nobody waits for here."""
    too_many = answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    return too_many and _reason(answer) not in (Reason.TOO_MANY_HINTS, Reason.TOO_MANY_COMMENTS)


def _result(spans: Sequence[LabelSpan], choices: Mapping[str, str]) -> dict[str, Any]:
    return {"spans": [_span(span) for span in spans], "choices": dict(choices)}


def _span(span: LabelSpan) -> dict[str, object]:
    return {"field": span.field, "start": span.start, "end": span.end, "label": span.label}


def _checked(answer: httpx.Response) -> httpx.Response:
    """The answer, unless it is an error."""
    if not answer.is_error:
        return answer
    reason = _reason(answer)
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise Denied(answer.status_code, reason)
    if not reason:
        raise Unreasoned(Reason.BAD_REQUEST, f"the label API answered {answer.status_code} and no reason")
    if reason in Reason.__members__.values():
        raise Refused(Reason(reason), f"the label API answered {answer.status_code}: {reason}")
    raise Refused(Reason.BAD_REQUEST, f"the label API answered {answer.status_code}")


def _reason(answer: httpx.Response) -> str:
    """The word of the body; empty for anything else, as a proxy's page."""
    try:
        found = str(answer.json()["error"]["reason"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return found if _WORD.fullmatch(found) else ""
