"""The edge: what a policy file may say, checked by pydantic, turned into `Policy`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from topology.policies.model import (
    Action,
    Choice,
    CustomPattern,
    Detection,
    FieldRule,
    LabelSchema,
    Mode,
    Policy,
    TagRule,
)

# A key outside this alphabet can't be named: its name may itself be somebody's, so it stays denied.
PATH_REGEX = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}(\[\])*(\.[A-Za-z_][A-Za-z0-9_-]{0,63}(\[\])*){0,15}$"
MAX_PATTERN_LENGTH = 300  # longer ones are lists in disguise: use `deny`
MAX_LIST = 1000  # deny and allow entries; each costs a search in every text

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Category = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]
FieldPath = Annotated[str, StringConstraints(pattern=PATH_REGEX)]
Tag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:-]{0,63}$")]
LabelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
Term = Annotated[str, StringConstraints(min_length=2, max_length=100, strip_whitespace=True)]
Terms = Annotated[list[Term], Field(max_length=MAX_LIST)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Rule(Strict):
    """`{category, action}`, `{category}` (its category's action) or `detect`."""

    category: Category | None = None
    action: Action | None = None
    detect: bool = False

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"action": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.detect and self.action not in {None, Action.DETECT}:
            raise ValueError("say either `detect` or an action, not both")
        if self.wants_detection:
            return self
        if self.category is None and self.action not in {Action.PASS, Action.DROP}:
            raise ValueError("needs a category (for example PERSON), or one of: detect, pass, drop")
        return self

    @property
    def wants_detection(self) -> bool:
        return self.detect or self.action is Action.DETECT


class PatternEntry(Strict):
    name: LabelName
    category: Category
    regex: Annotated[str, StringConstraints(min_length=2, max_length=MAX_PATTERN_LENGTH)]

    @field_validator("regex")
    @classmethod
    def _usable(cls, value: str) -> str:
        if not value.isascii():
            raise ValueError("must be ASCII: text is folded to ASCII before it is searched (write e for é)")
        try:
            compiled = re.compile(value)
        except re.error as error:
            raise ValueError(f"is no regular expression: {error.msg} at position {error.pos}") from None
        if compiled.match(""):
            raise ValueError("must not match the empty string")
        return value


class DetectionEntry(Strict):
    mode: Mode = Mode.STRICT
    deny: Terms = []
    allow: Terms = []
    patterns: Annotated[list[PatternEntry], Field(max_length=50)] = []


class LabelsEntry(Strict):
    spans: Annotated[list[LabelName], Field(max_length=50)] = []
    choices: Annotated[
        dict[LabelName, Annotated[list[LabelName], Field(min_length=2, max_length=50)]], Field(max_length=20)
    ] = {}

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for names in (self.spans, *self.choices.values()):
            if len(set(names)) != len(names):
                raise ValueError("names must differ from each other")
        return self


class RetentionEntry(Strict):
    segment_hours: Annotated[int, Field(ge=1, le=24 * 366)] = 168


class PolicyDocument(Strict):
    """A whole policy file, version 1."""

    name: Name
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    owner: Annotated[str, StringConstraints(min_length=3, max_length=200)]
    review_by: dt.date
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] = "en"
    fields: Annotated[dict[FieldPath, Rule], Field(max_length=500)] = {}
    tags: Annotated[dict[Tag, Rule], Field(max_length=200)] = {}
    ignored_tags: Annotated[list[Tag], Field(max_length=200)] = []
    default_action: Action = Action.PLACEHOLDER
    categories: Annotated[dict[Category, Action], Field(max_length=500)] = {}
    detection: DetectionEntry = DetectionEntry()
    subject: Annotated[list[FieldPath], Field(max_length=20)] = []
    labels: LabelsEntry = LabelsEntry()
    overlap: Annotated[int, Field(ge=1, le=9)] = 3
    extra: Annotated[int, Field(ge=0, le=9)] = 2
    retention: RetentionEntry = RetentionEntry()

    @field_validator("tags")
    @classmethod
    def _tags_never_lower(cls, tags: dict[str, Rule]) -> dict[str, Rule]:
        if any(rule.action is Action.PASS for rule in tags.values()):
            raise ValueError("a tag is set by the producer and can't pass a field: name its path instead")
        return tags

    @field_validator("default_action")
    @classmethod
    def _default_hides(cls, action: Action) -> Action:
        if action in {Action.PASS, Action.DETECT}:
            raise ValueError("must hide: placeholder, mask or drop")
        return action

    @field_validator("categories")
    @classmethod
    def _category_actions(cls, actions: dict[str, Action]) -> dict[str, Action]:
        if Action.DETECT in actions.values():
            raise ValueError("`detect` is for fields; a category takes pass, placeholder, mask or drop")
        return actions

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.fields and not self.tags:
            raise ValueError("names no field and no tag, so that every record would be dropped")
        return self


def to_policy(document: PolicyDocument) -> Policy:
    """The checked document as values, in a canonical order; `hash` is still empty."""
    return Policy(
        name=document.name,
        version=document.version,
        owner=document.owner,
        review_by=document.review_by.isoformat(),
        language=document.language,
        fields=tuple(
            FieldRule(path, _action(rule, document), rule.category)
            for path, rule in sorted(document.fields.items())
        ),
        tags=tuple(
            TagRule(tag, _action(rule, document), rule.category) for tag, rule in sorted(document.tags.items())
        ),
        ignored_tags=tuple(sorted(set(document.ignored_tags))),
        default_action=document.default_action,
        categories=tuple(sorted(document.categories.items())),
        detection=_detection(document.detection),
        subject=tuple(document.subject),
        labels=LabelSchema(
            tuple(document.labels.spans),
            tuple(Choice(name, tuple(options)) for name, options in sorted(document.labels.choices.items())),
        ),
        overlap=document.overlap,
        extra=document.extra,
        segment_hours=document.retention.segment_hours,
    )


def _action(rule: Rule, document: PolicyDocument) -> Action:
    if rule.wants_detection:
        return Action.DETECT
    if rule.action is not None:
        return rule.action
    return document.categories.get(rule.category or "", document.default_action)


def _detection(entry: DetectionEntry) -> Detection:
    return Detection(
        mode=entry.mode,
        deny=tuple(sorted(set(entry.deny))),
        allow=tuple(sorted(set(entry.allow))),
        patterns=tuple(CustomPattern(p.name, p.category, p.regex) for p in entry.patterns),
    )
