"""A typed client of the label API: retries what may be retried, names each answer, keeps a lease alive."""

from __future__ import annotations

import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Self

import httpx

from schemas.errors import AccessDenied, DependencyError, Reason, Refused
from schemas.records import LabelSpan
from streams.label.commands import ReleaseReason, ReportReason, SkipReason
from streams.label.forms import EndedView, HeartbeatView, LeaseView, MeView, StatsView

TIMEOUT_S = 20.0
"""The server gives up by itself after 8 s, with 503, and for the opening of a task after 8 s more."""
RETRIES = 8
"""With the waits below about 25 s: longer than a takeover or a restarted broker or vault needs."""
_WAIT_S = (0.1, 5.0)


class QueueUnavailable(DependencyError):
    """The label API did not answer after all retries; the same call may be made again."""


class LabelClient:
    """One person's calls. Not thread-safe, except that `heartbeats` has a connection of its own.

    Raises Refused (with the API's reason), AccessDenied (the token), QueueUnavailable. `token` is asked before
    each call, so that it can be renewed. `transport` is for tests.
    """

    def __init__(
        self,
        url: str,
        project: str,
        token: Callable[[], str],
        *,
        verify: ssl.SSLContext | bool = True,
        retries: int = RETRIES,
        wait: Callable[[float], object] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._project = project
        self._token = token
        self._verify = verify
        self._retries = retries
        self._wait = wait
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_S, verify=verify, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def lease(self) -> LeaseView | None:
        """The next task, or the one this person holds; None when there is none."""
        answer = self._post(f"/v1/projects/{self._project}/leases", None)
        return None if answer.status_code == HTTPStatus.NO_CONTENT else LeaseView.model_validate(answer.json())

    def heartbeat(self, lease: LeaseView) -> HeartbeatView:
        """Extend the lease."""
        answer = self._post(f"/v1/leases/{lease.lease_id}/heartbeat", {"fencing_token": lease.fencing_token})
        return HeartbeatView.model_validate(answer.json())

    def label(
        self, lease: LeaseView, spans: Sequence[LabelSpan], choices: Mapping[str, str], *, key: str | None = None
    ) -> EndedView:
        """Submit the answer, once however often it is sent. `key` names it; a fresh one unless given."""
        result = {"spans": [_span(span) for span in spans], "choices": dict(choices)}
        body = {"fencing_token": lease.fencing_token, "result": result}
        return self._end(lease, "label", body, {"Idempotency-Key": key or uuid.uuid4().hex})

    def skip(self, lease: LeaseView, reason: SkipReason) -> EndedView:
        """Never this task."""
        return self._end(lease, "skip", {"fencing_token": lease.fencing_token, "reason": reason.value})

    def release(self, lease: LeaseView, reason: ReleaseReason) -> EndedView:
        """Not now."""
        return self._end(lease, "release", {"fencing_token": lease.fencing_token, "reason": reason.value})

    def report(self, lease: LeaseView, reason: ReportReason, marks: Sequence[LabelSpan] = ()) -> EndedView:
        """Something is exposed where `marks` say (their labels are not sent)."""
        spans = [{"field": mark.field, "start": mark.start, "end": mark.end} for mark in marks]
        body = {"fencing_token": lease.fencing_token, "reason": reason.value, "spans": spans}
        return self._end(lease, "report", body)

    def me(self) -> MeView:
        """Who the API takes us for."""
        return MeView.model_validate(self._call("GET", "/v1/me", None, {}).json())

    def stats(self) -> StatsView:
        """How the queue stands."""
        answer = self._call("GET", f"/v1/projects/{self._project}/stats", None, {})
        return StatsView.model_validate(answer.json())

    @contextmanager
    def heartbeats(self, lease: LeaseView, every_s: float = 60.0) -> Iterator[threading.Event]:
        """Extend the lease in the background. The event given is set when the lease is lost."""
        done, lost = threading.Event(), threading.Event()

        def beat() -> None:
            with LabelClient(self._url, self._project, self._token, verify=self._verify, wait=done.wait) as own:
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

    def _end(
        self, lease: LeaseView, how: str, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EndedView:
        answer = self._post(f"/v1/leases/{lease.lease_id}/{how}", body, headers)
        return EndedView.model_validate(answer.json())

    def _post(
        self, path: str, body: dict[str, Any] | None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return self._call("POST", path, body, headers or {})

    def _call(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> httpx.Response:
        """Every call is idempotent: a lease by its person, the end of a lease by its token and words."""
        wait_s, longest = _WAIT_S
        for attempt in range(self._retries + 1):
            if attempt:
                self._wait(wait_s)
                wait_s = min(2 * wait_s, longest)
            sent = {**headers, "Authorization": f"Bearer {self._token()}"}
            try:
                answer = self._http.request(method, path, json=body, headers=sent)
            except httpx.TransportError:
                continue
            if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and not _too_many(answer):
                return _checked(answer)
        raise QueueUnavailable(f"the label API does not answer {method} after {self._retries + 1} attempts")


def _too_many(answer: httpx.Response) -> bool:
    return answer.status_code == HTTPStatus.TOO_MANY_REQUESTS


def _span(span: LabelSpan) -> dict[str, object]:
    return {"field": span.field, "start": span.start, "end": span.end, "label": span.label}


def _checked(answer: httpx.Response) -> httpx.Response:
    """The answer, unless it is an error."""
    if not answer.is_error:
        return answer
    try:
        reason = str(answer.json()["error"]["reason"])
    except (ValueError, KeyError, TypeError):
        reason = ""
    if reason in Reason.__members__.values():
        raise Refused(Reason(reason), f"the label API answered {answer.status_code}: {reason}")
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AccessDenied(f"the label API answered {answer.status_code}")
    raise Refused(Reason.BAD_REQUEST, f"the label API answered {answer.status_code}")
