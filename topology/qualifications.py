"""What a project declares of a person who labels, beside their role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Qualification:
    """`trained_until`: the last day (UTC) that their training counts; None: nobody has said.

    `skills`: what tasks may ask for, by name: a language such as `de`, a field such as `medical`.
    """

    trained_until: date | None = None
    skills: frozenset[str] = frozenset()


UNKNOWN = Qualification()
"""Of whom the project declares nothing."""
