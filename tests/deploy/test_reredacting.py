"""The order to redact again on the real topics: what one person, the same person, and an altered order come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.compliance import audit_topic, compliance
from deploy.control_orders import reredaction_key, sign_reredaction
from deploy.persons import acting, load_declared, sign
from deploy.reredacting import Progress, propose, second
from deploy.surroundings import CONTROL
from schemas.audit import EventType
from schemas.errors import ConfigError
from schemas.records import ControlState
from schemas.reredaction import Reredaction, reredaction_body
from streams.audit.reader import Reader, read_events
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing
from tests.support.declaring import declared
from topology.policies import load_policy
from topology.reredactions import Reredactions

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons: {{authors: [zoe], approvers: [zack, zita], operators: [zeno, zora, zita], annotators: [zina]}}
"""
APPROVER, OPERATOR = "an approver (zack or zita)", "an operator (zeno or zita or zora)"


@pytest.fixture
def project(stack) -> Iterator[str]:
    """A project of this test alone, with a policy in force."""
    with declared(stack, "again", PROJECT) as name:
        sign(stack.root, name, load_policy("demo"), ["zoe", "zack"])
        yield name


def standing(stack, project: str) -> Reredactions:
    with compliance(stack.root) as seen:
        return seen.book().reredactions(project)


def ordered(stack, project: str) -> list[tuple[str, str]]:
    """What the audit says: who signed which number."""
    with compliance(stack.root) as seen:
        found = read_events(seen.log, Reader(seen.codec), [audit_topic(project)])
        events = [one for one in found if one.type is EventType.REREDACTION_ORDERED]
    return [(one.person, one.details["number"]) for one in sorted(events, key=lambda event: event.time)]


def test_one_person_alone_orders_nothing_and_a_second_of_the_other_role_does(stack, project):
    one = propose(stack.root, project, "zeno", 1, "6h")
    assert (one.state, one.signed_by, one.missing) == ("unsigned", ("zeno",), (APPROVER,))
    assert standing(stack, project).in_force == ()
    assert second(stack.root, project, "zack", 1) == Progress(one.order, ("zack", "zeno"), ())
    assert standing(stack, project).in_force == (one.order,)
    assert ordered(stack, project) == [("zeno", "1"), ("zack", "1")]


def test_the_same_person_twice_or_two_of_one_role_are_refused(stack, project):
    propose(stack.root, project, "zeno", 1, None)
    for person in ("zeno", "zora"):
        with pytest.raises(ConfigError, match=rf"{person}'s signature adds nothing; missing: an approver"):
            second(stack.root, project, person, 1)
    for person in ("zina", "zoe"):
        with pytest.raises(ConfigError, match=f"{person} may not order that records are redacted again"):
            second(stack.root, project, person, 1)
        with pytest.raises(ConfigError, match=f"{person} may not order that records are redacted again"):
            propose(stack.root, project, person, 1, None)
    assert standing(stack, project).in_force == ()
    assert ordered(stack, project) == [("zeno", "1")]


def test_who_holds_both_roles_is_still_one_person(stack, project):
    one = propose(stack.root, project, "zita", 1, None)
    with pytest.raises(ConfigError, match="zita's signature adds nothing; missing: a second person"):
        second(stack.root, project, "zita", 1)
    declared = load_declared(stack.root)
    with acting(stack.root, declared, project, "zita") as around:  # past what `veil` refuses
        sign_reredaction(around, one.order, around.clock.now() + 1)
    assert standing(stack, project).in_force == ()


def test_an_altered_order_is_refused(stack, project):
    one = propose(stack.root, project, "zeno", 1, "1h")
    rewrite(stack, project, replace(one.order, since=0))
    found = standing(stack, project)
    assert (found.waiting(), found.in_force) == ((one.order,), ()), "the altered one is under no valid signature"
    with acting(stack.root, load_declared(stack.root), project, "zack") as around:
        sign_reredaction(around, replace(one.order, since=0), 1)
    assert standing(stack, project).in_force == (), "two have signed, but not the same"
    with pytest.raises(ConfigError, match="2 different orders 1: sign none, propose a new one"):
        second(stack.root, project, "zack", 1)
    later = propose(stack.root, project, "zack", 1, None)
    assert (later.order.number, second(stack.root, project, "zora", 2).missing) == (2, ())
    assert standing(stack, project).in_force == (later.order,)


def test_what_can_not_be_carried_out_is_not_ordered(stack, project):
    with pytest.raises(ConfigError, match="no policy of version 2: in force is version 1; publish it first"):
        propose(stack.root, project, "zeno", 2, None)
    with pytest.raises(ConfigError, match=r"no order 1 .* waits for a signature; waiting: none"):
        second(stack.root, project, "zack", 1)
    assert ordered(stack, project) == []


def rewrite(stack, project: str, altered: Reredaction) -> None:
    """Put another body under the signature of zeno's order, as an administrator of the broker could."""
    kafka = stack.endpoints.kafka
    log = KafkaLog(
        KafkaAccess(
            kafka.bootstrap, kafka.ca_file, kafka.admin_user, kafka.admin_password_file.read_text().strip()
        )
    )
    with acting(stack.root, load_declared(stack.root), project, "zeno") as around:
        key = reredaction_key(around).encode()
        (original,) = [m for m in log.read(CONTROL) if m.key == key]
        state = around.codec.decode(original.value, ControlState)
        forged = replace(state, version=state.version + 1, body=reredaction_body(altered))
        record = Outgoing(CONTROL, key, around.codec.encode(forged))
    session = log.open(SessionSpec(f"admin-{project}", f"admin-{project}", (), Ownership.WHOLE))
    try:
        session.begin()
        session.produce(record)
        session.commit()
    finally:
        session.close()
