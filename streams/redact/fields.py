"""A record's leaves, and what the policy says about each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from schemas.errors import Reason
from schemas.errors import Refused as RefusedError
from schemas.hidden import Hidden, RawRecord
from streams.redact.parse import nested_json
from topology.policies import Action, FieldRule, Policy, Tier, Treatment, raised, stricter

MAX_DEPTH = 32  # levels; parse.py refuses deeper ones already, this guards records made elsewhere
MAX_LEAVES = 20_000
MAX_TEXT = 1024 * 1024  # code points in all; a payload is at most 1 MiB
_NAMEABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_NONE: frozenset[str] = frozenset()
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
    """All scalars of `record` in its order. Raises `Refused` for one too deep, too large or of unknown types.

    A text that is a JSON object or array and that no rule names is opened, so that rules name what is in it.
    """
    found: list[Leaf] = []
    size = 0
    for path, name, value, rule in _walk(record, policy):
        text, literal = (value, False) if type(value) is str else _raw_text(value)
        size += len(text)
        if size > MAX_TEXT or len(found) >= MAX_LEAVES:
            raise RefusedError(Reason.TOO_LARGE)
        found.append(Leaf(path, name, text, literal, rule))
    return found


def _walk(record: RawRecord, policy: Policy) -> Iterator[tuple[str, str, object, FieldRule | None]]:
    """Path, its generic form (`notes[].text`), value and rule of each scalar.

    A key outside the alphabet of policies can't be named, so neither can anything below it: its name is "".
    An explicit stack, since a record's depth must not become ours.
    """
    tagged = record.tags
    stack: list[tuple[str, str, bool, object, frozenset[str], int]] = [("", "", True, record.fields, _NONE, 0)]
    while stack:
        path, name, nameable, value, tags, depth = stack.pop()
        own = tagged.get(name, _NONE) if tagged and nameable else _NONE
        if own:
            tags |= own
        if depth > MAX_DEPTH:
            raise RefusedError(Reason.TOO_DEEP)
        rule = None
        if not isinstance(value, (Mapping, list, tuple)):
            rule = _rule(policy, name, tags, own) if nameable else None
            opened = nested_json(value) if rule is None and isinstance(value, str) else None
            if opened is None:
                yield path, name if nameable else "", value, rule
                continue
            value = opened
        stack += _below(path, name, nameable, value, tags, depth + 1)


def _below(
    path: str, name: str, nameable: bool, value: object, tags: frozenset[str], depth: int
) -> list[tuple[str, str, bool, object, frozenset[str], int]]:
    """What is in a mapping or a list, last first: it goes onto a stack."""
    if isinstance(value, Mapping):
        return [
            (
                f"{path}.{key}" if path else str(key),
                f"{name}.{key}" if name else str(key),
                nameable and _NAMEABLE.fullmatch(key) is not None,
                value[key],
                tags,
                depth,
            )
            for key in reversed(value)
        ]
    assert isinstance(value, (list, tuple)), "scalars end the walk"
    return [
        (f"{path}[{index}]", f"{name}[]", nameable, value[index], tags, depth)
        for index in range(len(value) - 1, -1, -1)
    ]


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
    if not tags:
        return by_path
    rules = [by_path] if by_path else []
    unknown = False
    for tag in sorted(tags if by_path else own):
        rule = policy.tag_rule(tag)
        if rule:
            rules.append(FieldRule(name, rule.treatment, rule.category, rule.tier))
        elif tag not in policy.ignored_tags:
            unknown = True
    return _strictest(rules, policy, unknown=unknown) if rules else None


def _strictest(rules: list[FieldRule], policy: Policy, *, unknown: bool) -> FieldRule:
    strictest = max(rules, key=lambda rule: (rule.treatment.strength, rule.category or ""))
    treatment = stricter(*(rule.treatment for rule in rules))
    if treatment.strength > strictest.treatment.strength:  # none of them leaves less than all others
        strictest = replace(strictest, treatment=treatment)
    if unknown and strictest.action is Action.PASS:
        return FieldRule(strictest.path, policy.default, TAGGED)
    tiers = [rule.tier for rule in rules if rule.tier]
    if not tiers:
        return strictest
    # The highest tier among them holds for the field and what is found in it, whichever rule decides otherwise.
    highest = max(tiers, key=list(Tier).index)
    is_text = strictest.category is None or strictest.action is Action.DETECT
    floor = Treatment(highest.weakest_text if is_text else highest.weakest_value)
    treatment = raised(strictest.treatment, floor, floor if is_text else policy.default)
    return FieldRule(strictest.path, treatment, strictest.category, highest)
