"""Which record type has which Avro schema. The `.avsc` files in `schemas/avro` are the source."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from fastavro import parse_schema
from fastavro.types import Schema

NAMES = (
    "Task",
    "WorkOrder",
    "Label",
    "Verdict",
    "JoinedLabel",
    "SegmentIndex",
    "SlotEpoch",
    "Quarantined",
    "Find",
    "Comment",
    "Note",
    "CommentState",
    "ControlState",
    "AuditEvent",
    "SlotState",
    "TaskWork",
    "TaskLabels",
    "KeptSegment",
    "KeptSlot",
    "KeptWithdrawal",
    "KeptHalf",
    "Reviewer",
    "ReviewerSnapshot",
    "Onboarding",
    "PersonDrift",
    "WebhookMessage",
    "WebhookMark",
    "WebhookReplay",
    "SessionState",
    "OwnerState",
    "GoldTruth",
    "PersonScore",
    "RedactionScore",
    "PersonStanding",
    "PersonGold",
    "LeakTally",
    "Alert",
    "Metric",
    "WatchState",
    "SealedLog",
    "VaultUse",
    "KafkaDenied",
    "ReadUpTo",
    "FollowedFile",
    "MatchingStanding",
    "ContainmentOrder",
    "ContainmentCase",
    "ContainmentSlot",
    "CredentialState",
    "ReplayedOrder",
    "ReplayedRelease",
    "ExpectedTask",
    "GrantState",
    "KeptErasure",
    "KeptRewrapping",
    "OpenTask",
    "OpenedSegment",
    "RetractedTexts",
)
"""Every schema there is, by the name of its record type. `veil topology apply` registers them all."""


@cache
def text(name: str) -> str:
    """The schema as registered: the JSON of its `.avsc` file."""
    return resources.files("schemas").joinpath("avro", f"{name}.avsc").read_text(encoding="utf-8")


@cache
def parsed(name: str) -> Schema:
    """The schema in fastavro's parsed form."""
    return parse(text(name))


def parse(schema: str) -> Schema:
    """Parse an Avro schema given as JSON."""
    loaded: Any = json.loads(schema)
    return parse_schema(loaded)
