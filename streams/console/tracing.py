"""Questions that the whole audit answers: lineage and access. Who reads it is given; pictures are kept for a
while.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Protocol

NAME_BYTES = 16
"""Of a picture's name: nobody guesses it, and it is of no use in another session."""


@dataclass(frozen=True, slots=True)
class Traced:
    """An answer. `content`: as JSON; `svg`: drawn; `resources`: what it is about, by names that stand in the
    log.
    """

    content: dict[str, Any]
    svg: str = ""
    resources: tuple[str, ...] = ()


class Tracing(Protocol):
    """Reads the audit of a project from its beginning. Blocks; any thread, one call at a time. Raises
    LogUnavailable, RegistryUnavailable, and other VeilErrors where something can't be asked. None: nothing of it
    is known.
    """

    def trace(self, project: str, text: str, limit: int) -> Traced | None:
        """The lineage of what `text` names."""
        ...

    def access(self, project: str, person: str, limit: int) -> Traced | None:
        """What a person has seen."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """SVG as text."""

    svg: str = field(repr=False)


class Pictures:
    """The latest ones, each for the session that asked. Not thread-safe."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._found: OrderedDict[tuple[str, str], Picture] = OrderedDict()

    def keep(self, session: str, svg: str) -> str:
        """Its name."""
        name = secrets.token_hex(NAME_BYTES)
        self._found[session, name] = Picture(svg)
        if len(self._found) > self._kept:
            self._found.popitem(last=False)
        return name

    def find(self, session: str, name: str) -> Picture | None:
        """The picture of this name that this session asked for."""
        return self._found.get((session, name))
