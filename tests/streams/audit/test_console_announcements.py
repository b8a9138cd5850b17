"""What the console says announces what people do in Vault on their way through it, and nothing more."""

from __future__ import annotations

import pytest

from schemas.audit import EventType
from streams.audit.announcements import announced
from tests.streams.console.site import made
from topology.identity import PLATFORM

CONSOLE = f"console.{PLATFORM}"


def told(kind, process=CONSOLE, project=PLATFORM):
    event = made(7, kind, 0, process=process, slot=f"{process}.x", person="ada")
    return {
        (str(it.claim.operation), it.claim.target)
        for it in announced(event, project)
        if "ada" in it.claim.identity
    }


def test_a_sign_in_announces_a_login():
    assert {what for what, _ in told(EventType.CONSOLE_ENTERED)} == {"login"}


@pytest.mark.parametrize("kind", [EventType.POLICY_PUBLISHED, EventType.JOB_SIGNED, EventType.LIFT_CARRIED])
def test_a_signature_that_was_carried_announces_a_login_and_the_persons_own_key(kind):
    assert told(kind) == {("login", ""), ("sign", "sign-ada")}


def test_a_look_announces_nothing_and_nobody_else_says_so():
    assert told(EventType.CONSOLE_LOOKED) == set()
    assert told(EventType.CONSOLE_ENTERED, process="join.demo", project="demo") == set()
