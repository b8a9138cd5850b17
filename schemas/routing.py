"""How a record's task is to be handed out: how urgent it is, what batch it belongs to, what it asks of a person.

A producer says so beside the sealed record. Annotators see it in clear, so it holds names only, and redact takes
none that the project's file doesn't know. Text form: `7;week-48;de,medical`, each part as it must be, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.errors import Reason, Unparseable

LOWEST, NORMAL, HIGHEST = 0, 5, 9
"""Priorities: ten levels, as syslog's eight and Unix's forty need no more; what says nothing is in the middle."""
MAX_SKILLS = 8
"""That one task asks for: a language, a field, and room."""
NAME_PATTERN = "[a-z][a-z0-9-]{0,39}"
"""Of batches and skills; as names in the topology."""
_NAME = re.compile(NAME_PATTERN)
_TEXT = re.compile(rf"([0-9]);((?:{NAME_PATTERN})?);((?:{NAME_PATTERN}(?:,{NAME_PATTERN})*)?)")


@dataclass(frozen=True, slots=True)
class Routing:
    """`batch` is empty for a task of none. `skills` are sorted, each once. Made by `routing` or `parse`."""

    priority: int = NORMAL
    batch: str = ""
    skills: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.priority};{self.batch};{','.join(self.skills)}"


ROUTINE = Routing()
"""Of a record whose producer says nothing."""


def routing(priority: int = NORMAL, batch: str = "", skills: Iterable[str] = ()) -> Routing:
    """A checked routing. Raises Unparseable (`bad_routing`), which says what is allowed and quotes nothing."""
    names = tuple(sorted(set(skills)))
    if not LOWEST <= priority <= HIGHEST:
        raise _bad(f"a priority is {LOWEST} to {HIGHEST}, {HIGHEST} the most urgent")
    if batch and not is_name(batch):
        raise _bad("a batch is a name: small letters, digits and dashes, 40 at most")
    if len(names) > MAX_SKILLS or not all(map(is_name, names)):
        raise _bad(f"at most {MAX_SKILLS} skills, each a name: small letters, digits and dashes, 40 at most")
    return Routing(priority, batch, names)


def parse(text: str) -> Routing:
    """What `str` of a routing gave. Raises Unparseable (`bad_routing`) for anything else."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise _bad("not a routing: expected priority;batch;skill,skill")
    found = routing(int(match[1]), match[2], match[3].split(",") if match[3] else ())
    if str(found) != text:
        raise _bad("the skills of a routing are sorted, each once")
    return found


def is_name(text: str) -> bool:
    """Whether it may name a batch or a skill."""
    return _NAME.fullmatch(text) is not None


def _bad(message: str) -> Unparseable:
    return Unparseable(Reason.BAD_ROUTING, message)
