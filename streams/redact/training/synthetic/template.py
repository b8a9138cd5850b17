"""Templates: one a line in `templates/*.txt`, `genre<TAB>text`, read into literals, slots and choices.

In the text `{{SLOT}}` is filled with a value. `{{SLOT@a}}` is about the same person, company, country or value
wherever `@a` occurs. `{{SLOT~lower}}`, `~upper`, `~title` and `~joined` (no spaces, for hashtags) change how it is
written. `[[a|b|c]]` is one of the alternatives, which may hold slots. A backslash with n or t is a line break or a
tab. Lines that start with `//` are remarks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypeAlias

from schemas.errors import ConfigError

_CHOICE = re.compile(r"\[\[(.*?)\]\]")
_SLOT = re.compile(r"\{\{([A-Z][A-Z_]*)(?:@([a-z0-9]))?(?:~(lower|upper|title|joined))?\}\}")
_LEFTOVER = re.compile(r"\{\{|\}\}|\[\[|\]\]")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a value. Slots with the same key are about the same person, company, country or value."""

    name: str
    key: str | None
    style: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several alternatives."""

    options: tuple[tuple[str | Slot, ...], ...]


Piece: TypeAlias = str | Slot | Choice


@dataclass(frozen=True, slots=True)
class Template:
    """`text` is as written in the file; it names the template."""

    family: str
    text: str
    pieces: tuple[Piece, ...]


def parse_template(line: str, known: Collection[str], where: str) -> Template:
    """The template of one line. Raises `ConfigError` naming `where` for an unknown slot or a bracket left over."""
    family, separator, text = line.partition("\t")
    if not separator or not text.strip():
        raise ConfigError(f"{where}: a template is a genre, a tab and a text")
    pieces = tuple(_pieces(text.replace("\\n", "\n").replace("\\t", "\t")))
    for piece in pieces:
        for part in _flat(piece):
            _check(part, known, where)
    return Template(family, text, pieces)


@cache
def load_templates(known: frozenset[str]) -> tuple[Template, ...]:
    """All templates of the package, in the order of files and lines."""
    folder = resources.files("streams.redact.training.synthetic").joinpath("templates")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".txt")), key=lambda file: file.name)
    return tuple(
        parse_template(line, known, f"{file.name}, line {number}")
        for file in files
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if line.strip() and not line.startswith("//")
    )


def _pieces(text: str) -> Iterator[Piece]:
    for at, part in enumerate(_CHOICE.split(text)):
        if at % 2:
            yield Choice(tuple(tuple(_plain(option)) for option in part.split("|")))
        else:
            yield from _plain(part)


def _plain(text: str) -> Iterator[str | Slot]:
    end = 0
    for match in _SLOT.finditer(text):
        if match.start() > end:
            yield text[end : match.start()]
        yield Slot(match[1], match[2], match[3])
        end = match.end()
    if end < len(text):
        yield text[end:]


def _flat(piece: Piece) -> Iterator[str | Slot]:
    if isinstance(piece, Choice):
        for option in piece.options:
            yield from option
    else:
        yield piece


def _check(part: str | Slot, known: Collection[str], where: str) -> None:
    if isinstance(part, Slot) and part.name not in known:
        raise ConfigError(f"{where}: no slot is called {part.name}; they are listed in slots.py")
    if isinstance(part, str) and _LEFTOVER.search(part):
        raise ConfigError(f"{where}: a bracket is not closed, or a slot is written wrongly")
