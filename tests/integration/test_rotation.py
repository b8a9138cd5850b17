"""Every key of a project rotated twice on the real broker and vault while records stream through: nothing fails,
old versions end, and what was sealed before them still opens.

Some tests look at what one long run has left, whose steps are those of the fixtures: rotated, then retired.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pytest

from deploy import keys
from deploy.granting import SecondFactor, approve, find, request, see
from deploy.publishing import publishing
from deploy.signin.totp import code_at
from deploy.stages.roles import roles_of
from schemas.audit import EventType
from schemas.errors import AccessDenied, ConfigError, Reason
from schemas.grants import GrantPurpose, GrantReason
from schemas.records import LabelSpan
from schemas.vault_log import Operation
from streams.audit.two_sided import DENIED
from streams.label.client import QueueUnavailable
from tests.support.announced import used
from tests.support.foreign_vault import may_be_changed
from tests.support.hands import Hands
from tests.support.waiting import wait_for
from topology.access import signed_in_policies
from topology.rights import wrapping_keys
from vault.interface import WrappedKey
from vault.people import Doors, PeopleProvisioner
from vault.raw import CONTEXT_HEADER, KEY_HEADER
from vault.retirement import WRITERS_MS
from vault.rewrapping import stored, wrapped_in
from vault.rotation import version_of
from vault.session import Credentials, Session

pytestmark = pytest.mark.stack

PERSONS = ("ugo", "urs", "una")
CANARY = "Quorlind"
"""In no record of another test."""
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LATER_MS = 365 * DAY_MS
"""The retention of every topic is over by then."""


def record(number):
    return {
        "customer": {
            "name": f"{CANARY}{number} Vendel",
            "note": f"My kettle broke, {CANARY}{number} Vendel waits",
        },
        "product": "kettle",
    }


def label_kettle(client, lease):
    at = lease.fields["customer.note"].index("kettle")
    client.label(lease, [LabelSpan("customer.note", at, at + 6, "PRODUCT")], {"tone": "negative"})


@dataclass
class Ground:
    """The project, and what its long run has shown."""

    pipeline: object
    people: PeopleProvisioner
    clock: Hands = field(default_factory=Hands)
    published: int = 0
    grant: object = None
    unused: WrappedKey | None = None
    """A data key of a producer's of before any rotation, under which no record was sealed yet."""
    early: list = field(default_factory=list)
    """How keys stood when somebody wanted to retire versions at once."""

    @property
    def project(self):
        return self.pipeline.project

    @property
    def every(self):
        return wrapping_keys(self.pipeline.topology.flow, self.project)

    def factor(self, person):
        enrolled = self.people.enrol(person, "the-password-of-a-test")
        return SecondFactor(enrolled.password, code_at(enrolled.otpauth, int(time.time())))

    def as_uwe(self, act, *arguments):
        with self.pipeline.person("uwe") as around:
            return act(around, (), lambda: self.factor("uwe"), *arguments)

    def stream_until(self, publisher, ask, what):
        """Records go on being published, by one producer with the data key it began with, until `ask` says yes."""

        def one_more():
            publisher.publish_json(record(self.published))
            publisher.flush()
            self.published += 1
            return ask()

        return wait_for(one_more, what, pause_s=0.5)

    def swept(self, version, since=0):
        """Whether keeper has been through all documents of each key since this version, and that time."""
        keys_told = {
            event.resource.partition("/")[2]
            for event in self.pipeline.events(EventType.KEY_REWRAPPED)
            if "oldest" in event.details
            and int(event.details["version"]) >= version
            and int(event.details["since"]) >= since
        }
        return keys_told == {place.key for place in stored(self.project)}

    def labeled(self, *persons):
        """Each person labels all there is. A queue that has lost its place starts anew, as by its supervisor."""
        try:
            self.pipeline.annotate("ute", persons, label_kettle)
        except QueueUnavailable:
            self.pipeline.stages.pop(("label", 0))
            self.pipeline.start("label")

    def versions_in_documents(self):
        found = {}
        with self.pipeline.administrators_vault() as vault:
            for place in stored(self.project):
                paths = [place.folder] if place.single else vault.names(place.folder)
                held = [wrapped_in(path, vault.read(path).blob) for path in paths]
                found[place.key] = {version_of(it.wrapped) for each in held for it in each}
        return found


@pytest.fixture(scope="module")
def rotated(stack, pipeline_of):
    """Two rotations of every key under a stream of records, while somebody labels."""
    if not may_be_changed(stack.endpoints.vault):
        pytest.skip("changes a vault's people: needs the OpenBao of a local stack: VEIL_TEST_STACK=local")
    pipeline, place = pipeline_of("turned"), stack.endpoints.vault
    session = Session(place.url, place.ca_file, Credentials(token=place.token_file.read_text().strip()))
    people = PeopleProvisioner(session)
    door = Doors(PERSONS, "http://127.0.0.1:1/signin/callback")
    people.apply({pipeline.project: door}, signed_in_policies(pipeline.topology))
    ground = Ground(pipeline, people)
    by_our_clock = ("redact", "keeper")
    pipeline.start(*(it for it in roles_of(pipeline.topology.project(pipeline.project)) if it not in by_our_clock))
    for role in by_our_clock:
        ground.clock.start(pipeline, role)
    pipeline.sign("uma", "ulf")
    with pipeline.administrators_vault() as vault:
        made = vault.data_key(f"raw-{pipeline.project}", "producer/1")
        ground.unused = WrappedKey(made.wrapped, made.context)
    pipeline.publish(record(10_000))
    ground.published = 1
    (first,) = pipeline.wait_records("tasks", 1)  # the detector is built: from here on records flow
    with publishing(pipeline.root, pipeline.project) as publisher:
        for version in (2, 3):
            before = ground.published
            turned = ground.as_uwe(keys.rotate)
            assert {(it.name, it.latest) for it in turned} == {(key, version) for key in ground.every}
            ground.stream_until(publisher, lambda at=version: ground.swept(at), f"all is rewrapped by {version}")
            ground.labeled(PERSONS[0])
            wanted = before + 3
            ground.stream_until(publisher, lambda n=wanted: len(pipeline.records("tasks")) >= n, f"{wanted} tasks")
    ground.early = ground.as_uwe(keys.retire, ground.clock.now())
    with pipeline.person("ursel") as around:
        purpose, reason = GrantPurpose.REHEARSAL, GrantReason.REHEARSAL
        ground.grant = request(around, first.task_id, purpose, reason, HOUR_MS)
    pipeline.wait_records("tasks", ground.published)
    yield ground
    session.close()


@pytest.fixture(scope="module")
def retired(rotated):
    """An hour and more later no process has an old data key; a year later no record of before is in Kafka."""
    pipeline = rotated.pipeline
    rotated.clock.forward_ms = WRITERS_MS + 60_000
    since = rotated.clock.now()
    pipeline.publish(record(10_001))  # redact takes a new data key
    rotated.published += 1
    pipeline.wait_records("tasks", rotated.published)
    wait_for(lambda: rotated.swept(3, since), "keeper has been through all documents once more")
    assert all(it <= {3} for it in rotated.versions_in_documents().values()), rotated.versions_in_documents()
    rotated.as_uwe(keys.retire, since + LATER_MS)
    pipeline.restart("label", "join")  # what they remember is gone
    message = pipeline.messages("raw")[0]
    headers = message.headers | {
        KEY_HEADER: rotated.unused.wrapped.encode(),
        CONTEXT_HEADER: rotated.unused.context.encode(),
    }
    pipeline.write(f"raw.{pipeline.project}", message.key, message.value, list(headers.items()))
    return rotated


def test_no_record_fails_while_keys_rotate(rotated):
    assert rotated.published >= 6
    first_versions = {version_of(it.headers[KEY_HEADER].decode()) for it in rotated.pipeline.messages("raw")}
    assert 1 in first_versions, "a producer goes on with its data key of before"
    assert not rotated.pipeline.events(EventType.RECORD_REFUSED)
    told = rotated.pipeline.events(EventType.KEY_ROTATED)
    assert sorted((it.resource, it.details["version"]) for it in told) == sorted(
        (f"key/{key}", version) for key in rotated.every for version in "23"
    )
    assert {(it.person, it.process) for it in told} == {("uwe", "person.uwe")}


def test_no_version_ends_while_a_process_may_wrap_by_it(rotated):
    assert {(it.versions.name, it.versions.minimum, it.needed.version) for it in rotated.early} == {
        (key, 1, 1) for key in rotated.every
    }
    assert all(it.needed.until for it in rotated.early)
    assert not any(it.overdue or it.trimmable for it in rotated.early)


def test_signing_keys_are_not_rotated_and_only_a_key_administrator_rotates(rotated):
    with rotated.pipeline.person("uwe") as around:
        with pytest.raises(ConfigError, match="is not rotated: its public"):
            keys.rotate(around, ("sign-uma",), lambda: pytest.fail("not asked"))
        with pytest.raises(AccessDenied):  # without the second factor
            around.vault.rotate(rotated.every[0])
    with rotated.pipeline.person("ute") as around, pytest.raises(ConfigError, match="may not rotate keys"):
        keys.rotate(around, (), lambda: pytest.fail("not asked"))


def test_the_minimum_rises_to_the_version_in_use_of_every_key(retired):
    with retired.pipeline.administrators_vault() as vault:
        assert {vault.key_versions(key).minimum for key in retired.every} == {3}
    told = retired.pipeline.events(EventType.KEY_RETIRED)
    assert {(it.resource, it.details["minimum"]) for it in told} == {(f"key/{key}", "3") for key in retired.every}


def test_vault_refuses_what_the_old_version_has_wrapped_and_its_record_is_put_aside(retired):
    with retired.pipeline.administrators_vault() as vault:
        (refused,) = vault.unwrap(f"raw-{retired.project}", [retired.unused])
    assert isinstance(refused, Exception)
    (aside,) = retired.pipeline.wait_records("quarantine", 1)
    assert aside.reason == Reason.RETIRED_DATA_KEY.value


def test_every_task_of_before_is_labeled_and_joined_after_it(retired):
    pipeline = retired.pipeline

    def all_labeled():
        retired.labeled(*PERSONS)
        return len(pipeline.records("labels")) >= len(PERSONS) * retired.published

    wait_for(all_labeled, f"{retired.published} tasks are labeled")
    joined = pipeline.wait_records("joined", retired.published)
    assert len({label.task_id for label in joined}) == retired.published
    pipeline.wait_records("quarantine", 1)
    result = wait_for(
        lambda: it if (it := pipeline.reconciled()).joined == retired.published else None, "the audit says so"
    )
    assert (result.quarantined, result.dropped, result.unjoined) == (1, 0, 0)


def test_a_half_of_before_still_opens_for_a_grant(retired):
    pipeline, grant = retired.pipeline, retired.grant
    pipeline.wait_event(
        "grant.located", lambda it: it.type is EventType.GRANT_LOCATED and it.details["grant"] == grant.grant_id
    )
    for person in ("umut", "udo"):
        with pipeline.person(person) as around:
            approve(around, find(around, grant.grant_id), lambda who=person: retired.factor(who))
    with pipeline.person("ursel") as around:
        values = see(around, find(around, grant.grant_id), lambda: retired.factor("ursel")).by_name
    assert any(CANARY in value for value in values.values())


def test_versions_are_trimmed_a_day_after_and_not_before(retired):
    at = max(event.time for event in retired.pipeline.events(EventType.KEY_RETIRED))
    early = retired.as_uwe(keys.trim, at + DAY_MS // 2)
    late = retired.as_uwe(keys.trim, at + DAY_MS)
    assert [{it.versions.available for it in found} for found in (early, late)] == [{0}, {3}]
    told = retired.pipeline.events(EventType.KEY_TRIMMED)
    assert {(it.resource, it.details["minimum"]) for it in told} == {(f"key/{key}", "3") for key in retired.every}


def test_every_use_of_vault_by_keeper_and_the_key_administrator_is_announced(rotated, stack):
    """As the matcher would judge it, of the time before we have put keeper's clock forward."""
    who = {"person.uwe", f"keeper.{rotated.project}"}
    events = rotated.pipeline.audit()
    until = max(it.time for it in events if it.type is EventType.KEY_ROTATED) + 10_000
    found = used(stack.endpoints.vault.followed_log, events, rotated.project, who, until=until)
    tried = (DENIED, "person.uwe")  # without the second factor, by a test of this module
    assert [it for it in found.alerts if (it.rule, it.details["identity"]) != tried] == []
    assert {Operation.REWRAP, Operation.REWRITE, Operation.READ, Operation.ADMINISTER} <= set(found.operations)
