"""Grants on the real broker and vault: three people see one task's values, once, and nobody sees any otherwise."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass

import pytest

from deploy.control_orders import control_record
from deploy.granting import SecondFactor, approve, book_of, end, find, request, see
from deploy.signin.totp import code_at
from deploy.surroundings import surroundings
from schemas.audit import EventType
from schemas.control import ControlKind
from schemas.errors import AccessDenied, ConfigError
from schemas.grants import GrantAnswer, GrantPurpose, GrantReason, answer_body
from streams.audit.access import Asked, accesses
from streams.engine.log import Ownership, SessionSpec
from tests.support.announced import used
from tests.support.foreign_vault import may_be_changed
from tests.support.handing import started
from tests.support.waiting import wait_for
from topology.access import signed_in_policies
from topology.identity import Identity
from vault.granted import ENTRY, FOLDERS, Handing
from vault.interface import WrappedKey
from vault.people import Doors, PeopleProvisioner
from vault.session import Credentials, Session
from vault.wrapping import Unwrapping

pytestmark = pytest.mark.stack

CANARY = "Ferulvik"
"""In no record of another test: all share `control`."""
RECORDS = tuple(
    {"customer": {"name": f"{CANARY}{number} Quelmer", "note": "My kettle broke"}, "product": "kettle"}
    for number in range(2)
)
HOUR_MS = 3_600_000


@dataclass
class Ground:
    """A project with two tasks whose values are in Vault, and its people."""

    pipeline: object
    people: PeopleProvisioner
    tasks: list[str]

    def factor(self, person):
        """A password and a code of its own: a code is good once."""
        enrolled = self.people.enrol(person, "the-password-of-a-test")
        return SecondFactor(enrolled.password, code_at(enrolled.otpauth, int(time.time())))

    def requested(self, task=0, who="rita", lasting_ms=HOUR_MS):
        with self.pipeline.person(who) as around:
            made = request(around, self.tasks[task], GrantPurpose.REHEARSAL, GrantReason.REHEARSAL, lasting_ms)
        self.wait(EventType.GRANT_LOCATED, made)
        return made

    def approved(self, grant, *people):
        for person in people:
            with self.pipeline.person(person) as around:
                approve(around, find(around, grant.grant_id), lambda person=person: self.factor(person))
        return grant

    def seen(self, grant, who="rita", ask=None):
        with self.pipeline.person(who) as around:
            return see(around, find(around, grant.grant_id), ask or (lambda: self.factor(who))).by_name

    def ended(self, grant, person, answer):
        with self.pipeline.person(person) as around:
            end(around, find(around, grant.grant_id), answer)

    def forced(self, grant, person, answer):
        """Put on `control` what the command line refuses to."""
        with self.pipeline.person(person) as around:
            key = f"{ControlKind.GRANT}/{around.project}/{grant.grant_id}/{person}"
            lowest = book_of(around).next_version(key)
            record = control_record(around, key, ControlKind.GRANT, answer_body(answer), lowest)
            name = around.identity.slot(int(time.time() * 1000))
            session = around.log.open(SessionSpec(name, around.identity.group, (), Ownership.WHOLE))
            session.begin()
            session.produce(record)
            session.commit()
            session.close()

    def wait(self, kind, grant):
        return self.pipeline.wait_event(
            kind, lambda event: event.type is kind and event.details.get("grant") == grant.grant_id
        )

    def heard(self, what):
        """Reveal has heard of it, and been through a whole round since."""
        book = self.pipeline.stages["reveal", 0].around.book
        wait_for(lambda: what(book.grants(self.pipeline.project)), "reveal hears what control says")
        self.requested(task=1)

    def revealed(self, grant):
        found = self.pipeline.events(EventType.VALUE_REVEALED)
        return [event for event in found if event.details["grant"] == grant.grant_id]

    def refusals(self):
        found = self.pipeline.events(EventType.CONTROL_REFUSED)
        return [it for it in found if it.process.startswith("reveal.") and it.reason == "signer_not_allowed"]

    def handing(self, grant):
        return Handing(self.pipeline.project, grant.grant_id, grant.request)

    def lying(self, grant):
        """What is handed over and not taken back."""
        with self.pipeline.administrators_vault() as vault:
            return [folder for folder in FOLDERS if vault.read(self.handing(grant).path(folder)) is not None]


@pytest.fixture(scope="module")
def ground(stack, pipeline_of):
    if not may_be_changed(stack.endpoints.vault):
        pytest.skip("changes a vault's people: needs the OpenBao of a local stack: VEIL_TEST_STACK=local")
    pipeline, place = pipeline_of("granted"), stack.endpoints.vault
    session = Session(place.url, place.ca_file, Credentials(token=place.token_file.read_text().strip()))
    people = PeopleProvisioner(session)
    door = Doors(("gil",), "http://127.0.0.1:1/signin/callback")
    people.apply({pipeline.project: door}, signed_in_policies(pipeline.topology))
    pipeline.start("redact", "reveal")
    pipeline.sign("gina", "gus")
    pipeline.publish(*RECORDS)
    tasks = pipeline.wait_records("tasks", len(RECORDS))
    yield Ground(pipeline, people, [task.task_id for task in tasks])
    session.close()


def test_three_people_open_one_tasks_values_once(ground):
    grant = ground.approved(ground.requested(), "abel", "berta")
    values = ground.seen(grant)
    assert [value for value in values.values() if value in {it["customer"]["name"] for it in RECORDS}]
    (event,) = ground.revealed(grant)
    assert (event.process, event.person) == (f"reveal.{ground.pipeline.project}", "rita")
    assert (event.details["approved_a"], event.details["approved_b"]) == ("abel", "berta")
    found = accesses(ground.pipeline.audit(), Asked(tasks=frozenset({ground.tasks[0]})), 10)
    assert (found.latest[-1].what, found.latest[-1].person, found.latest[-1].event) == (
        "reveal",
        "rita",
        event.event_id,
    )
    with pytest.raises(ConfigError, match="opened before"):
        ground.seen(grant)
    ground.forced(grant, "rita", GrantAnswer.OPEN)
    ground.heard(lambda grants: grants.find(grant.grant_id).wanted_open)
    assert len(ground.revealed(grant)) == 1
    ground.pipeline.reconciled()


@pytest.mark.parametrize("approvers", [(), ("abel",), ("berta",), ("abel", "anton")])
def test_fewer_than_one_of_each_group_opens_nothing_not_even_past_the_command_line(ground, approvers):
    grant = ground.requested()
    for person in approvers:
        if person == "anton":  # the share of the group lies there already
            with pytest.raises(ConfigError, match="not handed over"):
                ground.approved(grant, person)
        else:
            ground.approved(grant, person)
    with pytest.raises(ConfigError, match="still waits for"):
        ground.seen(grant)
    ground.forced(grant, "rita", GrantAnswer.OPEN)
    ground.heard(lambda grants: grants.find(grant.grant_id).wanted_open)
    assert not ground.revealed(grant)
    assert ENTRY not in ground.lying(grant)


def test_who_requests_does_not_approve_and_who_approves_does_not_open(ground):
    grant = ground.requested()
    for act in (
        lambda: ground.approved(grant, "rita"),
        lambda: ground.approved(grant, "ruth"),
        lambda: ground.approved(grant, "greta"),
        lambda: ground.seen(grant, "abel"),
        lambda: ground.seen(grant, "ruth"),
    ):
        with pytest.raises(ConfigError):
            act()
    before = len(ground.refusals())
    for person, answer in (("rita", GrantAnswer.APPROVE), ("abel", GrantAnswer.OPEN)):
        ground.forced(grant, person, answer)
    wait_for(lambda: len(ground.refusals()) == before + 2, "reveal refuses both")
    assert not ground.revealed(grant)


def test_nobody_is_asked_for_password_and_code_in_vain(ground):
    grant = ground.requested()

    def asked():
        pytest.fail("a code holds for half a minute: it is asked for last")

    for person in ("rita", "abel", "ruth"):
        with pytest.raises(ConfigError):
            ground.seen(grant, person, ask=asked)
    with ground.pipeline.person("ruth") as around, pytest.raises(ConfigError):
        approve(around, find(around, grant.grant_id), asked)


def test_no_other_signs_in_reads_what_was_handed_over(ground, stack):
    grant = ground.approved(ground.requested(), "abel", "berta")
    paths = [ground.handing(grant).path(folder) for folder in FOLDERS]
    roles = ("redact", "label", "decide", "join", "keeper", "reveal", "contain", "replay", "producer")
    for identity in (
        *(Identity(role, ground.pipeline.project) for role in roles),
        *(Identity("person", name) for name in ("rita", "abel", "berta", "greta")),
    ):
        connect = surroundings if identity.role in ("person", "producer") else started
        around = connect(stack.root, identity, ground.pipeline.project, ground.pipeline.topology)
        try:
            for path in paths:
                with pytest.raises(AccessDenied):
                    around.vault.read(path)
            for group in "ab":
                with pytest.raises(AccessDenied):
                    around.vault.unwrap(f"values-{group}-{around.project}", [WrappedKey("vault:v1:AAAA", "x/1")])
        finally:
            around.close()
    with pytest.raises(ConfigError, match="lets nobody in"):
        ground.seen(grant, ask=lambda: SecondFactor("the-password-of-a-test", "000000"))
    assert ground.seen(grant)


@pytest.mark.parametrize(
    ("person", "answer", "why"),
    [
        ("berta", GrantAnswer.DENY, "denied"),
        ("anton", GrantAnswer.REVOKE, "revoked"),
        ("rita", GrantAnswer.REVOKE, "revoked"),
    ],
)
def test_after_a_denial_or_a_revocation_nothing_is_opened_and_the_shares_are_gone(ground, person, answer, why):
    grant = ground.approved(ground.requested(), "abel", "berta")
    assert set(ground.lying(grant)) == {"share-a", "share-b"}
    ground.ended(grant, person, answer)
    with pytest.raises(ConfigError, match="denied or revoked"):
        ground.seen(grant)
    assert ground.wait(EventType.GRANT_ENDED, grant).reason == why
    assert ground.lying(grant) == []
    ground.forced(grant, "rita", GrantAnswer.OPEN)
    ground.heard(lambda grants: grants.find(grant.grant_id).wanted_open)
    assert not ground.revealed(grant)


def test_another_requester_revokes_no_grant_of_somebody_else(ground):
    grant = ground.requested()
    with pytest.raises(ConfigError, match="revoke their own"):
        ground.ended(grant, "ruth", GrantAnswer.REVOKE)


def test_after_its_time_nothing_is_opened_and_what_was_not_taken_is_gone(ground):
    grant = ground.approved(ground.requested(lasting_ms=40_000), "abel", "berta")
    assert ground.wait(EventType.GRANT_ENDED, grant).reason == "expired"
    with pytest.raises(ConfigError, match="is over"):
        ground.seen(grant)
    assert ground.lying(grant) == []
    assert not ground.revealed(grant)


def test_every_use_of_vault_on_the_way_is_announced_by_an_event(ground, stack):
    """As the matcher would judge it, from Vault's own log and the audit."""
    began = int(time.time() * 1000)
    grant = ground.approved(ground.requested(), "anton", "berta")
    assert ground.seen(grant)
    involved = {"person.rita", "person.anton", "person.berta", f"reveal.{ground.pipeline.project}"}
    log, pipeline = stack.endpoints.vault.followed_log, ground.pipeline
    found = used(log, pipeline.audit(), pipeline.project, involved, began)
    assert (found.alerts, found.opened) == ([], 2)


def test_what_was_handed_over_and_not_taken_is_there_for_another_try(ground):
    grant = ground.approved(ground.requested(), "abel", "berta")
    ground.forced(grant, "rita", GrantAnswer.OPEN)
    ground.wait(EventType.VALUE_REVEALED, grant)
    assert ground.seen(grant)
    assert len(ground.revealed(grant)) == 1


def test_somebody_who_takes_a_share_first_is_noticed(ground, stack):
    grant, place = ground.approved(ground.requested(), "abel", "berta"), stack.endpoints.vault
    with ground.pipeline.administrators_vault() as vault:
        token = vault.read(ground.handing(grant).path("share-a")).blob.decode()
    with closing(Unwrapping(place.url, place.ca_file)) as unwrap:
        assert unwrap(token)
    with pytest.raises(ConfigError, match="somebody has unwrapped it already"):
        ground.seen(grant)


def test_a_task_that_never_was_comes_to_nothing(ground):
    unknown = Ground(ground.pipeline, ground.people, ["f" * 32])
    grant = unknown.requested()
    with pytest.raises(ConfigError, match="can't be had"):
        unknown.approved(grant, "abel")


def test_values_are_on_no_topic_and_in_no_log(ground, stack):
    grant = ground.approved(ground.requested(task=1), "abel", "berta")
    assert any(CANARY in value for value in ground.seen(grant).values())
    for kind in ("audit", "reveal-state", "segments", "tasks"):
        for message in ground.pipeline.messages(kind):
            assert CANARY.encode() not in (message.value or b"") + (message.key or b"")
    assert not [
        message for message in ground.pipeline.log.read("control") if CANARY.encode() in (message.value or b"")
    ]
    logs = [path for path in stack.root.joinpath("logs").iterdir() if path.is_file()]
    assert not [path for path in logs if CANARY.encode() in path.read_bytes()]
