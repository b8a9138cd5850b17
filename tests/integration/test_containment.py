"""From an alert on the real topic to a person who may do nothing, and back by two people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.control_orders import sign_lift, sign_reinstatement
from schemas.alerts import Alert, Severity, alert_id
from schemas.audit import EventType
from schemas.resources import person_resource
from streams.engine.clock import SystemClock
from streams.label.client import Denied
from tests.support.waiting import wait_for
from topology.identity import PLATFORM, Identity
from topology.policies import load_policy
from topology.policies.canonical import with_hash

pytestmark = pytest.mark.stack
ALONE = "shut"
HOUR_MS = 3_600_000


RULES = """
rules:
  enumeration: {least: critical, do: [revoke, withdraw], revocation: stolen_account, withdrawal: rehearsal}
  reports: {least: critical, do: [freeze, minimum], freeze: leak}
budget: {revocations_an_hour: 5, freezes_an_hour: 1, withdrawals_an_hour: 10}
"""
"""Of the project's own: they do more than the packaged ones."""


@pytest.fixture(scope="module")
def shut(alone):
    alone.sign("hal", "hope")
    rules = alone.root / "projects" / "contain"
    rules.mkdir(mode=0o700, parents=True, exist_ok=True)
    (rules / f"{alone.project}.yaml").write_text(RULES)
    alone.start("redact", "label", "join", "keeper", "contain", "warden")
    yield alone
    alone.reconciled()


def tell(pipeline, rule: str, person: str, place: str = "") -> str:
    """As watch would, had it seen as much within the hour, in the project or at `place`."""
    at = SystemClock().now()
    since = at - HOUR_MS
    found = Alert(alert_id(rule, person, since), rule, Severity.CRITICAL, person_resource(person), since, at)
    topic = f"alerts.{place or pipeline.project}"
    pipeline.write(topic, found.alert_id.encode(), pipeline.codec.encode(found))
    return found.alert_id


def contained(pipeline, name: str):
    """The event that all who must have obeyed."""
    return pipeline.wait_event(
        f"that {name} is contained",
        lambda event: event.type is EventType.CONTAINMENT_REACHED and event.resource == f"alert/{name}",
    )


def reason(call) -> str:
    with pytest.raises(Denied) as refused:
        call()
    return refused.value.reason


def test_a_person_is_shut_out_by_an_alert_and_let_in_again_by_two(shut):
    shut.publish({"text": "please call me back"}, {"text": "I have moved house"})
    shut.wait_records("tasks", 2)
    with shut.client("hugo", "heidi") as client, shut.client("hugo", "hans") as other:
        lease = client.lease()
        assert lease is not None
        reached = contained(shut, tell(shut, "enumeration", "heidi"))
        assert f"control/withdraw/{shut.project}/{lease.task_id}/contain.{shut.project}" in reached.parents
        shut.wait_event(
            "that her task's key is destroyed",
            lambda event: (
                event.type is EventType.TASK_WITHDRAWN
                and (event.resource, event.process) == (f"task/{lease.task_id}", f"keeper.{shut.project}")
            ),
        )
        assert reason(client.lease) == "revoked"
        (revoked,) = [event for event in shut.events(EventType.LEASE_REVOKED) if event.person == "heidi"]
        assert revoked.resource == f"lease/{lease.lease_id}"
        assert other.lease() is not None

        shut.restart("label", "contain")
    with shut.client("hugo", "heidi") as client:
        assert reason(client.lease) == "revoked"
        book = shut.stages["contain", 0].around.book
        (version,) = book.revocations(shut.project).by("heidi").values()
        for person in ("hugo", "hope"):
            with shut.person(person) as around:
                sign_reinstatement(around, "heidi", version, 1)
        assert wait_for(lambda: _leases(client), "heidi may enter again")


def _leases(client) -> bool:
    try:
        client.lease()
    except Denied as refused:
        if refused.reason == "revoked":
            return False
        raise
    return True


def test_who_tries_the_console_is_shut_out_by_the_platforms_alert(shut):
    reached = contained(shut, tell(shut, "enumeration", "hera", place=PLATFORM))
    assert f"control/revoke/{shut.project}/hera/contain.{shut.project}" in reached.parents


def test_a_project_is_frozen_until_two_people_let_it_go_on(shut):
    event = contained(shut, tell(shut, "reports", "hans"))
    assert {parent.rpartition("/")[2] for parent in event.parents} == {f"contain.{shut.project}"}
    signer = Identity("contain", shut.project).signer
    for role in ("redact", "label"):
        assert shut.stages[role, 0].around.book.frozen_by(shut.project, role) == (signer,)
    (ordered,) = shut.events(EventType.FREEZE_ORDERED)
    assert ordered.reason == "leak"
    book = shut.stages["redact", 0].around.book
    for person in ("hugo", "hope"):
        assert list(book.freezes(shut.project)) == [signer]
        with shut.person(person) as around:
            sign_lift(around, signer, around.clock.now())
    wait_for(lambda: not book.freezes(shut.project), "redact goes on")
    assert (book.minimum(shut.project), book.policy_in_force(shut.project)) == (2, None)
    shut.sign("hal", "hope", policy=with_hash(replace(load_policy("demo"), version=2)))
    wait_for(lambda: book.policy_in_force(shut.project), "people have published the next one")
