"""Grants: what a person asks for to see one task's values, and what others answer. On `control`, kind `grant`.

The key is `grant/P/<SHA-256 of the request>/<signer>`: whoever approves signs which request they approve. A
request has one form as bytes, so one hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum

from schemas.control import MAX_VERSION

MAX_GRANT_MS = 8 * 3_600_000
"""A working day: whoever needs the values tomorrow asks again."""
MAX_GRANT_BYTES = 500
"""A request has some 250."""
_TASK = re.compile(r"[0-9a-f]{32}")
_PERSON = re.compile(r"[a-z][a-z0-9-]{0,39}")


class GrantPurpose(StrEnum):
    """What the values are needed for. Enumerated: it is on `control` and the audit, free text could quote."""

    LABEL_DISPUTE = "label_dispute"
    REDACTION_CHECK = "redaction_check"
    SUBJECT_REQUEST = "subject_request"
    INCIDENT = "incident"
    LEGAL_DUTY = "legal_duty"
    REHEARSAL = "rehearsal"


class GrantReason(StrEnum):
    """Why the redacted text is not enough. Enumerated as the purpose is."""

    MEANING_LOST = "meaning_lost"
    WRONG_PLACEHOLDER = "wrong_placeholder"
    PERSON_TO_FIND = "person_to_find"
    DANGER = "danger"
    ORDERED = "ordered"
    REHEARSAL = "rehearsal"


class GrantAnswer(StrEnum):
    """What can be said about a request."""

    APPROVE = "approve"
    DENY = "deny"
    """By an approver: it is not to be, whoever else approves."""
    REVOKE = "revoke"
    """By an approver, or by who has requested it: it is over."""
    OPEN = "open"
    """By who has requested it: now, please. It can be opened once."""


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """Who wants to see the values of which task, and when: `since` ≤ t < `until`, in milliseconds."""

    requester: str
    task_id: str
    purpose: GrantPurpose
    reason: GrantReason
    since: int
    until: int


def request_body(request: GrantRequest) -> bytes:
    """The bytes that ask for it. Raises ValueError for what no reader would take."""
    content = {
        "do": "request",
        "purpose": request.purpose.value,
        "reason": request.reason.value,
        "requester": request.requester,
        "since": request.since,
        "task": request.task_id,
        "until": request.until,
    }
    body = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    if read_request(body) != request:
        raise ValueError("no request for a grant: its task, times or person can't be")
    return body


def read_request(body: bytes) -> GrantRequest | None:
    """What `request_body` wrote; None for anything else, also for a purpose we don't know: it opens nothing."""
    try:
        content = json.loads(body) if len(body) <= MAX_GRANT_BYTES else None
        if not isinstance(content, dict) or content.pop("do", None) != "request":
            return None
        task, requester = content.pop("task"), content.pop("requester")
        since, until = content.pop("since"), content.pop("until")
        purpose, reason = GrantPurpose(content.pop("purpose")), GrantReason(content.pop("reason"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    named = _named(task, _TASK) and _named(requester, _PERSON)
    if content or not named or type(since) is not int or type(until) is not int:
        return None
    if not 0 < since < until <= min(since + MAX_GRANT_MS, MAX_VERSION):
        return None
    return GrantRequest(requester, task, purpose, reason, since, until)


def grant_id(request: GrantRequest) -> str:
    """The grant's name: SHA-256 in hex of the request's bytes."""
    return hashlib.sha256(request_body(request)).hexdigest()


def answer_body(answer: GrantAnswer) -> bytes:
    """The bytes that say so about the request that the key names."""
    return json.dumps({"do": answer.value}, separators=(",", ":")).encode()


def read_answer(body: bytes) -> GrantAnswer | None:
    """What `answer_body` wrote; None for anything else."""
    return next((answer for answer in GrantAnswer if answer_body(answer) == body), None)


def fits_grant(grant: str, signer: str, body: bytes) -> bool:
    """Whether a body can stand under this grant's name: nobody requests in another's, or by another hash."""
    request = read_request(body)
    if request is None:
        return read_answer(body) is not None
    return request.requester == signer and hashlib.sha256(body).hexdigest() == grant


def _named(value: object, names: re.Pattern[str]) -> bool:
    return isinstance(value, str) and names.fullmatch(value) is not None
