"""The edge of a project's guidance: known answers are written as quotes, and become offsets here.

Who writes a practice task quotes the words; counting code points by hand goes wrong at the first emoji.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StrictBool

from schemas.errors import ConfigError
from topology.guidance import Guidance, KnownSpan, PracticeTask
from topology.reading import Entry

MAX_GUIDELINES = 20_000
"""Ten printed pages: more is read by nobody beside a task."""
MAX_TASKS = 20
"""Practice of a quarter of an hour."""
MAX_SPANS = 100
"""Of one practice task; nobody learns from more."""
MAX_TEXT = 10_000
"""Of one field of a practice task."""
Label = Annotated[str, Field(min_length=1, max_length=256)]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class QuoteEntry(Entry):
    """A span, by the words it covers. They must occur once in the field."""

    field: Label
    quote: Text
    label: Label


class PracticeEntry(Entry):
    fields: dict[Label, Text] = Field(min_length=1, max_length=50)
    spans: tuple[QuoteEntry, ...] = Field(default=(), max_length=MAX_SPANS)
    choices: dict[Label, Label] = Field(default_factory=dict)
    explains: str = Field(min_length=1, max_length=2_000)


class GuidanceEntry(Entry):
    """What a project file says to its annotators; `ProjectDocument` has these fields beside its own."""

    guidelines: str = Field(default="", max_length=MAX_GUIDELINES)
    onboarding: tuple[PracticeEntry, ...] = Field(default=(), max_length=MAX_TASKS)
    blur: StrictBool = True


def to_guidance(entry: GuidanceEntry, source: str) -> Guidance:
    """The checked entry as values. Raises ConfigError."""
    tasks = [_task(task, f"{source}: onboarding.{at}") for at, task in enumerate(entry.onboarding)]
    return Guidance(entry.guidelines, tuple(tasks), entry.blur)


def _task(entry: PracticeEntry, where: str) -> PracticeTask:
    spans = [_span(quote, entry.fields, f"{where}.spans.{at}") for at, quote in enumerate(entry.spans)]
    if len(set(spans)) < len(spans):
        raise ConfigError(f"{where}.spans: a span is given twice")
    return PracticeTask(entry.fields, tuple(spans), entry.choices, entry.explains)


def _span(entry: QuoteEntry, fields: Mapping[str, str], where: str) -> KnownSpan:
    text = fields.get(entry.field)
    if text is None:
        raise ConfigError(f"{where}.field: the task has no such field; it has {', '.join(sorted(fields))}")
    start = text.find(entry.quote)
    if start < 0:
        raise ConfigError(f"{where}.quote: does not occur in {entry.field}; quote its words exactly")
    if text.find(entry.quote, start + 1) >= 0:
        raise ConfigError(f"{where}.quote: occurs more than once in {entry.field}; quote more words")
    return KnownSpan(entry.field, start, start + len(entry.quote), entry.label)
