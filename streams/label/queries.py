"""What callers say after the `?` of an address: checked, bounded, and refused where it is not understood."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request

from schemas.errors import Reason
from schemas.routing import is_name
from streams.label.commands import Terms
from streams.label.tokens import Person
from streams.web.problem import Problem

LEASE_QUERY = {
    "batch": "only tasks of this batch",
    "reserve": "`true`: keep the task after this one for you, unseen, while you hold the lease",
    "wait": "seconds to wait for a task, where there is none; 204 after that",
}
"""What a call for a lease understands."""
END_QUERY = {
    "next": "`true`: answer with the next lease too, in the same commit",
    "batch": LEASE_QUERY["batch"],
    "reserve": LEASE_QUERY["reserve"],
}
"""What a call understands that ends a lease."""
TOKEN_QUERY = {"fencing_token": "the lease's fencing token"}
_TOKEN_DIGITS = 16


def terms_of(request: Request, person: Person) -> Terms:
    """On which terms a task is asked for. Raises Problem (400).

    Of which batch: the one asked for, or, where a session is bound to one, that.
    """
    batch = bound_to(person) or request.query_params.get("batch", "")
    if batch and not is_name(batch):
        raise _bad("batch is a name: small letters, digits and dashes, 40 at most")
    return Terms(batch, reserve=_flag(request, "reserve"), page=is_page(person))


def bound_to(person: Person) -> str:
    """The batch that a caller's session is bound to; empty: none."""
    return person.session.scope.batch if person.session is not None else ""


def then_of(request: Request, person: Person) -> Terms | None:
    """On which terms the next task is asked for with the end of a lease; None: it is not. Raises Problem (400)."""
    return terms_of(request, person) if _flag(request, "next") else None


def wait_of(request: Request, longest_s: int) -> int:
    """How many seconds a call waits for a task. Raises Problem (400)."""
    text = request.query_params.get("wait", "0")
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(longest_s)) or int(text) > longest_s:
        raise _bad(f"wait is 0 to {longest_s}, in seconds")
    return int(text)


def is_page(person: Person) -> bool:
    """Whether our own page is calling: only it has a session."""
    return person.session is not None


def token_of(request: Request) -> int:
    """The fencing token of a call without a body. Raises Problem (400)."""
    text = request.query_params.get("fencing_token", "")
    if not (text.isascii() and text.isdecimal()) or len(text) > _TOKEN_DIGITS:
        raise _bad("fencing_token is the lease's")
    return int(text)


def _flag(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "false")
    if text not in ("true", "false"):
        raise _bad(f"{name} is true or false")
    return text == "true"


def _bad(message: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, Reason.BAD_REQUEST.value, message)
