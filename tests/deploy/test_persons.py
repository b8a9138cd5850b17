from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.persons import sign
from schemas.errors import ConfigError, VeilError
from topology.policies import Action, CustomPattern, Policy, TagRule, Treatment, load_policy
from topology.policies.canonical import with_hash


def with_tag(action: Action) -> Policy:
    return with_hash(replace(load_policy("demo"), tags=(TagRule("PII", Treatment(action), "PERSON"),)))


def test_a_policy_that_no_stage_could_load_is_not_signed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="demo@1: can't be signed, since no stage could load it"):
        sign(tmp_path, "demo", with_tag(Action.PASS), ["ada"])


def test_a_pattern_that_no_detector_can_run_is_not_signed(tmp_path: Path) -> None:
    demo = load_policy("demo")
    patterns = (CustomPattern("back", "X", r"([a-z])\1"),)
    policy = with_hash(replace(demo, detection=replace(demo.detection, patterns=patterns)))
    with pytest.raises(ConfigError, match=r"demo@1: can't be signed.*pattern back: can't run in linear time"):
        sign(tmp_path, "demo", policy, ["ada"])


def test_one_that_stages_can_load_fails_only_for_want_of_a_stack(tmp_path: Path) -> None:
    with pytest.raises(VeilError, match="veil up"):
        sign(tmp_path, "demo", with_tag(Action.MASK), ["ada"])


def test_to_look_only_nothing_is_checked(tmp_path: Path) -> None:
    sign(tmp_path, "demo", with_tag(Action.PASS), [])
