"""How two-sided matching stands, and what of the platform's alerts an officer of a project may see. Pure."""

from __future__ import annotations

import re
from dataclasses import asdict
from enum import StrEnum
from typing import Any

from schemas.alerts import Alert
from schemas.matching import BEHIND_MS, MatchingStanding
from topology.identity import PERSON, PLATFORM

SHIPPER_SILENT_MS = 60_000
"""The shipper says every 2 s up to when it has carried Vault's log over."""
MATCHER_SILENT_MS = 120_000
"""The matcher says every 10 s how it stands while anything is new to it. Where the shipper is away there may be
nothing new, but after a minute the matcher says that: so twice that is its own silence.
"""
_OF_PLATFORM = re.compile(rf"(?!{PERSON}\.)[a-z]{{1,20}}\.{PLATFORM}")


class State(StrEnum):
    """How it stands, the worst that is so."""

    NEVER = "never"
    """Nobody has matched anything here."""
    SHIPPER_SILENT = "shipper_silent"
    """Vault's log is not carried over up to now."""
    MATCHER_SILENT = "matcher_silent"
    BEHIND = "behind"
    CURRENT = "current"


def state_of(standing: MatchingStanding | None, now: int) -> State:
    """How it stands now, in milliseconds since the epoch."""
    if standing is None:
        return State.NEVER
    if standing.at - standing.vault_until > SHIPPER_SILENT_MS:
        return State.SHIPPER_SILENT
    if now - standing.at > MATCHER_SILENT_MS:
        return State.MATCHER_SILENT
    return State.BEHIND if now - standing.judged_until > BEHIND_MS else State.CURRENT


def told(standing: MatchingStanding | None, now: int) -> dict[str, Any]:
    """As the page has it; times in milliseconds, None where there is none yet."""
    content = asdict(standing) if standing else {}
    times = {name: content.get(name) or None for name in ("at", "judged_until", "audit_until", "vault_until")}
    return {"state": state_of(standing, now).value, **content, **times}


def of_platform(alert: Alert) -> dict[str, Any]:
    """What everybody who may see one project may see of an alert of the platform.

    Whom and what it is about may be of another project (a person's name, a document's path): of these it tells
    nothing but which process of the platform it was.
    """
    who = alert.details.get("identity", "")
    return {
        "rule": alert.rule,
        "severity": alert.severity.value,
        "since": alert.since,
        "at": alert.at,
        "process": who if _OF_PLATFORM.fullmatch(who) else "",
        "operation": alert.details.get("operation", "").lower(),
        "playbook": alert.details.get("playbook", ""),
    }
