"""A record's leaves, and what the policy says about each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.errors import Reason
from schemas.errors import Refused as RefusedError
from schemas.hidden import Hidden, RawRecord
from topology.policies import Action, FieldRule, Policy

MAX_DEPTH = 32  # levels; parse.py refuses deeper ones already, this guards records made elsewhere
MAX_LEAVES = 20_000
MAX_TEXT = 1024 * 1024  # code points in all; a payload is at most 1 MiB
_NAMEABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
TAGGED = "SENSITIVE"  # category of a passed field on which the producer has set a tag the policy doesn't know


@dataclass(frozen=True, slots=True, repr=False)
class Leaf(Hidden):
    """One scalar. `path` is where it is (`notes[0].text`), `rule` what happens to it; `None`: denied."""

    path: str
    name: str
    text: str
    literal: bool
    rule: FieldRule | None


def leaves(record: RawRecord, policy: Policy) -> list[Leaf]:
    """All scalars of `record` in its order. Raises `Refused` for one too deep, too large or of unknown types."""
    found: list[Leaf] = []
    size = 0
    for path, name, value, tags in _walk(record):
        text, literal = _raw_text(value)
        size += len(text)
        if size > MAX_TEXT or len(found) >= MAX_LEAVES:
            raise RefusedError(Reason.TOO_LARGE)
        rule = _rule(policy, name, tags, record.tags.get(name, frozenset())) if name else None
        found.append(Leaf(path, name, text, literal, rule))
    return found


def _walk(record: RawRecord) -> Iterator[tuple[str, str, object, frozenset[str]]]:
    """Path, its generic form (`notes[].text`), value and tags of each scalar.

    A key outside the alphabet of policies can't be named, so neither can anything below it: its name is "".
    An explicit stack, since a record's depth must not become ours.
    """
    stack: list[tuple[str, str, bool, object, frozenset[str], int]] = [
        ("", "", True, record.fields, frozenset(), 0)
    ]
    while stack:
        path, name, nameable, value, tags, depth = stack.pop()
        tags = tags | record.tags.get(name, frozenset()) if nameable else tags
        if depth > MAX_DEPTH:
            raise RefusedError(Reason.TOO_DEEP)
        if isinstance(value, Mapping):
            for key in reversed(value):
                fits = nameable and _NAMEABLE.fullmatch(key) is not None
                child = f"{path}.{key}" if path else str(key)
                generic = f"{name}.{key}" if name else str(key)
                stack.append((child, generic, fits, value[key], tags, depth + 1))
        elif isinstance(value, (list, tuple)):
            stack += [
                (f"{path}[{index}]", f"{name}[]", nameable, value[index], tags, depth + 1)
                for index in range(len(value) - 1, -1, -1)
            ]
        else:
            yield path, name if nameable else "", value, tags


def _raw_text(value: object) -> tuple[str, bool]:
    """The text that offsets count in, and whether it is a JSON literal (number, bool, null) and no string."""
    if isinstance(value, str):
        return value, False
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value), True
    raise RefusedError(Reason.UNDECODABLE)


def _rule(policy: Policy, name: str, tags: frozenset[str], own: frozenset[str]) -> FieldRule | None:
    """The strictest of what the policy says of the path and of its tags.

    Tags of an enclosing record or map only raise: below a map the path holds the producer's data, and only a
    policy that names it says that it may be shown.
    """
    by_path = policy.field_rule(name)
    rules = [by_path] if by_path else []
    unknown = False
    for tag in sorted(tags if by_path else own):
        rule = policy.tag_rule(tag)
        if rule:
            rules.append(FieldRule(name, rule.action, rule.category))
        elif tag not in policy.ignored_tags:
            unknown = True
    if not rules:
        return None
    strictest = max(rules, key=lambda rule: (rule.action.strength, rule.category or ""))
    if unknown and strictest.action is Action.PASS:
        return FieldRule(name, policy.default_action, TAGGED)
    return strictest
