from __future__ import annotations

from dataclasses import replace

from deploy.stages.decide import Asked, asked_by, rules_of
from streams.decide.rules import Method, Rules
from topology.acceptance import Acceptance, VerdictMethod
from topology.loading import load_topology
from topology.policies import load_policy, policy_bytes
from topology.signed_policies import PolicyRecord

DEMO = load_topology().project("demo")


def test_a_project_that_says_nothing_is_decided_by_majority():
    assert rules_of(DEMO) == Rules(watches_drift=True)


def test_decide_goes_by_what_the_project_file_says():
    persons = replace(DEMO.persons, adjudicators=("zoe",))
    project = replace(DEMO, persons=persons, acceptance=Acceptance(VerdictMethod.DAWID_SKENE, 0.6))
    assert rules_of(project) == Rules(Method.DAWID_SKENE, 0.6, frozenset({"zoe"}), watches_drift=True)


def test_every_method_a_project_may_name_is_one_decide_knows():
    assert {method.value for method in VerdictMethod} == {method.value for method in Method}


def test_what_a_policy_says_is_known_from_when_it_is_signed_and_read_once():
    policy, signed, asked = load_policy("demo"), {}, []

    def record_of(policy_hash):
        asked.append(policy_hash)
        return signed.get(policy_hash)

    said = asked_by(record_of)
    assert said(policy.hash) is None
    signed[policy.hash] = PolicyRecord(policy.hash, 1, policy_bytes(policy))
    assert said(policy.hash) == said(policy.hash) == Asked(policy.gold.bar, 7 * 24 * 3_600_000)
    assert len(asked) == 2
