"""Redaction policies: what a record may show, declared field by field. No IO but reading a policy file."""

from topology.policies.canonical import load_policy_bytes, policy_bytes
from topology.policies.loading import BUILT_IN, load_policy, parse_policy
from topology.policies.model import (
    Action,
    Choice,
    CustomPattern,
    Detection,
    FieldRule,
    LabelSchema,
    Mode,
    Policy,
    TagRule,
)

__all__ = [
    "BUILT_IN",
    "Action",
    "Choice",
    "CustomPattern",
    "Detection",
    "FieldRule",
    "LabelSchema",
    "Mode",
    "Policy",
    "TagRule",
    "load_policy",
    "load_policy_bytes",
    "parse_policy",
    "policy_bytes",
]
