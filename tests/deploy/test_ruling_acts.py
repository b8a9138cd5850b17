"""What persons order of a project, each under their own identity: policies, minimums, freezes; as `veil` does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.compliance import audit_topic, compliance
from deploy.freezing import freeze, resume
from deploy.persons import sign, standing
from deploy.policy_history import policy_history
from deploy.policy_minimum import require_minimum
from schemas.audit import EventType
from schemas.control import Freezable, FreezeReason
from schemas.errors import ConfigError
from streams.audit.reader import Reader, read_events
from tests.support.declaring import declared
from topology.policies import load_policy
from topology.policies.canonical import with_hash

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons: {{authors: [rob, ruth], approvers: [rita], operators: [roy], annotators: [ray]}}
"""
POLICIES = [with_hash(replace(load_policy("demo"), version=number)) for number in (1, 2, 3)]
BOTH = ("rob", "rita")


@pytest.fixture
def project(stack) -> Iterator[str]:
    """A project of this test alone."""
    with declared(stack, "rules", PROJECT) as name:
        yield name


@pytest.fixture
def elsewhere(stack) -> Iterator[str]:
    """Another one."""
    with declared(stack, "elsewhere", PROJECT) as name:
        yield name


def events(root, project: str) -> list[tuple[EventType, str]]:
    with compliance(root) as seen:
        found = list(read_events(seen.log, Reader(seen.codec), [audit_topic(project)]))
    by_time = sorted(found, key=lambda event: event.time)  # each act has a slot of its own, so any partition
    return [(event.type, event.person) for event in by_time if event.person]


def test_freezes_add_up_and_two_people_end_them(stack, project):
    root = stack.root
    assert freeze(root, project, "roy", list(Freezable), FreezeReason.LEAK).frozen["roy"].stages == {
        "redact",
        "label",
    }
    both = freeze(root, project, "rita", [Freezable.LABEL], FreezeReason.POLICY).frozen
    assert {who: sorted(one.stages) for who, one in both.items()} == {
        "rita": ["label"],
        "roy": ["label", "redact"],
    }
    found = resume(root, project, "roy", "roy").frozen
    assert {who: (one.signed_by, one.missing) for who, one in found.items()} == {
        "rita": ((), ("an operator (roy)", "an approver (rita)")),
        "roy": (("roy",), ("an approver (rita)",)),
    }
    assert list(resume(root, project, "rita").frozen) == ["rita"], "hers has one signature yet"
    assert resume(root, project, "roy").frozen == {}
    with pytest.raises(ConfigError, match="nothing is frozen"):
        resume(root, project, "roy")
    again = freeze(root, project, "roy", [Freezable.LABEL], FreezeReason.REHEARSAL)
    assert again.frozen["roy"].stages == {"label"}, "what was signed before does not count again"
    lift = EventType.LIFT_ORDERED
    assert events(root, project) == [
        (EventType.FREEZE_ORDERED, "roy"),
        (EventType.FREEZE_ORDERED, "rita"),
        (lift, "roy"),
        (lift, "rita"),
        (lift, "rita"),
        (lift, "roy"),
        (EventType.FREEZE_ORDERED, "roy"),
    ]


def test_a_policys_life_is_told_by_its_history_and_what_can_never_rule_is_not_signed(stack, project, elsewhere):
    root = stack.root
    first, second, third = POLICIES
    sign(root, elsewhere, second, BOTH)  # which says nothing of a policy of this project
    sign(root, project, first, BOTH)
    with pytest.raises(ConfigError, match="publish a policy of that version first"):
        require_minimum(root, project, 2, BOTH)
    sign(root, project, second, ["rob"])
    assert standing(root, project, second).missing == ("an approver (rita)",)
    sign(root, project, second, ["rita"])
    with pytest.raises(ConfigError, match="another policy of version 2"):
        sign(root, project, with_hash(replace(second, overlap=1)), ["rob"])

    assert require_minimum(root, project, 2, ["rob"]).missing == ("an approver (rita)",)
    assert require_minimum(root, project, 2, ["rita"]).in_force == 2
    with pytest.raises(ConfigError, match="below the minimum version"):
        sign(root, project, first, BOTH)
    with pytest.raises(ConfigError, match="its review was due by 2020-01-01"):
        sign(root, project, with_hash(replace(third, review_by="2020-01-01")), BOTH)
    sign(root, project, third, ["ruth"])

    history = policy_history(root, project)
    assert history.minimum == 2
    told = [
        (it.id, [s.signer for s in it.signatures], it.fully_signed, it.in_force, it.below_minimum)
        for it in history.versions
    ]
    assert told == [
        ("demo@1", ["rita", "rob"], True, False, True),
        ("demo@2", ["rita", "rob"], True, True, False),
        ("demo@3", ["ruth"], False, False, False),
    ]
    assert (EventType.MINIMUM_ORDERED, "rita") in events(root, project)
