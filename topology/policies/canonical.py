"""The exact bytes of a policy: what is hashed, signed and published on `control`.

Canonical JSON after RFC 8785 in spirit: UTF-8, sorted keys, no spaces; a policy holds no floats, for which
alone that RFC is difficult: shares are written `50/1000`. What says nothing (null, an empty list) is left out.
Packs and tier stand worked in, so that a later version of a pack can't change what was signed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json

from schemas.errors import ConfigError
from topology.policies.actions import Treatment
from topology.policies.building import as_published
from topology.policies.document import PublishedDocument
from topology.policies.hints import Hints
from topology.policies.model import (
    Acceptance,
    Condition,
    Detection,
    FieldRule,
    Gold,
    Policy,
    Publish,
    Risk,
    TagRule,
)

FORMAT = 1
MAX_BYTES = 512 * 1024  # half of what a record on Kafka may hold; larger policies are data, not rules

Json = object


def policy_bytes(policy: Policy) -> bytes:
    """The canonical bytes; the same for two policies that say the same."""
    document = {
        "format": FORMAT,
        "name": policy.name,
        "version": policy.version,
        "owner": policy.owner,
        "escalation": policy.escalation,
        "review_by": policy.review_by,
        "language": policy.language,
        "tier": policy.tier,
        "packs": policy.packs,
        "fields": {rule.path: _rule(rule) for rule in policy.fields},
        "tags": {rule.tag: _rule(rule) for rule in policy.tags},
        "ignored_tags": policy.ignored_tags,
        "default_action": _treatment(policy.default),
        "categories": {name: _treatment(treatment) for name, treatment in policy.categories},
        "context": dataclasses.asdict(policy.context),
        "conditions": [_condition(condition) for condition in policy.conditions],
        "detection": _detection(policy.detection),
        "risk": _risk(policy.risk),
        "subject": policy.subject,
        "labels": {
            "spans": policy.labels.spans,
            "choices": {choice.name: choice.options for choice in policy.labels.choices},
        },
        "overlap": policy.overlap,
        "extra": policy.extra,
        "gold": _gold(policy.gold),
        "acceptance": _acceptance(policy.acceptance),
        "retention": {"segment_hours": policy.segment_hours},
        "hints": _hints(policy.hints),
        "publish": policy.publish if policy.publish is not Publish.SEALED else None,
    }
    return json.dumps(_said(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


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
        policy = with_hash(as_published(PublishedDocument.model_validate(document)))
    except (ValueError, RecursionError):  # no UTF-8, no JSON, a number of thousands of digits, or no policy
        raise ConfigError("published policy: these bytes are no valid policy") from None
    if policy_bytes(policy) != data:
        raise ConfigError("published policy: not in canonical form, so its hash would not be its own")
    return policy


def with_hash(policy: Policy) -> Policy:
    """The policy with the SHA-256 of its canonical bytes, in hex."""
    return dataclasses.replace(policy, hash=hashlib.sha256(policy_bytes(policy)).hexdigest())


def _said(value: Json) -> Json:
    """Without what says nothing, at any depth."""
    if isinstance(value, dict):
        said = {key: _said(item) for key, item in value.items()}
        return {key: item for key, item in said.items() if item not in (None, {}, [])}
    if isinstance(value, (list, tuple)):
        return [_said(item) for item in value]
    return value


def _treatment(treatment: Treatment) -> dict[str, Json]:
    return {
        "action": treatment.action,
        "to": treatment.to,
        "step": treatment.step or None,
        "scope": treatment.scope,
        "keep": treatment.keep,
    }


def _rule(rule: FieldRule | TagRule) -> dict[str, Json]:
    return {**_treatment(rule.treatment), "category": rule.category, "tier": rule.tier}


def _condition(condition: Condition) -> dict[str, Json]:
    when = {
        "language": condition.languages,
        "source": condition.sources,
        "purpose": condition.purposes,
        "field": condition.fields,
        "near": condition.near,
    }
    return {"when": when, "categories": {name: _treatment(treatment) for name, treatment in condition.categories}}


def _detection(detection: Detection) -> dict[str, Json]:
    written = dataclasses.asdict(detection)
    written["threshold"] = _permille(written.pop("threshold_permille"))
    written["recognizers"] = [
        {"name": one.name, one.form.value: one.place, "sha256": one.sha256} for one in detection.recognizers
    ]
    return written


def _risk(risk: Risk) -> dict[str, Json]:
    return {
        "quarantine_above": _ppm(risk.quarantine_above_ppm),
        "by_model": {name: _ppm(threshold) for name, threshold in risk.by_model},
    }


def _acceptance(acceptance: Acceptance) -> dict[str, Json]:
    return {
        "agreement": _permille(acceptance.agreement_permille),
    }


def _gold(gold: Gold) -> dict[str, Json]:
    return {
        "share": _permille(gold.share_permille),
        "bar": _permille(gold.bar_permille),
        "leak_limit": _permille(gold.leak_limit_permille),
        "least": gold.least,
    }


def _hints(hints: Hints) -> dict[str, Json]:
    """Nothing where there are none: policies written before there were hints keep their hash."""
    if not hints:
        return {}
    return {
        "categories": dict(hints.categories),
        "least": hints.least,
        "per_task": hints.per_task,
        "per_hour": hints.per_hour,
        "apps": hints.apps,
    }


def _permille(share: int | None) -> str | None:
    return None if share is None else f"{share}/1000"


def _ppm(share: int | None) -> str | None:
    return None if share is None else f"{share}/1000000"
