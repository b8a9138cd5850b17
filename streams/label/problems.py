"""What a caller is told when a call fails: status, a reason from a fixed vocabulary, a sentence; never a value."""

from __future__ import annotations

from http import HTTPStatus

from schemas.errors import DependencyError, Reason, RecordError, VaultUnavailable, VeilError
from streams.label.hourly import Later
from streams.label.requests import Overloaded
from streams.label.tokens import TokenFault, TokenRefused
from streams.web.problem import Problem
from streams.web.sessions import Ending
from topology.permissions import Denial

_CONFLICT = (
    Reason.STALE_TOKEN,
    Reason.LEASE_EXPIRED,
    Reason.ALREADY_SUBMITTED,
    Reason.TASK_CLOSED,
    Reason.IDEMPOTENCY_CONFLICT,
    Reason.EXCLUDED,
    Reason.HINTS_USED_UP,
    Reason.COMMENTS_USED_UP,
)
_INVALID = (
    Reason.SPAN_OUT_OF_RANGE,
    Reason.UNKNOWN_FIELD,
    Reason.UNKNOWN_LABEL,
    Reason.UNKNOWN_CHOICE,
    Reason.TOO_MANY_SPANS,
    Reason.DUPLICATE,
    Reason.NO_HINT,
    Reason.UNKNOWN_PLACEHOLDER,
)
STATUS: dict[Reason, HTTPStatus] = {
    **dict.fromkeys(_CONFLICT, HTTPStatus.CONFLICT),
    **dict.fromkeys(_INVALID, HTTPStatus.UNPROCESSABLE_ENTITY),
    Reason.UNKNOWN_LEASE: HTTPStatus.NOT_FOUND,
    Reason.UNKNOWN_BATCH: HTTPStatus.NOT_FOUND,
    Reason.UNKNOWN_TASK: HTTPStatus.NOT_FOUND,
    Reason.NOT_PERMITTED: HTTPStatus.FORBIDDEN,
    Reason.PERSON_PAUSED: HTTPStatus.FORBIDDEN,
    Reason.HINTS_STOPPED: HTTPStatus.FORBIDDEN,
    Reason.COMMENTS_STOPPED: HTTPStatus.FORBIDDEN,
    Reason.TOO_MANY_HINTS: HTTPStatus.TOO_MANY_REQUESTS,
    Reason.TOO_MANY_COMMENTS: HTTPStatus.TOO_MANY_REQUESTS,
    Reason.WITHDRAWN: HTTPStatus.GONE,
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.NO_POLICY: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.CONTROL_STALE: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The status of each reason; every other one is 400."""
_UNAUTHORIZED = frozenset({TokenFault.MISSING, TokenFault.BAD, TokenFault.EXPIRED})


def unavailable(reason: str, message: str) -> Problem:
    """Nothing is lost: ask again, with the same Idempotency-Key where there was one."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, reason, message)


def no_owner() -> Problem:
    """No process has the queue now, as far as this one knows. The call was sent to none."""
    return unavailable("no_owner", "the queue is changing hands; ask again")


def of_error(error: VeilError) -> Problem:
    """What the caller is told of one of our errors."""
    match error:
        case Later():
            return Problem(STATUS[error.reason], error.reason.value, str(error), -(-error.wait_ms // 1000))
        case RecordError():
            status = STATUS.get(error.reason, HTTPStatus.BAD_REQUEST)
            return Problem(status, error.reason.value, str(error))
        case Overloaded():
            return unavailable("overloaded", "too many calls wait; ask again")
        case VaultUnavailable():
            return unavailable("vault_unavailable", "the content can't be opened now; ask again")
        case DependencyError():
            return unavailable("unavailable", "a part this service needs does not answer; ask again")
    return unavailable("in_doubt", "whether this took effect is not known; ask again in the same words")


def of_token(refused: TokenRefused) -> Problem:
    """401 where we don't know who is calling, 403 where we do."""
    if refused.fault in _UNAUTHORIZED:
        return Problem(HTTPStatus.UNAUTHORIZED, refused.fault.value, "a valid bearer token is needed")
    return Problem(HTTPStatus.FORBIDDEN, refused.fault.value, "the token does not allow this")


_FORBIDDEN = {
    Denial.REVOKED: "you are revoked in this project; two of its people must agree before you may enter again",
    Denial.CONFLICTING_DUTIES: "you hold another duty in this project, so you may not label in it",
    Denial.NOT_PERMITTED: "the rules of this project do not allow this; its owner can say why",
    Denial.NOT_TRAINED: "your training for this project is not on record, or its last day has passed",
    Denial.WRONG_DEVICE: "this project is worked on from certain devices only; this is none of them",
    Denial.OUTSIDE_HOURS: "this project has working hours, and this is outside of them",
    Denial.NOT_ONBOARDED: "this project wants its onboarding tasks answered right first; see its guide",
}


def forbidden(reason: Denial) -> Problem:
    """403: the rules of the project."""
    return Problem(HTTPStatus.FORBIDDEN, reason.value, _FORBIDDEN[reason])


def unknown_practice() -> Problem:
    """404: the project's file has changed since its guide was read."""
    message = "no such onboarding task (any more); read the guide again"
    return Problem(HTTPStatus.NOT_FOUND, "unknown_practice", message)


_SESSION_OVER = {
    Ending.SIGNED_OUT: "you have signed out; sign in again",
    Ending.IDLE: "nothing was done for a while; sign in again",
    Ending.EXPIRED: "the session has reached its longest life; sign in again",
    Ending.REPLACED: "you have signed in elsewhere; that session goes on",
    Ending.REVOKED: "you may not label in this project any more; its owner can say why",
    Ending.NOT_TRAINED: "the last day of your training has passed; the project's owner can renew it",
    Ending.FROZEN: "the project is stopped; sign in again when it goes on",
    Ending.COMPLETED: "nothing is left to do in this batch",
}


def of_session(ending: Ending | None) -> Problem:
    """401 for a browser whose session is over, or that has none."""
    if ending is None:
        return Problem(HTTPStatus.UNAUTHORIZED, Ending.SIGNED_OUT.value, "nobody is signed in here; sign in")
    return Problem(HTTPStatus.UNAUTHORIZED, ending.value, _SESSION_OVER[ending])


def two_identities() -> Problem:
    """A cookie and a bearer token may name two people; neither is believed."""
    message = "send a session cookie or a bearer token, not both"
    return Problem(HTTPStatus.BAD_REQUEST, "two_identities", message)


def gone(reason: Reason) -> Problem:
    """A task whose content will never open again."""
    return Problem(HTTPStatus.GONE, reason.value, "the task is not available any more; ask for another one")
