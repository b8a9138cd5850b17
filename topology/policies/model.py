"""A redaction policy as values: immutable, compared and hashed by content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Action(StrEnum):
    """What happens to a field, or to a find inside free text, from weakest to strongest.

    `detect` is for fields only: their text is searched, and each find gets the action of its category.
    """

    PASS = "pass"  # noqa: S105 - an action, not a password
    DETECT = "detect"
    PLACEHOLDER = "placeholder"
    MASK = "mask"
    DROP = "drop"

    @property
    def strength(self) -> int:
        """Rank by how little is left to see; a producer's tag may only move a field upwards."""
        return _STRENGTH[self]


_STRENGTH = {action: rank for rank, action in enumerate(Action)}


class Mode(StrEnum):
    """How much detection may cost. All three detect alike for now."""

    FAST = "fast"
    STRICT = "strict"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What happens to the field at `path`, for example `customer.email` or `notes[].text`."""

    path: str
    action: Action
    category: str | None = None


@dataclass(frozen=True, slots=True)
class TagRule:
    """What happens to each field whose schema carries `tag` in its `confluent:tags`; never `pass`."""

    tag: str
    action: Action
    category: str | None = None


@dataclass(frozen=True, slots=True)
class CustomPattern:
    """A regular expression of the policy's own. It sees text folded to ASCII and must run in linear time."""

    name: str
    category: str
    regex: str


@dataclass(frozen=True, slots=True)
class Detection:
    """How free text is searched. `deny` always hides, `allow` spares words from deny-by-default only."""

    mode: Mode = Mode.STRICT
    deny: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    patterns: tuple[CustomPattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A question about the whole record with a closed set of answers."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """What annotators may answer. There is no free text: it would be a way around redaction."""

    spans: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the redaction policy of a project or dataset. Equal content has an equal `hash`."""

    name: str
    version: int
    owner: str
    review_by: str
    language: str
    fields: tuple[FieldRule, ...]
    tags: tuple[TagRule, ...]
    ignored_tags: tuple[str, ...]
    default_action: Action
    categories: tuple[tuple[str, Action], ...]
    detection: Detection
    subject: tuple[str, ...]
    labels: LabelSchema
    overlap: int
    extra: int
    segment_hours: int
    hash: str = ""
    _field_index: Mapping[str, FieldRule] = field(init=False, repr=False, compare=False)
    _tag_index: Mapping[str, TagRule] = field(init=False, repr=False, compare=False)
    _action_index: Mapping[str, Action] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Lookups happen per field of each record; the tuples are what is compared, hashed and published.
        object.__setattr__(self, "_field_index", {rule.path: rule for rule in self.fields})
        object.__setattr__(self, "_tag_index", {rule.tag: rule for rule in self.tags})
        object.__setattr__(self, "_action_index", dict(self.categories))

    @property
    def id(self) -> str:
        """`P@n`: the name under which the policy is signed, published and cited."""
        return f"{self.name}@{self.version}"

    def field_rule(self, path: str) -> FieldRule | None:
        return self._field_index.get(path)

    def tag_rule(self, tag: str) -> TagRule | None:
        return self._tag_index.get(tag)

    def action_for(self, category: str) -> Action:
        """The action for a find of `category` in free text."""
        return self._action_index.get(category, self.default_action)
