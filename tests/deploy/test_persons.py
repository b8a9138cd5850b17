from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.persons import annotator_token, sign
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


LABELED = """
name: labeled
owner: x
persons: {authors: [a], approvers: [b], operators: [olga], annotators: [ann, ben]}
apps: {triage-ui: {acts_for: [ann]}}
"""


@pytest.mark.parametrize(
    ("person", "issuer", "said"),
    [
        ("eve", None, "eve labels nothing in labeled; who does: ann, ben"),
        ("ann", "a", "a may not sign tokens for ann in labeled; who may: triage-ui, olga"),
        ("ben", "triage-ui", "triage-ui may not sign tokens for ben in labeled; who may: olga"),
        ("ann", "ann", "ann may not sign tokens for ann"),
    ],
)
def test_a_token_that_label_would_refuse_is_not_signed(
    tmp_path: Path, person: str, issuer: str, said: str
) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "labeled.yaml").write_text(LABELED)
    with pytest.raises(ConfigError, match=said):
        annotator_token(tmp_path, "labeled", person, issuer, 60)


@pytest.mark.parametrize("issuer", [None, "olga", "triage-ui"])
def test_one_that_label_would_take_fails_only_for_want_of_a_stack(tmp_path: Path, issuer: str | None) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "labeled.yaml").write_text(LABELED)
    with pytest.raises(VeilError, match="veil up"):
        annotator_token(tmp_path, "labeled", "ann", issuer, 60, ["managed"])
