"""The rules as text: complete, strictly valid, and closed to widening by a project."""

from __future__ import annotations

import re

import cedarpy
import pytest

from topology.permissions import Action, Denial
from topology.permissions.rules import (
    MAX_RULES,
    MAX_RULES_CHARS,
    RulesRefused,
    builtin_text,
    rule_set,
    schema_text,
)

FORBID = '@id("{}")\nforbid (principal, action == Action::"skip", resource) when {{ context.client == "app" }};\n'


def test_builtin_rules_hold_strictly_in_their_schema():
    result = cedarpy.validate_policies(builtin_text(), schema_text())
    assert [str(error) for error in result.errors] == []
    assert result.validation_passed


def test_every_builtin_rule_has_a_name_and_every_forbid_a_reason():
    rules = list(rule_set("").by_id.values())
    assert len({rule.name for rule in rules}) == len(rules)
    assert all((rule.reason is not None) == rule.forbids for rule in rules)
    assert {rule.reason for rule in rules if rule.forbids} == set(Denial)


def test_schema_has_the_actions_that_can_be_asked_for_and_no_other():
    declared = re.findall(r"^action (.*?)(?: in |;)", schema_text(), re.MULTILINE)
    groups = {"any", "enter", "see", "answer", "handBack", "learn", "lead"}
    assert {name for line in declared for name in line.split(", ")} - groups == {one.value for one in Action}


def test_rules_of_a_project_stand_beside_the_builtin_ones():
    rules = rule_set(FORBID.format("no-skips-by-apps")).by_id
    assert len(rules) == len(rule_set("").by_id) + 1
    assert rules[f"policy{len(rules) - 1}"].name == "no-skips-by-apps"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('@id("more") permit (principal, action, resource);', "more: a project's rules can only forbid"),
        (FORBID.format("a") + '@id("b") permit (principal, action, resource);', "b: a project's rules can only"),
        ("forbid (principal, action, resource);", "each rule has a name"),
        (FORBID.format(""), "each rule has a name"),
        ("@id\nforbid (principal, action, resource);", "each rule has a name"),
        (FORBID.format("Eva Müller"), "each rule has a name"),
        (FORBID.format("x" * 41), "each rule has a name"),
        ('@reason("not_trained")' + FORBID.format("a"), "no other annotation"),
        (FORBID.format("a") * 2, "a: there is a rule of this name already"),
        (FORBID.format("training"), "training: there is a rule of this name already"),
        ("forbid (principal", "is no Cedar"),
        ("🙏🏽", "is no Cedar"),
        ('@id("t") forbid (principal == ?principal, action, resource);', "is no Cedar"),
        ('@id("t") forbid (principal, action == Action::"fly", resource);', "does not fit label.cedarschema"),
        ('@id("t") forbid (principal, action, resource) when { context.nope };', "does not fit label.cedarschema"),
        ('@id("t") forbid (principal, action, resource) when { principal.trained_until > 1 };', "does not fit"),
        ("// " + "x" * MAX_RULES_CHARS, "longer than"),
        ("".join(FORBID.format(f"r-{one}") for one in range(MAX_RULES + 1)), "more than"),
    ],
)
def test_what_a_project_may_not_add_is_refused(text, said):
    with pytest.raises(RulesRefused, match=re.escape(said)):
        rule_set(text)


def test_comments_alone_are_no_rules():
    assert rule_set("  \n").by_id == rule_set("// nothing yet\n").by_id == rule_set("").by_id
