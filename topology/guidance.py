"""What a project tells its annotators, as values: guidelines, tasks to practise on, and how its page behaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownSpan:
    """A span that a practice task should get: code points of its field, end-exclusive."""

    field: str
    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class PracticeTask:
    """A sanitized text with its known answer, and why that is the answer."""

    fields: Mapping[str, str]
    spans: tuple[KnownSpan, ...]
    choices: Mapping[str, str]
    explains: str


@dataclass(frozen=True, slots=True)
class Guidance:
    """`guidelines` is plain text with empty lines between paragraphs. `blur`: the page hides texts while another
    window is in use.
    """

    guidelines: str = ""
    onboarding: tuple[PracticeTask, ...] = ()
    blur: bool = True
