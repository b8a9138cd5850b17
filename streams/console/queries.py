"""What a call says after its address: each parameter once, short, of the form it must have. Raises Problem
(400).
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request

from streams.console.plots import HOUR_MS, MINUTE_MS
from streams.console.tail import Wanted
from streams.web.problem import Problem

MAX_NUMBER = 2**53 - 1
"""What a browser counts to."""
LENGTHS = {"hour": HOUR_MS, "minute": MINUTE_MS}
_FILTERS = ("type", "person", "process", "resource")


def text_of(request: Request, name: str, chars: int) -> str:
    """One parameter; empty where it is not there."""
    found = request.query_params.getlist(name)
    if len(found) > 1 or (found and (len(found[0]) > chars or not found[0].isprintable())):
        raise bad(f"`{name}` is given more than once, is too long, or has characters that don't print")
    return found[0].strip() if found else ""


def number_of(request: Request, name: str, default: int, most: int = MAX_NUMBER) -> int:
    """A whole number from 0 to `most`."""
    text = text_of(request, name, 20)
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or int(text) > most:
        raise bad(f"`{name}` is a whole number from 0 to {most}")
    return int(text)


def wanted_of(request: Request, projects: frozenset[str], people: frozenset[str], chars: int) -> Wanted:
    """Filters of the tail, over projects that its caller may see, which name these people."""
    named = {name: text_of(request, name, chars) for name in _FILTERS}
    return Wanted(projects, **named, denied=text_of(request, "denied", 5) == "true", people=people)


def length_of(request: Request) -> int:
    """Windows of which length: of a minute only where a day of them, which is what is kept, is asked for."""
    name = text_of(request, "windows", 10) or "hour"
    if name not in LENGTHS or (name == "minute" and number_of(request, "days", 1) > 1):
        raise bad("`windows` is hour, or minute with `days` 1")
    return LENGTHS[name]


def bad(message: str) -> Problem:
    """400."""
    return Problem(HTTPStatus.BAD_REQUEST, "bad_request", message)
