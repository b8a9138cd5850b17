"""What a project's synthetic records are made of, as values: templates with labels and slots in them.

In a text `<LABEL:…>` is a piece to be labeled, `{person}` a value to be made up, `{product}` one of the file's own
words. The same slot is the same value in all of a record; `{person2}` is another person, `{person.lower}` the
first one in lower case. Sensitive are the slots of `SENSITIVE` and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from topology.policies.actions import Action
from topology.policies.model import Policy

SENSITIVE: Mapping[str, str] = {
    "person": "PERSON",
    "email": "EMAIL_ADDRESS",
    "phone": "PHONE_NUMBER",
    "iban": "IBAN_CODE",
    "card": "CREDIT_CARD",
    "address": "ADDRESS",
    "birth_date": "DATE_TIME",
    "ip": "IP_ADDRESS",
}
"""Slots that are filled with something that must not be shown, and its category."""
PLAIN = ("date",)
"""Slots that are filled, and are not sensitive by themselves."""


class Form(StrEnum):
    """How a value is written."""

    FULL = ""
    LOWER = "lower"
    UPPER = "upper"
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Piece:
    """Words as they stand, or a slot: its kind, which of its kind (1 is the first), in which form."""

    text: str = ""
    slot: str = ""
    number: int = 1
    form: Form = Form.FULL


@dataclass(frozen=True, slots=True)
class Group:
    """Pieces that one label covers; no label: none does."""

    label: str
    pieces: tuple[Piece, ...]


class Shape(StrEnum):
    """What a record is published as."""

    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class GoldTemplate:
    """One kind of record: its fields by path, and its answer to every choice."""

    shape: Shape
    fields: Mapping[str, tuple[Group, ...]]
    choices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GoldSource:
    """All of a project's templates; `locales` are the countries that people come from, `words` its own slots."""

    name: str
    locales: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    templates: tuple[GoldTemplate, ...]


_TOKEN = re.compile(
    r"<(?P<label>[A-Za-z][A-Za-z0-9_-]*):|(?P<end>>)"
    r"|\{(?P<slot>[a-z_]+)(?P<number>[2-9]?)(\.(?P<form>[a-z]+))?\}"
)


def parse_text(text: str) -> tuple[Group, ...]:
    """The text of a template taken apart. Raises ValueError: where, and what is allowed."""
    groups: list[Group] = []
    label, pieces = "", list[Piece]()
    position = 0
    for token in _TOKEN.finditer(text):
        pieces += _words(text[position : token.start()])
        position = token.end()
        if token["slot"]:
            pieces.append(_slot(token))
            continue
        if bool(token["label"]) is bool(label):
            raise ValueError(
                f"labels can't stand in each other, and each begins as <LABEL: (character {token.start()})"
            )
        groups += [Group(label, tuple(pieces))] if pieces or label else []
        label, pieces = token["label"] or "", []
    if label:
        raise ValueError(f"<{label}: is not closed by >")
    pieces += _words(text[position:])
    return (*groups, *([Group("", tuple(pieces))] if pieces else []))


def _words(text: str) -> list[Piece]:
    if set(text) & set("{}<>"):
        raise ValueError("{ } < > stand for slots and labels only: {person}, {person.lower}, <LABEL:…>")
    return [Piece(text)] if text else []


def _slot(token: re.Match[str]) -> Piece:
    form = token["form"] or ""
    if form not in set(Form):
        raise ValueError(f"no form .{form}; there are .lower, .upper, .first and .last")
    return Piece("", token["slot"], int(token["number"] or 1), Form(form))


def slots(source: GoldSource) -> frozenset[str]:
    """Every slot that the templates use."""
    texts = (groups for template in source.templates for groups in template.fields.values())
    return frozenset(piece.slot for groups in texts for group in groups for piece in group.pieces if piece.slot)


def faults(source: GoldSource, policy: Policy) -> Iterator[str]:
    """Where the templates don't fit a policy, a sentence each: nobody could see, or answer, what they ask."""
    options = {choice.name: choice.options for choice in policy.labels.choices}
    for at, template in enumerate(source.templates):
        where = f"{source.name}: templates.{at}"
        for path, groups in template.fields.items():
            rule = policy.field_rule(path)
            if rule is None:
                yield f"{where}: {policy.id} has no rule for the field {path}, so nobody would see it"
            elif rule.action is Action.PASS and any(_is_sensitive(group) for group in groups):
                yield f"{where}: {policy.id} shows {path} as it is, and the template has something sensitive in it"
            unknown = sorted({group.label for group in groups if group.label} - set(policy.labels.spans))
            if unknown:
                known = ", ".join(policy.labels.spans)
                yield f"{where}: {policy.id} has no label {', '.join(unknown)}; it has {known}"
        if template.choices.keys() != options.keys():
            yield f"{where}.choices: {policy.id} asks for {', '.join(options) or 'none'}; answer each of them"
            continue
        for name, value in template.choices.items():
            if value not in options[name]:
                yield f"{where}.choices.{name}: must be one of {', '.join(options[name])}"


def _is_sensitive(group: Group) -> bool:
    return any(piece.slot in SENSITIVE for piece in group.pieces)
