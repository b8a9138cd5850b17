"""The rules of label as Cedar holds them: those of the package, with a project's own beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import cedarpy

from topology.permissions.actions import Denial

MAX_RULES_CHARS = 16_000
"""Of a project's own rules. The built-in ones have 3,000; evaluating grows with them."""
MAX_RULES = 32
KEPT = 16
"""Rule sets kept parsed: parsing takes 1.4 ms, a decision with parsed rules 0.12 ms. A project has one, and for a
moment two when its file has changed.
"""


class RulesRefused(Exception):
    """A project's rules are not what it may add. The message says which rule, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name on the audit, whether it forbids, and what a caller is told (permits: None)."""

    name: str
    forbids: bool
    reason: Denial | None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Parsed rules. `by_id`: by the ids that Cedar gives them."""

    policies: cedarpy.PolicySet
    by_id: Mapping[str, Rule]


def schema_text() -> str:
    """What rules may speak of."""
    return _file("label.cedarschema")


def builtin_text() -> str:
    """The rules that hold in every project."""
    return _file("label.cedar")


@lru_cache(maxsize=1)
def schema() -> cedarpy.Schema:
    """The schema, parsed."""
    return cedarpy.Schema.from_str(schema_text())


@lru_cache(maxsize=KEPT)
def rule_set(own: str) -> RuleSet:
    """The rules of the package with a project's own. Raises RulesRefused for rules that it may not add."""
    builtin = list(_builtin())
    added = list(_own(own))
    text = f"{builtin_text()}\n{own}"
    ids = [f"policy{number}" for number in range(len(builtin) + len(added))]
    rules = dict(zip(ids, [*builtin, *added], strict=True))
    return RuleSet(cedarpy.PolicySet.from_str(text), rules)


def _builtin() -> Iterator[Rule]:
    return rules_of(builtin_text())


def rules_of(text: str) -> Iterator[Rule]:
    """The rules of a file of the package, in its order."""
    for policy in _policies(text):
        marks = policy["annotations"]
        forbids = policy["effect"] == "forbid"
        yield Rule(marks["id"], forbids, Denial(marks["reason"]) if forbids else None)


def _own(text: str) -> Iterator[Rule]:
    """A project's rules: forbids with names of their own that mean something in the schema."""
    if not text.strip():
        return
    if len(text) > MAX_RULES_CHARS:
        raise RulesRefused(f"longer than {MAX_RULES_CHARS} characters")
    try:
        policies = _policies(text)
    except ValueError:
        raise RulesRefused("is no Cedar; see https://docs.cedarpolicy.com and label.cedarschema") from None
    if len(policies) > MAX_RULES:
        raise RulesRefused(f"more than {MAX_RULES} rules")
    taken = {rule.name for rule in _builtin()}
    for policy in policies:
        name = _own_name(policy, taken)
        taken.add(name)
        yield Rule(name, forbids=True, reason=Denial.NOT_PERMITTED)
    _validate(text)


def _own_name(policy: Mapping[str, Any], taken: set[str]) -> str:
    marks: Mapping[str, str | None] = policy.get("annotations", {})
    name = marks.get("id") or ""  # Cedar has an annotation without a value, too
    if set(marks) != {"id"} or not _plain(name):
        raise RulesRefused('each rule has a name, @id("lower-case-words"), and no other annotation')
    if policy["effect"] != "forbid":
        raise RulesRefused(f"{name}: a project's rules can only forbid")
    if name in taken:
        raise RulesRefused(f"{name}: there is a rule of this name already")
    return name


def _plain(name: str) -> bool:
    """Names go on the audit: nothing of a record could be one."""
    return 0 < len(name) <= 40 and name.isascii() and name.replace("-", "").isalnum() and name == name.lower()  # noqa: PLR2004 - as other names


def _validate(text: str) -> None:
    result = cedarpy.validate_policies(text, schema_text())
    if not result.validation_passed:
        found = "; ".join(error.error for error in result.errors[:3])
        raise RulesRefused(f"does not fit label.cedarschema: {found}")


def _policies(text: str) -> list[dict[str, Any]]:
    """In the order they are written, which is the order Cedar numbers them in. Raises ValueError; no templates."""
    parsed = json.loads(cedarpy.policies_to_json_str(text))
    if parsed["templates"]:
        raise ValueError
    found = parsed["staticPolicies"]
    return [found[f"policy{number}"] for number in range(len(found))]


def _file(name: str) -> str:
    return resources.files("topology.permissions").joinpath(name).read_text(encoding="utf-8")
