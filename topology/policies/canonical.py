"""The exact bytes of a policy: what is hashed, signed and published on `control`.

Canonical JSON after RFC 8785 in spirit: UTF-8, sorted keys, no spaces; a policy holds no floats, for which
alone that RFC is difficult.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json

from pydantic import ValidationError

from schemas.errors import ConfigError
from topology.policies.document import PolicyDocument, to_policy
from topology.policies.model import Action, FieldRule, Policy, TagRule

FORMAT = 1
MAX_BYTES = 512 * 1024  # half of what a record on Kafka may hold; larger policies are data, not rules


def policy_bytes(policy: Policy) -> bytes:
    """The canonical bytes; the same for two policies that say the same."""
    document = {
        "format": FORMAT,
        "name": policy.name,
        "version": policy.version,
        "owner": policy.owner,
        "review_by": policy.review_by,
        "language": policy.language,
        "fields": {rule.path: _rule(rule) for rule in policy.fields},
        "tags": {rule.tag: _rule(rule) for rule in policy.tags},
        "ignored_tags": policy.ignored_tags,
        "default_action": policy.default_action,
        "categories": dict(policy.categories),
        "detection": dataclasses.asdict(policy.detection),
        "subject": policy.subject,
        "labels": {
            "spans": policy.labels.spans,
            "choices": {choice.name: choice.options for choice in policy.labels.choices},
        },
        "overlap": policy.overlap,
        "extra": policy.extra,
        "retention": {"segment_hours": policy.segment_hours},
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def load_policy_bytes(data: bytes) -> Policy:
    """The policy whose `policy_bytes` are `data`, to the byte; else `ConfigError`."""
    if len(data) > MAX_BYTES:
        raise ConfigError(f"published policy: longer than {MAX_BYTES} bytes")
    try:
        document = json.loads(data)
        if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
            raise ConfigError(
                f"published policy: not of format {FORMAT}; this version of Veilstream reads no other"
            )
        policy = with_hash(to_policy(PolicyDocument.model_validate(document)))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValidationError):
        raise ConfigError("published policy: these bytes are no valid policy") from None
    if policy_bytes(policy) != data:
        raise ConfigError("published policy: not in canonical form, so its hash would not be its own")
    return policy


def with_hash(policy: Policy) -> Policy:
    """The policy with the SHA-256 of its canonical bytes, in hex."""
    return dataclasses.replace(policy, hash=hashlib.sha256(policy_bytes(policy)).hexdigest())


def _rule(rule: FieldRule | TagRule) -> dict[str, str]:
    entry: dict[str, str] = {"action": Action(rule.action).value}
    return entry if rule.category is None else entry | {"category": rule.category}
