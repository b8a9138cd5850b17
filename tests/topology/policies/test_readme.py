from __future__ import annotations

import re
from pathlib import Path

from topology.policies import Action, Target, Tier, load_policy_bytes, parse_policy, policy_bytes
from topology.policies.document import PolicyDocument

README = (Path(__file__).parents[3] / "topology/policies/README.md").read_text("utf-8")


def test_the_example_is_a_policy_that_can_be_published():
    [example] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    policy = parse_policy(example, "README.md")
    assert load_policy_bytes(policy_bytes(policy)) == policy


def test_every_setting_action_target_and_tier_is_documented():
    for name in PolicyDocument.model_fields:
        assert f"\n{name}:" in README
    for one in (*Action, *Target):
        assert f"`{one.value}`" in README
    for tier in Tier:
        assert f"*{tier.value}*" in README
