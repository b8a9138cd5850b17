"""Rules as Kafka tells them: what allows somebody something is ours, or is shown."""

from __future__ import annotations

import dataclasses

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined] # re-exported, says its documentation
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from deploy.provision.desired import desired_kafka
from deploy.provision.difference import plan
from deploy.provision.kafka_rules import binding, rules
from topology.acls import Acl, Operation, Resource
from topology.loading import load_topology
from topology.topics import Environment

OURS = Acl("User:redact.demo", Resource.TOPIC, "raw.demo", False, Operation.READ)


def of_kafka(
    operation: AclOperation,
    permission: AclPermissionType = AclPermissionType.ALLOW,
    host: str = "*",
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
) -> AclBinding:
    return AclBinding(ResourceType.TOPIC, "raw.demo", pattern, OURS.principal, host, operation, permission)


@pytest.mark.parametrize("acl", [OURS, dataclasses.replace(OURS, prefixed=True)])
def test_what_is_written_is_what_is_read(acl):
    assert rules([binding(acl)]) == (frozenset({acl}), frozenset())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (of_kafka(AclOperation.ALL), "User:redact.demo: ALL on topic raw.demo"),
        (of_kafka(AclOperation.DELETE), "User:redact.demo: DELETE on topic raw.demo"),
        (
            of_kafka(AclOperation.ALL, pattern=ResourcePatternType.PREFIXED),
            "User:redact.demo: ALL on topic raw.demo*",
        ),
        (of_kafka(AclOperation.READ, host="10.0.0.1"), "User:redact.demo: READ on topic raw.demo from 10.0.0.1"),
    ],
)
def test_a_rule_that_allows_what_the_flow_has_no_word_for_is_told_and_is_none_of_ours(found, said):
    assert rules([found]) == (frozenset(), frozenset({said}))


def test_one_that_denies_is_warden_s():
    assert rules([of_kafka(AclOperation.ALL, AclPermissionType.DENY)]) == (frozenset(), frozenset())


def test_it_is_shown_as_not_declared_and_takes_the_place_of_no_rule_of_ours():
    wanted = desired_kafka(load_topology(), Environment.LOCAL)
    own, others = rules([of_kafka(AclOperation.READ, host="10.0.0.1")])
    assert OURS in wanted.acls
    current = dataclasses.replace(wanted, acls=wanted.acls - {OURS} | own, others=others)
    difference = plan(current, wanted)
    assert difference.acls == (OURS,)
    assert difference.undeclared == ("acl User:redact.demo: READ on topic raw.demo from 10.0.0.1",)
