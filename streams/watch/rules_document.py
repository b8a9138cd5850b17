"""The edge of `rules.yaml`: what a rule may say, checked by pydantic, turned into `Rule`."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.alerts import Severity
from schemas.resources import Kind
from streams.watch.rules import OF_PROCESSES, OF_PROJECTS, OF_RECORDS, Measure, Rule
from topology.reading import Entry, Name, parse

LONGEST_MINUTES = 24 * 60
"""What people did is remembered so long."""
_MINUTE_MS = 60_000
Words = Annotated[str, Field(min_length=10, max_length=400)]


class RuleEntry(Entry):
    title: Words
    why: Words
    of: Literal["person", "app", "message", "slot", "project"]
    measure: Measure
    window_minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES, strict=True)]
    least: Annotated[int, Field(ge=1, strict=True)]
    above: Annotated[float, Field(ge=0)]
    severity: Severity
    playbook: Name


class RulesDocument(Entry):
    rules: dict[Name, RuleEntry]

    @model_validator(mode="after")
    def _each_measures_what_it_is_of(self) -> Self:
        for name, rule in self.rules.items():
            if rule.measure is Measure.UNUSUAL_HOUR and rule.of != "person":
                raise ValueError(f"rules.{name}.of: hours are those of persons; an app works at any time")
            if (rule.measure in OF_RECORDS) is not (rule.of == "message"):
                raise ValueError(f"rules.{name}.of: orders and reading are of messages, all else is not")
            if (rule.measure in OF_PROCESSES) is not (rule.of == "slot"):
                raise ValueError(f"rules.{name}.of: stolen logins are of slots, all else is not")
            if (rule.measure in OF_PROJECTS) is not (rule.of == "project"):
                raise ValueError(f"rules.{name}.of: what is kept too long is of projects, all else is not")
        return self


def packaged_rules() -> tuple[Rule, ...]:
    """The rules that come with Veilstream."""
    with_name = files("streams.watch").joinpath("rules.yaml")
    return to_rules(parse(with_name.read_text(encoding="utf-8"), "streams/watch/rules.yaml", RulesDocument))


def to_rules(document: RulesDocument) -> tuple[Rule, ...]:
    """The checked document as values, by name."""
    return tuple(_rule(name, entry) for name, entry in sorted(document.rules.items()))


def _rule(name: str, entry: RuleEntry) -> Rule:
    return Rule(
        name=name,
        title=entry.title,
        why=entry.why,
        of=Kind(entry.of),
        measure=entry.measure,
        window_ms=entry.window_minutes * _MINUTE_MS,
        least=entry.least,
        above=entry.above,
        severity=entry.severity,
        playbook=entry.playbook,
    )
