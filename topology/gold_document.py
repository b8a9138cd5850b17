"""The edge of a project's gold templates, `gold/<project>.yaml`: what the file may say, as a `GoldSource`.

It stands apart from the project file: whoever writes guidelines or looks a right up need not see what gold is made
of.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.errors import ConfigError
from topology.gold_source import PLAIN, SENSITIVE, GoldSource, GoldTemplate, Group, Shape, parse_text, slots
from topology.reading import Entry, parse, read_text

MAX_TEMPLATES = 500
"""Half a day's writing; from fifty on, nobody recognizes one."""
MAX_TEXT = 10_000
"""Of one field, before its slots are filled."""
FOLDER = "gold"
TEXT_FIELD = "text"
"""What the one field of a plain text is called."""

Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}_[A-Z]{2}$")]
Slot = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Path_ = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$", max_length=200)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class TemplateEntry(Entry):
    """A record: `text` for plain text, or fields by path, besides those all have."""

    text: Text | None = None
    fields: dict[Path_, Text] = Field(default_factory=dict, max_length=100)
    choices: dict[str, str] = Field(default_factory=dict, max_length=20)

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        if (self.text is None) == (not self.fields):
            raise ValueError("give either `text`, for plain text, or `fields`")
        return self


class GoldDocument(Entry):
    locales: tuple[Locale, ...] = Field(min_length=1, max_length=50)
    words: dict[Slot, tuple[Word, ...]] = Field(default_factory=dict, max_length=100)
    fields: dict[Path_, Text] = Field(default_factory=dict, max_length=100)
    templates: tuple[TemplateEntry, ...] = Field(min_length=1, max_length=MAX_TEMPLATES)

    @model_validator(mode="after")
    def _own_words(self) -> Self:
        taken = sorted(self.words.keys() & {*SENSITIVE, *PLAIN})
        if taken:
            raise ValueError(
                f"words: {', '.join(taken)} are slots with a meaning of their own; choose another name"
            )
        if any(not words for words in self.words.values()):
            raise ValueError("words: each slot needs at least one")
        return self


def load_gold_source(project: str, extra: Sequence[Path] = ()) -> GoldSource:
    """The templates of a project: from the first of the user's own folders that has some, else the packaged ones.

    Raises ConfigError.
    """
    name = f"{project}.yaml"
    packaged = resources.files("topology").joinpath(FOLDER, name)
    own: list[Traversable] = [folder / FOLDER / name for folder in extra]
    for file in (*own, packaged):
        if file.is_file():
            return parse_gold_source(read_text(file) if isinstance(file, Path) else file.read_text("utf-8"), name)
    places = ", ".join(str(file) for file in own) or str(packaged)
    raise ConfigError(f"{project} has no gold templates; write them to {places} (topology/README.md says how)")


def parse_gold_source(text: str, source: str) -> GoldSource:
    """The templates that `text` declares; `source` is what errors call it. Raises ConfigError."""
    document = parse(text, source, GoldDocument)
    templates = tuple(
        _template(entry, document, f"{source}: templates.{at}") for at, entry in enumerate(document.templates)
    )
    made = GoldSource(source, document.locales, document.words, templates)
    unknown = sorted(slots(made) - {*SENSITIVE, *PLAIN, *document.words})
    if unknown:
        known = ", ".join(sorted({*SENSITIVE, *PLAIN, *document.words}))
        raise ConfigError(f"{source}: no slot {', '.join(unknown)}; there are {known}, and what `words` adds")
    return made


def _template(entry: TemplateEntry, document: GoldDocument, where: str) -> GoldTemplate:
    if entry.text is not None:
        return GoldTemplate(Shape.TEXT, {TEXT_FIELD: _groups(entry.text, f"{where}.text")}, entry.choices)
    fields = {**document.fields, **entry.fields}
    nested = sorted(path for path in fields if any(other.startswith(f"{path}.") for other in fields))
    if nested:
        raise ConfigError(f"{where}.fields: {', '.join(nested)} can't be a text and have fields of its own")
    parsed = {path: _groups(text, f"{where}.fields.{path}") for path, text in fields.items()}
    return GoldTemplate(Shape.JSON, parsed, entry.choices)


def _groups(text: str, where: str) -> tuple[Group, ...]:
    try:
        return parse_text(text)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None
