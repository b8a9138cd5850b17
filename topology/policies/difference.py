"""In which rules two policies differ, and which of the two shows more by each. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from topology.policies.actions import Action, Tier, Treatment
from topology.policies.canonical import policy_bytes
from topology.policies.model import Policy

_DENIED = Treatment(Action.DROP)
"""What happens to a field that no rule names."""


class Effect(StrEnum):
    """What the change means for what can be seen."""

    SHOWS_MORE = "shows_more"
    SHOWS_LESS = "shows_less"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Change:
    """One rule: what it said and says, as the policy file would; None where it says nothing."""

    path: str
    old: str | None
    new: str | None
    effect: Effect


def differences(old: Policy, new: Policy) -> list[Change]:
    """Every rule in which they differ, in the order of their paths; hash and version aside."""
    before, after = _rules(old), _rules(new)
    return [
        Change(path, before.get(path), after.get(path), _effect(path, old, new, before, after))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]


def _rules(policy: Policy) -> dict[str, str]:
    """The policy as single rules: path → what it says."""
    document = json.loads(policy_bytes(policy))
    found: dict[str, str] = {}
    for section, content in document.items():
        if section == "conditions":
            found.update({path: _words(entry) for path, entry in _conditional(content).items()})
        elif section not in {"format", "version"}:
            _flatten(section, content, found)
    return found


def _conditional(conditions: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each category of each condition, under what has to hold."""
    return {
        f"conditions.{_plain(condition['when'])}.{category}": entry
        for condition in conditions
        for category, entry in condition["categories"].items()
    }


def _flatten(path: str, value: Any, found: dict[str, str]) -> None:  # noqa: ANN401 - JSON
    match value:
        case {"action": str()}:
            found[path] = _words(value)
        case dict():
            for key, item in value.items():
                _flatten(f"{path}.{key}", item, found)
        case list() if all(isinstance(item, str) for item in value):
            found.update({f"{path}: {item}": "listed" for item in value})
        case list():
            found.update({f"{path}.{item['name']}": _plain(item) for item in value})  # patterns, recognizers
        case _:
            found[path] = _plain(value)


def _words(rule: Mapping[str, Any]) -> str:
    """`placeholder EMAIL_ADDRESS`, `generalize DATE_TIME to: year`."""
    rest = [f"{key}: {item}" for key, item in rule.items() if key not in {"action", "category"}]
    return " ".join(str(part) for part in (rule["action"], rule.get("category"), *rest) if part is not None)


def _plain(value: Any) -> str:  # noqa: ANN401 - JSON
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _effect(path: str, old: Policy, new: Policy, before: Mapping[str, str], after: Mapping[str, str]) -> Effect:
    section, _, rest = path.partition(".")
    if section in _STRICTNESS:
        strictness = _STRICTNESS[section]
        return _compared(strictness(old, rest), strictness(new, rest))
    if path in _RANKS:
        return _compared(_RANKS[path].index(before.get(path)), _RANKS[path].index(after.get(path)))
    if path in _SHARES and path in before and path in after:  # where one is not given, the mode's own holds
        return _compared(-Fraction(before[path]), -Fraction(after[path]))
    for start, gained in _LISTED.items():
        if path.startswith(start):
            return _gained(gained, path in before, path in after)
    return Effect.OTHER


def _gained(gained: Effect, was_there: bool, is_there: bool) -> Effect:
    if was_there and is_there:
        return Effect.OTHER
    lost = Effect.SHOWS_LESS if gained is Effect.SHOWS_MORE else Effect.SHOWS_MORE
    return gained if is_there else lost


def _compared(old: Any, new: Any) -> Effect:  # noqa: ANN401 - anything that has an order, both of one kind
    """By strictness: the greater hides more."""
    if old == new:
        return Effect.OTHER
    return Effect.SHOWS_LESS if new > old else Effect.SHOWS_MORE


Strictness = tuple[tuple[int, ...], int]
"""Of a treatment, and of the tier that may raise what is found in a text."""


def _of_field(policy: Policy, path: str) -> Strictness:
    rule = policy.field_rule(path)
    return (rule.treatment.strength, _rank(rule.tier)) if rule else (_DENIED.strength, 0)


def _of_tag(policy: Policy, tag: str) -> Strictness:
    """A tag that no rule names hides a passed field all the same, unless it is ignored."""
    rule = policy.tag_rule(tag)
    return (rule.treatment.strength, _rank(rule.tier)) if rule else (policy.default.strength, 0)


def _of_condition(policy: Policy, path: str) -> Strictness:
    """A condition that is not there asks for nothing."""
    written = json.loads(policy_bytes(policy)).get("conditions", [])
    asked = [
        treatment.strength
        for entry, condition in zip(written, policy.conditions, strict=True)
        for category, treatment in condition.categories
        if f"{_plain(entry['when'])}.{category}" == path
    ]
    return max(asked, default=()), 0


def _rank(tier: Tier | None) -> int:
    return 0 if tier is None else list(Tier).index(tier)


_STRICTNESS: Mapping[str, Callable[[Policy, str], Strictness]] = {
    "fields": _of_field,
    "tags": _of_tag,
    "categories": lambda policy, category: (policy.treatment_for(category).strength, 0),
    "conditions": _of_condition,
    "default_action": lambda policy, _: (policy.default.strength, 0),
}
_RANKS: Mapping[str, tuple[str | None, ...]] = {
    "detection.mode": ("fast", "strict", "max"),
    "detection.failed_checksum": ("show", "mask"),
    "detection.years": ("show", "hide"),
    "detection.foreign_script": ("mask", "quarantine"),
    "tier": (None, "public", "internal", "confidential", "restricted"),
}
_SHARES = frozenset({"detection.threshold", "risk.quarantine_above"})
_LISTED: Mapping[str, Effect] = {
    "detection.deny": Effect.SHOWS_LESS,
    "detection.patterns": Effect.SHOWS_LESS,
    "detection.recognizers": Effect.SHOWS_LESS,
    "detection.allow": Effect.SHOWS_MORE,
    "ignored_tags": Effect.SHOWS_MORE,
    "packs": Effect.SHOWS_LESS,
    "risk": Effect.SHOWS_LESS,
}
"""What one more entry of each list means."""
