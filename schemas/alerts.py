"""An alert: something that a rule says looks wrong. Never a value, like the audit it rests on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from schemas.resources import Kind

MAX_EVIDENCE = 20
"""Event ids in one alert; more of the same kind are found by its subject and time."""


class Severity(StrEnum):
    """How much hurry there is."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Alert:
    """On `alerts.P`, key: its id. Times in milliseconds.

    `subject`: what it is about, as `schemas.resources` names things; `since`, `at`: from when to when it happened;
    `evidence`: ids of audit events, `MAX_EVIDENCE` at most; `details`: short strings and numbers.
    """

    alert_id: str
    """The same for the same finding: what is found again is known again."""
    rule: str
    """Which rule says so (`streams/watch/rules.yaml`; matcher's: `streams.audit.two_sided`)."""
    severity: Severity
    """How much hurry there is."""
    subject: str
    since: int
    at: int
    evidence: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)


def alert_id(rule: str, subject: str, since: int) -> str:
    """The same for the same finding, so that one that is made again is known again. 32 hexadecimal digits."""
    return hashlib.sha256(f"{rule}\n{subject}\n{since}".encode()).hexdigest()[:32]


def whom_of(alert: Alert) -> str:
    """The person or app that an alert is about; empty where it is about neither."""
    kind, _, name = alert.subject.partition("/")
    return name if kind in (Kind.PERSON, Kind.APP) else ""
