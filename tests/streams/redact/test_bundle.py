from __future__ import annotations

import dataclasses

import pytest

from streams.redact.bundle import Bundle, bundle_of, code_version
from tests.simulation.world import CanaryDetector
from topology.policies import load_policy

BUNDLE = Bundle("policy", "detector", "data", "code")


@pytest.mark.parametrize("part", ["policy", "detector", "data", "code"])
def test_each_part_changes_the_hash(part):
    assert dataclasses.replace(BUNDLE, **{part: "another"}).hash != BUNDLE.hash


def test_equal_parts_give_the_same_hash():
    again = Bundle("policy", "detector", "data", "code")
    assert again.hash == BUNDLE.hash
    assert len(again.hash) == 64


def test_no_part_can_move_into_another():
    assert Bundle("a", "b", "", "c").hash != Bundle("a", "", "b", "c").hash


def test_a_policy_with_its_detector_has_the_code_of_today():
    bundle = bundle_of(load_policy("demo"), CanaryDetector())
    assert bundle == Bundle(load_policy("demo").hash, "canary", "canary", code_version())
