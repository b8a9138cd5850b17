"""A revoked person's and app's logins on the real broker and vault: ended at once, and only theirs."""

from __future__ import annotations

import secrets
from contextlib import closing
from dataclasses import replace

import pytest

from deploy.control_orders import order_revocation, sign_reinstatement
from deploy.provision.credentials import CredentialFiles
from schemas.alerts import Alert, Severity, alert_id
from schemas.audit import EventType
from schemas.control import RevocationReason
from schemas.resources import app_resource
from streams.audit.reader import Reader, read_events
from streams.engine.clock import SystemClock
from tests.support.intruder import intruder
from tests.support.waiting import wait_for

pytestmark = pytest.mark.stack
ALONE = "warded"
ROUNDS = 3


@pytest.fixture(scope="module")
def warded(alone):
    alone.start("label", "contain", "warden")
    return alone


@pytest.fixture
def enter(stack, warded):
    """Somebody who is logged in, closed after the test."""
    opened = []

    def by(name: str):
        found = intruder(stack.endpoints, CredentialFiles(stack.root), name, f"audit.{warded.project}")
        opened.append(closing(found))
        return found

    yield by
    for one in opened:
        one.__exit__()


def revoke(pipeline, who: str, version: int) -> None:
    with pipeline.person("walt") as around:
        order_revocation(around, who, RevocationReason.REHEARSAL, version)


def let_in(pipeline, who: str) -> None:
    (version,) = set(book(pipeline).revocations(pipeline.project).by(who).values())
    for person in ("walt", "winnie"):
        with pipeline.person(person) as around:
            sign_reinstatement(around, who, version, 1)


def book(pipeline):
    return pipeline.stages["warden", 0].around.book


def lowest(pipeline, who: str) -> int:
    return book(pipeline).revocations(pipeline.project).next_version(who)


def said(pipeline, kind: EventType, who: str) -> list:
    found = read_events(pipeline.log, Reader(pipeline.codec), ["audit.platform"])
    return [event for event in found if event.type is kind and event.resource == f"person/{who}"]


class Telling:
    """How often it was said of somebody that their credentials have ended, and are restored, from now on: another
    test, in whatever order, may be about the same person.
    """

    def __init__(self, pipeline, who: str) -> None:
        self._pipeline, self._who = pipeline, who
        self._before = self._counts()

    def wait(self, ended: int, restored: int) -> None:
        """Until it was said so often, and fail where it was said more often."""
        wanted = {EventType.CREDENTIALS_ENDED: ended, EventType.CREDENTIALS_RESTORED: restored}
        wait_for(
            lambda: all(self._since()[kind] >= times for kind, times in wanted.items()),
            f"it is said of {self._who}: {ended} times ended, {restored} times restored",
        )
        assert self._since() == wanted

    def _since(self) -> dict[EventType, int]:
        return {kind: count - self._before[kind] for kind, count in self._counts().items()}

    def _counts(self) -> dict[EventType, int]:
        kinds = (EventType.CREDENTIALS_ENDED, EventType.CREDENTIALS_RESTORED)
        return {kind: len(said(self._pipeline, kind, self._who)) for kind in kinds}


def test_a_revoked_operator_who_is_logged_in_can_do_nothing_any_more_and_a_bystander_all(stack, warded, enter):
    wes, walt, told = enter("wes"), enter("walt"), Telling(warded, "wes")
    assert (wes.signs(), wes.writes()) == (True, True)
    for round_ in range(1, ROUNDS + 1):
        revoke(warded, "wes", lowest(warded, "wes"))
        wait_for(lambda: not wes.signs() and not wes.writes(), "wes can do nothing")
        assert (walt.signs(), walt.writes()) == (True, True)
        told.wait(ended=round_, restored=round_ - 1)
        if round_ == 1:
            assert (wes.renews(), wes.login(), wes.connects()) == (False, None, False)
        let_in(warded, "wes")
        told.wait(ended=round_, restored=round_)

    assert (wes.login(), wes.connects()) == (None, False), "what was ended never opens anything again"
    warded.apply(stack)
    anew = enter("wes")
    assert (anew.signs(), anew.writes(), anew.connects()) == (True, True, True)
    assert anew.credentials.kafka_password != wes.credentials.kafka_password


def test_an_alert_about_an_app_is_contained_when_its_credentials_have_ended(stack, warded, enter):
    app = enter("warded-ui")
    assert app.signs()
    told = Telling(warded, "warded-ui")
    subject, at = app_resource("warded-ui"), SystemClock().now()
    found = Alert(alert_id("app-pace", subject, at - 1), "app-pace", Severity.CRITICAL, subject, at - 1, at)
    warded.write(f"alerts.{warded.project}", found.alert_id.encode(), warded.codec.encode(found))
    warded.wait_event(
        "that it is contained",
        lambda event: event.type is EventType.CONTAINMENT_REACHED and event.resource == f"alert/{found.alert_id}",
    )
    assert (app.signs(), app.login(), app.connects()) == (False, None, False)
    let_in(warded, "warded-ui")
    told.wait(ended=1, restored=1)


def test_what_provisioning_issues_meanwhile_opens_nothing_and_a_restarted_warden_ends_it(stack, warded, enter):
    told = Telling(warded, "wilma")
    revoke(warded, "wilma", lowest(warded, "wilma"))
    told.wait(ended=1, restored=0)
    warded.apply(stack)
    wilma = enter("wilma")
    assert (wilma.token, wilma.writes()) == (None, False)
    warded.restart("warden")
    wait_for(lambda: not wilma.connects(), "the new password is gone, too")
    told.wait(ended=1, restored=0)
    let_in(warded, "wilma")
    told.wait(ended=1, restored=1)
    warded.apply(stack)
    assert enter("wilma").signs()


def test_who_was_not_provisioned_yet_holds_nobody_up_and_is_ended_once_they_are(stack, warded, enter):
    operator, annotator = (f"{name}-{secrets.token_hex(3)}" for name in ("newt", "nell"))
    known, project = warded.topology, warded.topology.project(warded.project)
    persons = replace(
        project.persons,
        operators=(*project.persons.operators, operator),
        annotators=(*project.persons.annotators, annotator),
    )
    warded.topology = replace(
        known, projects={**known.projects, warded.project: replace(project, persons=persons)}
    )
    warded.restart("warden")
    told = Telling(warded, "wes")
    for who in (operator, annotator, "wes"):
        revoke(warded, who, lowest(warded, who))
    told.wait(ended=1, restored=0)
    for who in (operator, annotator, "wes"):
        wait_for(lambda one=who: acknowledged(warded, one), f"warden has acknowledged {who}'s revocation")
    assert not said(warded, EventType.CREDENTIALS_ENDED, operator)

    warded.apply(stack)
    wait_for(lambda: said(warded, EventType.CREDENTIALS_ENDED, operator), "their first credentials have ended")
    newt = enter(operator)
    assert (newt.token, newt.writes()) == (None, False)
    let_in(warded, "wes")
    told.wait(ended=1, restored=1)
    warded.apply(stack)


def acknowledged(pipeline, who: str) -> bool:
    found = read_events(pipeline.log, Reader(pipeline.codec), ["audit.platform"])
    return any(
        event.type is EventType.CONTROL_APPLIED and event.details["key"] == f"revoke/{pipeline.project}/{who}/walt"
        for event in found
    )
