"""Texts with known sensitive spans, as JSON Lines: `{"text", "spans": [{"start", "end", "entity_type"}]}`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from schemas.errors import ConfigError
from schemas.hidden import Hidden

_URL_OR_HANDLE = ("http://", "https://", "www.", "@")


@dataclass(frozen=True, slots=True)
class Gold:
    """Characters `[start, end)` of a text are of `entity_type`; code points."""

    start: int
    end: int
    entity_type: str


@dataclass(frozen=True, slots=True, repr=False)
class AnnotatedText(Hidden):
    """A text, what of it is sensitive, and stretches that count neither way (`ignored`, `[start, end)`).

    Texts of one `kin` say much the same, as those of one template do; None: akin to no other.
    """

    text: str
    gold: tuple[Gold, ...]
    ignored: tuple[tuple[int, int], ...] = ()
    kin: str | None = None


def read_annotated(source: Path) -> list[AnnotatedText]:
    """All texts of `source`. Raises `ConfigError` that names file and line, never content."""
    try:
        lines = source.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source}: can't be read ({type(error).__name__})") from None
    return [_parse(line, f"{source}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def without_links(texts: Iterable[AnnotatedText]) -> list[AnnotatedText]:
    """The same texts with URLs and @handles left out of the count of what is hidden without need.

    Annotators of tweets did not mark them; they identify people all the same, and hiding them is right.
    """
    return [replace(one, ignored=tuple(_links(one.text))) for one in texts]


def in_case(texts: Iterable[AnnotatedText], *, upper: bool) -> list[AnnotatedText]:
    """The texts all upper or all lower case. Letters whose other case has another length keep theirs."""
    change = str.upper if upper else str.lower
    return [replace(one, text="".join(_same_length(char, change(char)) for char in one.text)) for one in texts]


def _parse(line: str, where: str) -> AnnotatedText:
    try:
        row = json.loads(line)
        text = row["text"]
        gold = tuple(_span(span, len(text)) for span in row["spans"])
    except (KeyError, TypeError, ValueError):
        raise ConfigError(
            f'{where}: is not {{"text", "spans": [{{"start", "end", "entity_type"}}]}} with offsets in the text'
        ) from None
    return AnnotatedText(text, gold)


def _span(span: Any, length: int) -> Gold:  # noqa: ANN401 - JSON from outside
    start, end = int(span["start"]), int(span["end"])
    if not 0 <= start < end <= length:
        raise ValueError
    return Gold(start, end, str(span.get("entity_type", "UNNAMED")))


def _links(text: str) -> Iterable[tuple[int, int]]:
    position = 0
    for word in text.split():
        start = text.index(word, position)
        position = start + len(word)
        if word.startswith(_URL_OR_HANDLE) and len(word) > 1:
            yield start, position


def _same_length(char: str, changed: str) -> str:
    return changed if len(changed) == 1 else char
