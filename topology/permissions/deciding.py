"""Decides by the rules what one person may do in one project now. Pure: project and time are arguments."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import cedarpy

from topology.permissions.actions import Action, Client, Denial
from topology.permissions.rules import RuleSet, rule_set, schema
from topology.project import Project
from topology.working_hours import UTC, local_time, minute_of_day

_DAY_MS = 86_400_000
_EPOCH = dt.date(1970, 1, 1)
_ORDER = tuple(Denial)
LABELING, ADJUDICATION = "labeling", "adjudication"
"""Why somebody is shown a text."""
FAULT = "rule-fault"
"""The rule on the audit where one could not be evaluated: it might have forbidden."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what, and from where. `issuer`: who has signed their token. `onboarded` matters to `lease` and
    `lead`; `batch`: which tasks it is about, all where it is empty; `revoked`: they are, or who signed their token
    is.
    """

    person: str
    action: Action
    issuer: str = ""
    devices: frozenset[str] = frozenset()
    onboarded: bool = False
    batch: str = ""
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """`rules`: the names of those that permit, or that forbid; none where nothing permits. `reason`: why not."""

    allowed: bool
    rules: tuple[str, ...]
    reason: Denial | None = None


class Permissions:
    """The rights in one project as its file has them."""

    def __init__(self, project: Project) -> None:
        """Raises `rules.RulesRefused`."""
        self._project = project
        self._rules = rule_set(project.access.rules)
        access = project.access
        asks = {
            "training": access.training,
            "onboarding": access.onboarding,
            "comments": project.comments,
            "devices": sorted(access.devices),
        }
        self._resource = _entity("Project", project.name, asks)

    @property
    def project(self) -> Project:
        """Whose rights these are."""
        return self._project

    def client(self, issuer: str) -> Client:
        """What somebody calls with whose token this issuer has signed; without a token it is a browser."""
        if not issuer:
            return Client.BROWSER
        if issuer in self._project.persons.apps:
            return Client.APP
        return Client.OPERATOR if issuer in self._project.persons.operators else Client.UNKNOWN

    def decide(self, asked: Asked, now: int) -> Decision:
        """Whether it is allowed now, in milliseconds since the epoch. Whatever is in doubt is refused."""
        duties = self._project.persons.duties(asked.person)
        request = {
            "principal": _uid("Person", asked.person),
            "action": _uid("Action", asked.action.value),
            "resource": self._resource["uid"],
            "context": self._context(asked, purpose_of(duties), now),
        }
        entities = [self._resource, self._principal(asked, duties)]
        return _decision(cedarpy.is_authorized(request, self._rules.policies, entities, schema()), self._rules)

    def _principal(self, asked: Asked, duties: frozenset[str]) -> dict[str, Any]:
        known = self._project.qualification(asked.person)
        facts: dict[str, Any] = {
            "duties": sorted(duties),
            "skills": sorted(known.skills),
            "apps": sorted(self._project.persons.apps_of(asked.person)),
            "onboarded": asked.onboarded,
        }
        if known.trained_until is not None:
            facts["trained_until"] = (known.trained_until - _EPOCH).days
        return _entity("Person", asked.person, facts)

    def _context(self, asked: Asked, purpose: str, now: int) -> dict[str, Any]:
        hours, client = self._project.access.hours, self.client(asked.issuer)
        local = local_time(now, hours.zone if hours else UTC)
        context: dict[str, Any] = {
            "purpose": purpose,
            "batch": asked.batch,
            "revoked": asked.revoked,
            "client": client.value,
            "device": sorted(asked.devices),
            "today": now // _DAY_MS,
            "weekday": local.isoweekday(),
            "minute": minute_of_day(local),
            "working_hours": hours is None or hours.include(now),
        }
        return context | ({"app": asked.issuer} if client is Client.APP else {})


def purpose_of(duties: frozenset[str]) -> str:
    """What somebody with these duties is shown texts for; empty: for nothing."""
    if "annotator" in duties:
        return LABELING
    return ADJUDICATION if "adjudicator" in duties else ""


def _decision(answer: cedarpy.AuthzResult, rules: RuleSet) -> Decision:
    """Cedar leaves a rule out that can't be evaluated; a `forbid` left out would permit, so any fault refuses."""
    if answer.diagnostics.errors:
        return Decision(allowed=False, rules=(FAULT,), reason=Denial.NOT_PERMITTED)
    held = [rules.by_id[one] for one in answer.diagnostics.reasons]
    names = tuple(sorted(rule.name for rule in held))
    if answer.allowed:
        return Decision(allowed=True, rules=names)
    reasons = [rule.reason for rule in held if rule.reason is not None]
    return Decision(
        allowed=False, rules=names, reason=min(reasons, key=_ORDER.index, default=Denial.NOT_PERMITTED)
    )


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _entity(kind: str, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"uid": _uid(kind, name), "attrs": attributes, "parents": []}
