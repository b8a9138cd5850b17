"""The same record and bundle give the same bytes; another code is refused by name."""

from __future__ import annotations

import json

import pytest

from schemas.errors import ConfigError
from schemas.hidden import RawRecord
from streams.redact import bundle as bundles
from streams.redact.bundle import bundle_of
from streams.redact.outcome import Redacted
from streams.redact.redactor import redact_many
from streams.redact.replay import require_bundle
from topology.policies import load_policy_bytes, policy_bytes

RECORD = {
    "customer": {
        "name": "Eva Green",
        "email": "eva.green@example.org",
        "note": "Eva Green (eva.green@example.org, 030 901820) wants her kettle back by 3 May 2024.",
    },
    "product": "kettle",
}


def sanitized(policy, detector) -> bytes:
    (outcome,) = redact_many([RawRecord(RECORD)], policy, detector)
    assert isinstance(outcome, Redacted)
    return json.dumps([dict(outcome.record.fields), [repr(span) for span in outcome.spans]]).encode()


def test_a_policy_from_its_published_bytes_gives_the_same_bundle_and_bytes(demo_policy, detector):
    again = load_policy_bytes(policy_bytes(demo_policy))
    require_bundle(again, detector, bundle_of(demo_policy, detector).hash)
    assert sanitized(again, detector) == sanitized(demo_policy, detector)


def test_another_policy_is_refused(demo_policy, text_policy, detector):
    with pytest.raises(ConfigError, match="can't be replayed here"):
        require_bundle(text_policy, detector, bundle_of(demo_policy, detector).hash)


def test_another_code_is_refused_by_name(demo_policy, detector, monkeypatch):
    wanted = bundle_of(demo_policy, detector).hash
    monkeypatch.setattr(bundles, "code_version", lambda: "c0de" * 16)
    with pytest.raises(ConfigError) as refused:
        require_bundle(demo_policy, detector, wanted)
    assert "code c0dec0dec0de" in str(refused.value)
    assert f"bundle {wanted[:12]}" in str(refused.value)
    assert demo_policy.id in str(refused.value)


@pytest.mark.parametrize("wanted", ["", "abc", "x" * 64, "A" * 64])
def test_what_is_no_hash_is_refused(demo_policy, detector, wanted):
    with pytest.raises(ConfigError, match="64 hexadecimal digits"):
        require_bundle(demo_policy, detector, wanted)
