"""In which rules two policies differ, and which of the two shows more by each. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from topology.policies.actions import Action, Tier, Treatment, are_unlike, stricter
from topology.policies.canonical import policy_bytes
from topology.policies.entries import MILLION
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
            found.update(_conditional(content))
        elif section not in {"format", "version"}:
            _flatten(section, content, found)
    return found


def _conditional(conditions: list[dict[str, Any]]) -> dict[str, str]:
    """Each category of each condition, under what has to hold; of several conditions for the same all they say."""
    found: dict[str, list[str]] = {}
    for condition in conditions:
        for category, entry in condition["categories"].items():
            found.setdefault(f"conditions.{_plain(condition['when'])}.{category}", []).append(_words(entry))
    return {path: " and ".join(sorted(words)) for path, words in found.items()}


def _flatten(path: str, value: Any, found: dict[str, str]) -> None:  # noqa: ANN401 - JSON
    match value:
        case {"action": str()} if path.partition(".")[0] in _TREATED:
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
    if section in _TREATED:
        return _of_treatments(_TREATED[section](old, rest), _TREATED[section](new, rest))
    if section == "risk":
        return _compared(-_most_risk(old, rest), -_most_risk(new, rest))
    return _of_setting(path, before.get(path), after.get(path))


def _of_setting(path: str, old: str | None, new: str | None) -> Effect:
    if path.startswith("hints."):
        return _of_hints(path, old, new)
    if path in _RANKS:
        return _compared(_RANKS[path].index(old), _RANKS[path].index(new))
    if path.startswith("context."):
        return _of_context(path, old)
    if path == "detection.threshold":
        return _of_threshold(old, new)
    if path == "language":  # whose everyday words stay readable
        return Effect.SHOWS_MORE
    gained = next((gained for start, gained in _LISTED.items() if path.startswith(start)), None)
    return _gained(gained, old, new) if gained else Effect.OTHER


def _of_hints(path: str, old: str | None, new: str | None) -> Effect:
    """Of a policy that has none nobody is told anything, so that whatever is said of hints first shows more."""
    if old is None or new is None:
        return Effect.SHOWS_MORE if old is None else Effect.SHOWS_LESS
    if path == "hints.apps":
        return _compared(-(old == "true"), -(new == "true"))
    if path == "hints.least":
        return _compared(int(old), int(new))
    return _compared(-int(old), -int(new)) if path in _HINT_LIMITS else Effect.SHOWS_MORE


def _of_context(path: str, old: str | None) -> Effect:
    """A condition that asks for what another field says may hold no more, and without a field none holds.

    A field for the language is no gain: until there is one, the policy's own language holds for every record.
    """
    gained = old is None and path != "context.language"
    return Effect.SHOWS_LESS if gained else Effect.SHOWS_MORE


def _of_threshold(old: str | None, new: str | None) -> Effect:
    """Where none is given, the mode's own holds, which may be lower than the one there was, or is."""
    return Effect.SHOWS_MORE if old is None or new is None else _compared(-Fraction(old), -Fraction(new))


def _gained(gained: Effect, old: str | None, new: str | None) -> Effect:
    """A pattern or recognizer that is another one now may find no more what it found."""
    if old is not None and new is not None:
        return Effect.SHOWS_MORE
    lost = Effect.SHOWS_LESS if gained is Effect.SHOWS_MORE else Effect.SHOWS_MORE
    return lost if new is None else gained


def _compared(old: Any, new: Any) -> Effect:  # noqa: ANN401 - anything that has an order, both of one kind
    """By strictness: the greater hides more."""
    if old == new:
        return Effect.OTHER
    return Effect.SHOWS_LESS if new > old else Effect.SHOWS_MORE


def _of_treatments(old: Treated, new: Treated) -> Effect:
    """Of targets for unlike kinds of value neither leaves less: the new one may show what the old one hid."""
    if are_unlike(old[0], new[0]):
        return Effect.SHOWS_MORE
    return _compared((old[0].strength, _rank(old[1])), (new[0].strength, _rank(new[1])))


Treated = tuple[Treatment, Tier | None]
"""What happens, and the tier that may raise what is found in a text."""


def _of_field(policy: Policy, path: str) -> Treated:
    rule = policy.field_rule(path)
    return (rule.treatment, rule.tier) if rule else (_DENIED, None)


def _of_tag(policy: Policy, tag: str) -> Treated:
    """A tag that no rule names hides a passed field all the same, unless it is ignored."""
    rule = policy.tag_rule(tag)
    return (rule.treatment, rule.tier) if rule else (policy.default, None)


def _of_condition(policy: Policy, path: str) -> Treated:
    """A condition that is not there asks for nothing."""
    written = json.loads(policy_bytes(policy)).get("conditions", [])
    asked = [
        treatment
        for entry, condition in zip(written, policy.conditions, strict=True)
        for category, treatment in condition.categories
        if f"{_plain(entry['when'])}.{category}" == path
    ]
    return stricter(Treatment(Action.PASS), *asked), None


_TREATED: Mapping[str, Callable[[Policy, str], Treated]] = {
    "fields": _of_field,
    "tags": _of_tag,
    "categories": lambda policy, category: (policy.treatment_for(category), None),
    "conditions": _of_condition,
    "default_action": lambda policy, _: (policy.default, None),
}


def _rank(tier: Tier | None) -> int:
    return 0 if tier is None else list(Tier).index(tier)


def _most_risk(policy: Policy, path: str) -> int:
    """Above which risk a record waits, for one model: its own threshold, else that of all, else never."""
    _, of_one, model = path.partition("by_model.")
    own = dict(policy.risk.by_model).get(model) if of_one else None
    most = policy.risk.quarantine_above_ppm if own is None else own
    return MILLION + 1 if most is None else most


_RANKS: Mapping[str, tuple[str | None, ...]] = {
    "publish": ("open", None),
    "detection.mode": ("fast", "strict", "max"),
    "detection.failed_checksum": ("show", "mask"),
    "detection.years": ("show", "hide"),
    "detection.foreign_script": ("mask", "quarantine"),
    "tier": (None, "public", "internal", "confidential", "restricted"),
}
_HINT_LIMITS = frozenset({"hints.per_task", "hints.per_hour"})
_LISTED: Mapping[str, Effect] = {
    "detection.deny": Effect.SHOWS_LESS,
    "detection.patterns": Effect.SHOWS_LESS,
    "detection.recognizers": Effect.SHOWS_LESS,
    "detection.allow": Effect.SHOWS_MORE,
    "ignored_tags": Effect.SHOWS_MORE,
    "packs": Effect.SHOWS_LESS,
}
"""What one more entry of each list means."""
