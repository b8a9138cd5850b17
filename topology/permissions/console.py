"""Decides by the rules what one person may do with the console in one project. Pure."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import cedarpy

from topology.permissions.actions import Denial
from topology.permissions.deciding import FAULT, Decision
from topology.permissions.rules import Rule, rules_of
from topology.project import Project


class Look(StrEnum):
    """What a person can ask of the console: the actions of `console.cedarschema`."""

    SIGN_IN = "signIn"
    EVENTS = "events"
    METRICS = "metrics"
    RECORD = "record"
    LINEAGE = "lineage"
    SIGNATURES = "signatures"
    INCIDENTS = "incidents"
    SIGN = "sign"


def may(project: Project, person: str, action: Look, *, revoked: bool = False) -> Decision:
    """Whether it is allowed; `revoked`: the person is, in this project. What is in doubt is refused. 0.1 ms."""
    policies, rules, schema = _loaded()
    principal = {"type": "Person", "id": person}
    resource = {"type": "Project", "id": project.name}
    duties = sorted(project.persons.duties(person))
    request = {
        "principal": principal,
        "action": {"type": "Action", "id": action.value},
        "resource": resource,
        "context": {"revoked": revoked},
    }
    entities: list[dict[str, Any]] = [
        {"uid": principal, "attrs": {"duties": duties}, "parents": []},
        {"uid": resource, "attrs": {}, "parents": []},
    ]
    answer = cedarpy.is_authorized(request, policies, entities, schema)
    if answer.diagnostics.errors:
        return Decision(allowed=False, rules=(FAULT,), reason=Denial.NOT_PERMITTED)
    held = [rules[one] for one in answer.diagnostics.reasons]
    names = tuple(sorted(rule.name for rule in held))
    if answer.allowed:
        return Decision(allowed=True, rules=names)
    reason = next((rule.reason for rule in held if rule.reason is not None), Denial.NOT_PERMITTED)
    return Decision(allowed=False, rules=names, reason=reason)


def console_text() -> str:
    """The rules."""
    return _file("console.cedar")


def console_schema() -> str:
    """What they may speak of."""
    return _file("console.cedarschema")


@cache
def _loaded() -> tuple[cedarpy.PolicySet, dict[str, Rule], cedarpy.Schema]:
    text = console_text()
    rules = {f"policy{number}": rule for number, rule in enumerate(rules_of(text))}
    return cedarpy.PolicySet.from_str(text), rules, cedarpy.Schema.from_str(console_schema())


def _file(name: str) -> str:
    return resources.files("topology.permissions").joinpath(name).read_text(encoding="utf-8")
