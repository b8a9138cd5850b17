"""The faults that are planted, through the label API as anybody would: what happens next is up to watch."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.demo.canaries import Aviary
from deploy.drill.ground import APP, APP_PEOPLE, OPERATOR, PROJECT, REPORTER
from deploy.persons import acting, load_declared
from deploy.publishing import publishing
from deploy.surroundings import CONTROL
from schemas.control import ControlKind, lift_body
from schemas.errors import StackError
from schemas.records import ControlState
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing
from streams.label.client import LabelClient
from streams.label.commands import ReportReason, SkipReason
from vault.signing import issue_token

RECORDS = 110
"""The app is shown 64, the reporter 24; what the app is shown comes back when it is shut out."""
ANSWERS, REPORTS = 24, 8
"""Watch tells it of at least twenty answers, of which more than a fifth are reports."""


def publish_records(root: Path, aviary: Aviary) -> None:
    """Records of invented customers, whose values the evidence is searched for afterwards."""
    with publishing(root, PROJECT) as publisher:
        for number in range(RECORDS):
            name, email = aviary.name().value, aviary.email().value
            publisher.publish_text(f"The lamp number {number} of {name} arrived broken, write to {email}")
        publisher.flush()


def tokens(root: Path, issuer: str, people: Sequence[str]) -> Mapping[str, str]:
    """Bearer tokens signed by the app or the operator."""
    with acting(root, load_declared(root), PROJECT, issuer) as around:
        return {
            person: issue_token(
                around.vault,
                issuer=issuer,
                person=person,
                project=PROJECT,
                token_id=secrets.token_hex(8),
                now=around.clock.now(),
            )
            for person in people
        }


def take_without_answering(root: Path, url: str) -> int:
    """An app fetches a task for each of its people and never answers. How many."""
    waiting, taken = list(tokens(root, APP, APP_PEOPLE).values()), 0
    with LabelClient(url, PROJECT, lambda: waiting[-1]) as client:
        while waiting:
            taken += client.lease() is not None
            waiting.pop()
    if taken < len(APP_PEOPLE):
        raise StackError(f"the app got {taken} tasks of {len(APP_PEOPLE)}")
    return taken


def report_exposed(root: Path, url: str) -> int:
    """Somebody reports a third of what they are shown. How many reports."""
    (token,) = tokens(root, OPERATOR, [REPORTER]).values()
    with LabelClient(url, PROJECT, lambda: token) as client:
        for number in range(ANSWERS):
            lease = client.lease()
            if lease is None:
                raise StackError(f"{REPORTER} got {number} tasks of {ANSWERS}")
            if number % (ANSWERS // REPORTS):
                client.skip(lease, SkipReason.UNCLEAR)
            else:
                client.report(lease, ReportReason.PERSONAL_DATA)
    return REPORTS


def forge_end_of_freeze(root: Path) -> None:
    """Somebody with the operator's login at Kafka, but not their key in Vault, orders that the project goes on."""
    with acting(root, load_declared(root), PROJECT, OPERATOR) as around:
        version, key = around.clock.now(), f"{ControlKind.LIFT}/{PROJECT}/contain.{PROJECT}/{OPERATOR}"
        order = ControlState(key, version, ControlKind.LIFT, lift_body(version), OPERATOR, bytes(64), version)
        slot = f"{around.identity.slots}{secrets.token_hex(8)}"
        session = around.log.open(SessionSpec(slot, around.identity.group, (), Ownership.WHOLE))
        try:
            session.begin()
            session.produce(Outgoing(CONTROL, key.encode(), around.codec.encode(order)))
            session.commit()
        finally:
            session.close()
