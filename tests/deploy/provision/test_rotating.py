"""New passwords for Kafka on the stack's broker: who has the old one is refused, who works goes on."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.endpoints import Endpoints
from deploy.passwords import PasswordWatch
from deploy.provision.command import apply_topology, plan_topology
from deploy.provision.credentials import CredentialFiles, Credentials
from deploy.provision.kafka_admin import KafkaAdmin
from deploy.provision.parts import Parts, connected
from deploy.provision.rotating import Renewed, rotate, rotated
from schemas.errors import AccessDenied, ConfigError, LoginLost, LoginUsedUp
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing
from tests.support.handing import handed
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.loading import load_topology
from vault.approles import AppRoleCredentials
from vault.handing import take
from vault.session import AnonymousSession, Rejected, Session
from vault.session import Credentials as Login

pytestmark = pytest.mark.stack

TOPOLOGY = load_topology()
REPLAY, COPIER, DECIDE = Identity("replay", "demo"), Identity("copier", "demo"), Identity("decide", "demo")
PRODUCER = Identity("producer", "demo")


class Killing:
    """Kafka, at the moment at which a command is killed: its files are written."""

    def __init__(self, kafka: KafkaAdmin) -> None:
        self.state = kafka.state

    def apply(self, *_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def killed(what: Callable[[Parts], object], stack) -> None:
    """Run it in a process of its own, which `kill -9` ends between its files and Kafka."""
    process = multiprocessing.get_context("spawn").Process(target=run, args=[what, stack.endpoints, stack.root])
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL


def run(what: Callable[[Parts], object], endpoints: Endpoints, root: Path) -> None:
    with connected(endpoints, root) as parts:
        what(replace(parts, kafka=Killing(parts.kafka)))


@pytest.fixture
def parts(stack):
    with connected(stack.endpoints, stack.root) as found:
        apply_topology(TOPOLOGY, found)
        yield found


def access_of(stack) -> KafkaAccess:
    kafka, mine = stack.endpoints.kafka, CredentialFiles(stack.root).load(REPLAY)
    return KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password)


def logs_in_with(stack, credentials: Credentials) -> bool:
    kafka = stack.endpoints.kafka
    return logs_in(KafkaAccess(kafka.bootstrap, kafka.ca_file, credentials.kafka_user, credentials.kafka_password))


def logs_in(access: KafkaAccess) -> bool:
    try:
        AdminClient(access.settings() | {"log_level": 0}).list_topics(timeout=10)
    except KafkaException:
        return False
    return True


def vault_of(stack, who: Identity) -> AppRoleCredentials:
    found = CredentialFiles(stack.root).load(who).vault
    assert found is not None
    return found


def token_of(stack, credentials: AppRoleCredentials) -> str:
    """A token, as a thief of the file would have one."""
    place = stack.endpoints.vault
    with closing(AnonymousSession(place.url, place.ca_file)) as anybody:
        answer = anybody.call(
            "log in",
            lambda client: client.auth.approle.login(
                role_id=credentials.role_id, secret_id=credentials.secret_id, use_token=False
            ),
        )
    return str(answer["auth"]["client_token"])


def works_as(stack, who: Identity) -> Session:
    place = stack.endpoints.vault
    return take(place.url, place.ca_file, who.name, vault_of(stack, who).role_id, handed(stack.root, who))


def is_good(stack, token: str) -> bool:
    place = stack.endpoints.vault
    with closing(Session(place.url, place.ca_file, Login(token=token))) as session:
        try:
            session.call("renew", lambda client: client.auth.token.renew_self())
        except AccessDenied:
            return False
    return True


def test_processes_are_rotated_and_programs_of_others_are_not_unless_they_are_named():
    every = {it.name for it in rotated(TOPOLOGY, ())}
    assert {"redact.demo", "watch.platform", "console.platform", "exporter.demo"} <= every
    assert not {"producer.demo", "synth.demo", "person.ada"} & every
    assert [it.name for it in rotated(TOPOLOGY, ["person.ada", "redact.demo", "person.ada"])] == [
        "person.ada",
        "redact.demo",
    ]
    with pytest.raises(ConfigError, match=r"no identity redact\.nothing"):
        rotated(TOPOLOGY, ["redact.nothing"])


def test_a_session_that_works_goes_on_and_opens_new_connections_with_the_new_password(stack, parts):
    access, old = access_of(stack), access_of(stack)
    watch = PasswordWatch(CredentialFiles(stack.root), REPLAY, access.login, look_s=0.02)
    log = KafkaLog(access)
    session = log.open(SessionSpec(REPLAY.slot(77), REPLAY.group, ("control",), Ownership.WHOLE))

    def commit() -> None:
        session.poll(10, 0.01)
        session.begin()
        session.produce(Outgoing("replay-state.demo", b"rotating", None))
        session.commit()

    commit()
    passed_on = []
    for _ in range(3):
        rotate([REPLAY], parts, lambda renewed: passed_on.extend(logs_in_with(stack, it) for it in renewed))
        commit()
    assert passed_on == [False] * 3, "who reads a copy has it before Kafka asks for it"
    wait_for(lambda: access.login.password == access_of(stack).login.password, "the new password is taken up")
    assert not logs_in(old)
    assert logs_in(access)
    commit()
    session.close()
    watch.close()
    assert plan_topology(TOPOLOGY, parts).changes == ()


def test_who_keeps_a_secret_id_gets_another_and_none_of_those_before_logs_in(stack, parts):
    old, forgotten = vault_of(stack, COPIER), parts.logins.issue(COPIER.name)
    thief = token_of(stack, old)
    assert rotate([COPIER], parts) == Renewed(passwords=1, secret_ids=1, ended=0)
    for stolen in (old, forgotten):
        with pytest.raises((AccessDenied, Rejected)):
            token_of(stack, stolen)
    assert is_good(stack, token_of(stack, vault_of(stack, COPIER)))
    assert is_good(stack, thief), "whoever works by it goes on; so does a thief, until logins are ended, too"
    assert plan_topology(TOPOLOGY, parts).changes == ()


def test_logins_that_were_stolen_end_and_nobody_else_s_do(stack, parts):
    thief, other = token_of(stack, vault_of(stack, COPIER)), token_of(stack, vault_of(stack, PRODUCER))
    assert rotate([COPIER], parts, end_logins=True).ended >= 1
    assert not is_good(stack, thief)
    assert is_good(stack, other)
    assert is_good(stack, token_of(stack, vault_of(stack, COPIER)))


def test_of_a_process_that_is_handed_its_login_what_it_has_and_what_waits_for_it_ends(stack, parts):
    place, role_id = stack.endpoints.vault, vault_of(stack, DECIDE).role_id
    waiting, works = handed(stack.root, DECIDE), works_as(stack, DECIDE)
    assert rotate([DECIDE], parts, end_logins=True).secret_ids == 0
    with pytest.raises(LoginLost):
        works.call("renew", lambda client: client.auth.token.renew_self())
    with pytest.raises(LoginUsedUp):
        take(place.url, place.ca_file, DECIDE.name, role_id, waiting)
    works.close()
    works_as(stack, DECIDE).close()


def test_what_is_killed_between_the_files_and_kafka_is_mended_by_the_next_apply(stack, parts):
    killed(partial(rotate, [REPLAY]), stack)
    mine = CredentialFiles(stack.root).load(REPLAY)
    assert not logs_in_with(stack, mine)
    (planned,) = plan_topology(TOPOLOGY, parts).changes
    assert str(planned) == "create kafka user replay.demo"
    assert apply_topology(TOPOLOGY, parts).changes == (planned,)
    assert CredentialFiles(stack.root).load(REPLAY) == mine
    assert logs_in_with(stack, mine)
    assert plan_topology(TOPOLOGY, parts).changes == ()


def test_an_apply_that_is_killed_between_the_files_and_kafka_is_finished_by_the_next(stack, parts):
    files = CredentialFiles(stack.root)
    files.path(REPLAY).unlink()
    killed(partial(apply_topology, TOPOLOGY), stack)
    assert not logs_in_with(stack, files.load(REPLAY))
    assert [str(it) for it in apply_topology(TOPOLOGY, parts).changes] == ["create kafka user replay.demo"]
    assert logs_in_with(stack, files.load(REPLAY))
