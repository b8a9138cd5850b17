"""Gold as `veil` handles it: published by number or by share, shown, and what persons order about it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.acting import act
from deploy.compliance import audit_topic, compliance
from deploy.control_orders import order_readmission
from deploy.freezing import resume
from deploy.gold_quality import read
from deploy.persons import acting, load_declared, sign
from deploy.publishing import publishing
from deploy.readmitting import readmit
from deploy.synth.run import follow, publish
from schemas.audit import AuditEvent, EventType
from schemas.control import ControlKind, Freezable, FreezeReason, control_message, freeze_body
from schemas.errors import ConfigError
from schemas.records import ControlState
from streams.audit.chain import Chains
from streams.audit.reader import Reader, read_events
from streams.engine.messages import Outgoing
from tests.support.declaring import declared
from tests.support.handing import started
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.policies import Policy, load_policy
from topology.policies.canonical import with_hash
from topology.policies.model import Gold

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
partitions: 2
persons: {{authors: [rob], approvers: [rita], operators: [roy, rolf], annotators: [ray]}}
"""
TEMPLATES = """
locales: [en_GB]
templates: [{text: "<REQUEST:Please> write to {person}.", choices: {tone: neutral}}]
"""


@pytest.fixture
def project(stack) -> Iterator[str]:
    """A project of this test alone, with templates of its own."""
    with declared(stack, "gold", PROJECT) as name:
        templates = stack.root / "projects" / "gold" / f"{name}.yaml"
        templates.parent.mkdir(mode=0o700, exist_ok=True)
        templates.write_text(TEMPLATES)
        yield name
        templates.unlink()


def ruled(root: Path, project: str, share: int) -> Policy:
    """A policy in force that asks for this share of gold, in thousandths."""
    demo = load_policy("demo")
    policy = with_hash(replace(demo, gold=Gold(share_permille=share)))
    sign(root, project, policy, ("rob", "rita"))
    return policy


def audit(root: Path, project: str) -> list[AuditEvent]:
    with compliance(root) as seen:
        chains = Chains(seen.topology.pins.keys)
        events = list(read_events(seen.log, Reader(seen.codec), [audit_topic(project)]))
        assert [*(finding for event in events for finding in chains.add(event)), *chains.end()] == []
    return events


def gold(root: Path, project: str) -> int:
    return sum(event.type is EventType.GOLD_PUBLISHED for event in audit(root, project))


def test_so_many_are_published_each_with_its_event_in_a_chain_that_holds(stack, project):
    with pytest.raises(ConfigError, match="no policy is in force"):
        publish(stack.root, project, 1, 1, lambda _: None)
    ruled(stack.root, project, 50)
    heard: list[int] = []
    assert publish(stack.root, project, 3, 1, heard.append) == 3
    assert (heard, gold(stack.root, project)) == ([1, 2, 3], 3)
    found, policies = read(stack.root, project)
    assert (found.published, policies) == (3, [])


def test_following_keeps_the_share_of_what_others_publish_from_then_on(stack, project):
    root = stack.root
    ruled(root, project, 0)
    stop, counts, troubles = threading.Event(), [], []
    with pytest.raises(ConfigError, match="asks for no gold"):
        follow(root, project, 1, stop, counts.append, troubles.append)
    policy = with_hash(replace(load_policy("demo"), version=2, gold=Gold(share_permille=250)))
    sign(root, project, policy, ("rob", "rita"))
    others(root, project, 30)  # before it follows: these count for nothing
    ended: list[int] = []
    follower = threading.Thread(
        target=lambda: ended.append(follow(root, project, 1, stop, counts.append, troubles.append))
    )
    follower.start()
    try:
        others(root, project, 4)  # perhaps before its first look
        wait_for(lambda: others(root, project, 3) and counts, "the first gold record")
        total = 0

        def kept_up() -> bool:
            nonlocal total
            total = len(counts)
            return total == gold(root, project)

        wait_for(kept_up, "what it says is on the audit")
    finally:
        stop.set()
        follower.join(30)
    assert (ended, troubles) == ([len(counts)], [])
    events = [event for event in audit(root, project) if event.type is EventType.RECORDS_PUBLISHED]
    published = sum(int(event.details["records"]) for event in events)
    assert 0 < len(counts) <= (published - 30) / 3


def others(root: Path, project: str, count: int) -> bool:
    with publishing(root, project) as publisher:
        for number in range(count):
            publisher.publish_text(f"record {number}")
    return True


def test_a_process_freeze_ends_by_two_who_may_and_only_while_it_holds(stack, project):
    root, keeper = stack.root, f"keeper.{project}"
    with pytest.raises(ConfigError, match="keeper has frozen nothing"):
        resume(root, project, "roy", "keeper")
    frozen_by_keeper(root, project, version=7)
    with pytest.raises(ConfigError, match="rob may not resume"):
        resume(root, project, "rob", "keeper")
    first = resume(root, project, "rita", "keeper")
    assert first.keys == (f"lift/{project}/{keeper}/rita",)
    assert (first.frozen[keeper].signed_by, first.frozen[keeper].missing) == (
        ("rita",),
        ("an operator (roy or rolf)",),
    )
    with pytest.raises(ConfigError, match=r"rita's signature adds nothing; missing: an operator"):
        resume(root, project, "rita")
    assert resume(root, project, "roy").frozen == {}
    frozen_by_keeper(root, project, version=8)
    with compliance(root) as seen:
        assert list(seen.book().freezes(project)) == [f"keeper.{project}"]
    resume(root, project, "roy", "keeper")
    assert resume(root, project, "rita", "keeper").frozen == {}
    lifts = [event.details["version"] for event in audit(root, project) if event.type is EventType.LIFT_ORDERED]
    assert sorted(lifts) == ["7", "7", "8", "8"]


def frozen_by_keeper(root: Path, project: str, version: int) -> None:
    """As keeper orders it, with its own key."""
    around = started(root, Identity("keeper", project), project)
    try:
        signer = f"keeper.{project}"
        key, body = f"freeze/{project}/{signer}", freeze_body(Freezable, FreezeReason.LEAK)
        signature = around.sign(control_message(key, version, ControlKind.FREEZE, body))
        state = ControlState(key, version, ControlKind.FREEZE, body, signer, signature, version)
        act(around, [Outgoing("control", key.encode(), around.codec.encode(state))], [])
    finally:
        around.close()


def test_an_operator_readmits_who_labels_there_and_nobody_else_does(stack, project):
    root = stack.root
    with pytest.raises(ConfigError, match="rita may not readmit people"):
        readmit(root, project, "ray", "rita")
    with pytest.raises(ConfigError, match="nobody labels nothing in"):
        readmit(root, project, "nobody", "roy")
    assert readmit(root, project, "ray", "roy") == f"readmit/{project}/ray/roy"
    with compliance(root) as seen:
        first = seen.book().readmitted(project, "ray")
    readmit(root, project, "ray", "roy")
    with compliance(root) as seen:
        assert seen.book().readmitted(project, "ray") > first > 0
    orders = [event for event in audit(root, project) if event.type is EventType.READMIT_ORDERED]
    assert [(event.person, event.details["readmitted"]) for event in orders] == [("roy", "ray")] * 2


def test_a_readmission_counts_also_after_one_by_an_operator_whose_clock_was_ahead(stack, project):
    root = stack.root
    with acting(root, load_declared(root), project, "rolf") as around:
        ahead = around.clock.now() + 3_600_000
        order_readmission(around, "ray", ahead)
    readmit(root, project, "ray", "roy")
    with compliance(root) as seen:
        assert seen.book().readmitted(project, "ray") == ahead + 1
