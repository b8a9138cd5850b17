"""What containment may do by itself, as values: `rules.yaml`, checked by pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.alerts import Alert, Severity
from schemas.control import FreezeReason, RevocationReason
from topology.reading import Entry, Name, parse

_SEVERITIES = tuple(Severity)
"""From the least to the most urgent."""
Count = Annotated[int, Field(ge=1, le=1_000, strict=True)]


class Action(StrEnum):
    """What can be ordered. Add, never rename."""

    REVOKE = "revoke"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True)
class Rule:
    """What an alert of one of watch's rules calls for, from a severity on. Reasons are those of the orders."""

    least: Severity
    actions: tuple[Action, ...]
    revocation: RevocationReason
    freeze: FreezeReason


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be ordered in one project within an hour."""

    revocations: int
    freezes: int


@dataclass(frozen=True, slots=True)
class Rules:
    """All of the file; `by_name`: by the names of watch's rules."""

    by_name: Mapping[str, Rule]
    budget: Budget

    def of(self, alert: Alert) -> Rule | None:
        """The rule that acts on an alert; None where that waits for a person."""
        rule = self.by_name.get(alert.rule)
        urgent = rule is not None and _SEVERITIES.index(alert.severity) >= _SEVERITIES.index(rule.least)
        return rule if urgent else None


class RuleEntry(Entry):
    least: Severity
    do: Annotated[tuple[Action, ...], Field(min_length=1)]
    revocation: RevocationReason = RevocationReason.INCIDENT
    freeze: FreezeReason = FreezeReason.INCIDENT


class BudgetEntry(Entry):
    revocations_an_hour: Count
    freezes_an_hour: Count


class RulesDocument(Entry):
    rules: dict[Name, RuleEntry]
    budget: BudgetEntry

    @model_validator(mode="after")
    def _each_action_once(self) -> Self:
        for name, rule in self.rules.items():
            if len(set(rule.do)) != len(rule.do):
                raise ValueError(f"rules.{name}.do: names an action twice")
        return self


def packaged_rules() -> Rules:
    """The rules that come with Veilstream."""
    text = files("streams.watch.contain").joinpath("rules.yaml").read_text(encoding="utf-8")
    return to_rules(parse(text, "streams/watch/contain/rules.yaml", RulesDocument))


def to_rules(document: RulesDocument) -> Rules:
    """The checked document as values."""
    found = {
        name: Rule(entry.least, entry.do, entry.revocation, entry.freeze) for name, entry in document.rules.items()
    }
    return Rules(found, Budget(document.budget.revocations_an_hour, document.budget.freezes_an_hour))
