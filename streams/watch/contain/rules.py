"""What containment may do by itself, as values: `rules.yaml`, or a file of one's own; checked by pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.alerts import Alert, Severity
from schemas.control import FreezeReason, RevocationReason, WithdrawalReason
from schemas.errors import ConfigError
from topology.reading import Entry, Name, parse

_SEVERITIES = tuple(Severity)
"""From the least to the most urgent."""
Count = Annotated[int, Field(ge=1, le=1_000, strict=True)]
Withdrawals = Annotated[int, Field(ge=1, le=500, strict=True)]
"""The event that names so many has 40 kB; a leaf of the audit's tree has 64 at most."""


class Action(StrEnum):
    """What can be ordered. Add, never rename."""

    REVOKE = "revoke"
    FREEZE = "freeze"
    WITHDRAW = "withdraw"
    """The open tasks that the alert's subject was shown since it began. It can't be undone."""
    MINIMUM = "minimum"
    """The policy in force never comes back: people have to publish a higher version."""
    REREDACT = "reredact"
    """What raw retention holds is to be redacted again. Two people order it; contain says that it waits."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What an alert of one of watch's rules calls for, from a severity on. Reasons are those of the orders."""

    least: Severity
    actions: tuple[Action, ...]
    revocation: RevocationReason
    freeze: FreezeReason
    withdrawal: WithdrawalReason


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be ordered in one project within an hour. `withdrawals`: tasks."""

    revocations: int
    freezes: int
    withdrawals: int


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
    withdrawal: WithdrawalReason = WithdrawalReason.OTHER_SENSITIVE


class BudgetEntry(Entry):
    revocations_an_hour: Count
    freezes_an_hour: Count
    withdrawals_an_hour: Withdrawals


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


def own_rules(path: Path) -> Rules:
    """The rules in a file, instead of those. Raises ConfigError for one that can't be read or makes no sense."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ConfigError(f"{path}: can't be read as text") from None
    return to_rules(parse(text, str(path), RulesDocument))


def to_rules(document: RulesDocument) -> Rules:
    """The checked document as values."""
    found = {
        name: Rule(entry.least, entry.do, entry.revocation, entry.freeze, entry.withdrawal)
        for name, entry in document.rules.items()
    }
    budget = document.budget
    return Rules(found, Budget(budget.revocations_an_hour, budget.freezes_an_hour, budget.withdrawals_an_hour))
