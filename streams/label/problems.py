"""What a caller is told when a call fails: status, a reason from a fixed vocabulary, a sentence; never a value."""

from __future__ import annotations

from http import HTTPStatus

from schemas.errors import DependencyError, Reason, RecordError, VaultUnavailable, VeilError
from streams.label.requests import Overloaded
from streams.label.tokens import TokenFault, TokenRefused

_CONFLICT = (
    Reason.STALE_TOKEN,
    Reason.LEASE_EXPIRED,
    Reason.ALREADY_SUBMITTED,
    Reason.TASK_CLOSED,
    Reason.IDEMPOTENCY_CONFLICT,
)
_INVALID = (
    Reason.SPAN_OUT_OF_RANGE,
    Reason.UNKNOWN_FIELD,
    Reason.UNKNOWN_LABEL,
    Reason.UNKNOWN_CHOICE,
    Reason.TOO_MANY_SPANS,
    Reason.DUPLICATE,
)
STATUS: dict[Reason, HTTPStatus] = {
    **dict.fromkeys(_CONFLICT, HTTPStatus.CONFLICT),
    **dict.fromkeys(_INVALID, HTTPStatus.UNPROCESSABLE_ENTITY),
    Reason.UNKNOWN_LEASE: HTTPStatus.NOT_FOUND,
    Reason.NOT_PERMITTED: HTTPStatus.FORBIDDEN,
    Reason.WITHDRAWN: HTTPStatus.GONE,
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.NO_POLICY: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.CONTROL_STALE: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The status of each reason; every other one is 400."""
_UNAUTHORIZED = frozenset({TokenFault.MISSING, TokenFault.BAD, TokenFault.EXPIRED})


class Problem(Exception):
    """Ends a call with an error body. 503 asks the caller to come again."""

    def __init__(self, status: HTTPStatus, reason: str, message: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.message = message


def unavailable(reason: str, message: str) -> Problem:
    """Nothing is lost: ask again, with the same Idempotency-Key where there was one."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, reason, message)


def of_error(error: VeilError) -> Problem:
    """What the caller is told of one of our errors."""
    match error:
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


def gone(reason: Reason) -> Problem:
    """A task whose content will never open again."""
    return Problem(HTTPStatus.GONE, reason.value, "the task is not available any more; ask for another one")
