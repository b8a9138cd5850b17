"""What processes log in with: handed over once, missed when it is stolen or lost, changed while records flow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from deploy import starting
from deploy.persons import load_declared
from deploy.provision.credentials import CredentialFiles, Credentials
from deploy.provision.parts import administrator
from deploy.provision.rotating import rotated
from deploy.provisioning import rotate_audited
from deploy.supervise.restarts import FENCED, STOLEN
from schemas.alerts import Alert
from schemas.audit import AuditEvent, EventType
from streams.audit.reader import Reader, read_events
from streams.engine.kafka_access import KafkaAccess
from tests.support.waiting import wait_for
from topology.identity import Identity
from vault.session import Session
from vault.wrapping import Unwrapping

pytestmark = pytest.mark.faults

ALERT_S = 300.0
"""A minute has to end, and half a minute to pass, before watch tells anything of it."""
DECIDE, JOIN = Identity("decide", "demo"), Identity("join", "demo")
LOST = 6
TOKEN = re.compile(rb"\b(hv)?[sb]\.[A-Za-z0-9_-]{20,}")
"""As OpenBao and Vault write theirs."""


@pytest.fixture
def flowing(load) -> None:
    before = len(load.published.delivered)
    load.flow()
    wait_for(lambda: load.check() or len(load.published.delivered) >= before + 5, "records flow")


@pytest.fixture
def administrators(installation) -> Iterator[Session]:
    with administrator(installation.endpoints) as session:
        yield session


def ends(installation, slot: str) -> list[int]:
    """The exit codes of a process so far."""
    lines = (installation.root / "logs" / "supervisor.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [it["code"] for it in found if it["event"] == "process.ended" and it["process"] == slot]


def said(proof, kind: EventType) -> list[AuditEvent]:
    pipeline = proof._pipeline
    events = read_events(pipeline.log, Reader(pipeline.codec), ["audit.platform"])
    return [it for it in events if it.type is kind]


def logins(session: Session, role: str) -> list[str]:
    """Accessors of the tokens that a role has now."""
    accessors = session.call("list tokens", lambda client: client.list("auth/token/accessors"))["data"]["keys"]
    found = []
    for accessor in accessors:
        try:
            token = session.call("look", lambda client, it=accessor: client.auth.token.lookup_accessor(it))["data"]
        except Exception:  # noqa: BLE001, S112 - it ended meanwhile
            continue
        if (token.get("meta") or {}).get("role_name") == role:
            found.append(accessor)
    return found


def test_nothing_that_logs_in_to_vault_lies_in_a_file_or_is_shown_by_the_system(installation):
    files = CredentialFiles(installation.root)
    topology = load_declared(installation.root)
    for identity in rotated(topology, ()):
        mine = files.load(identity).vault
        assert mine is None or not mine.secret_id
    for process in installation.processes:
        pid = installation.status(process).pid
        shown = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        assert not TOKEN.search(shown)


def test_a_login_ends_when_its_process_stops(installation, administrators):
    (before,) = logins(administrators, DECIDE.name)
    installation.end(DECIDE.slot(0))
    assert logins(administrators, DECIDE.name) == []
    installation.begin(DECIDE.slot(0))
    installation.wait_healthy()
    (after,) = logins(administrators, DECIDE.name)
    assert after != before


def test_who_finds_its_login_used_does_not_start_an_alert_is_raised_and_another_start_works(
    installation, proof, monkeypatch
):
    slot, vault, thefts = DECIDE.slot(0), installation.endpoints.vault, []
    hand = starting.hand

    def stolen(session: Session, role: str) -> str:
        token = hand(session, role)
        if role == DECIDE.name and not thefts:
            with closing(Unwrapping(vault.url, vault.ca_file)) as unwrap:
                thefts.append(unwrap.any(token)["secret_id"])
        return token

    monkeypatch.setattr(starting, "hand", stolen)
    installation.end(slot)
    before = len(ends(installation, slot))
    installation.begin(slot)
    installation.wait_healthy()
    assert thefts
    assert ends(installation, slot)[before:] == [STOLEN]
    log = Path(installation.status(slot).log_file).read_text()
    assert "decide.demo does not start with it" in log
    assert thefts[0] not in log
    resource = f"slot/{slot}"
    wait_for(lambda: [it for it in said(proof, EventType.LOGIN_STOLEN) if it.resource == resource], "it is said")

    def told() -> list[Alert]:
        pipeline = proof._pipeline
        found = (pipeline.codec.decode(it.value, Alert) for it in pipeline.log.read("alerts.platform") if it.value)
        return [it for it in found if (it.rule, it.subject) == ("login-stolen", resource)]

    (alert,) = wait_for(told, "the alert login-stolen", ALERT_S, pause_s=1.0)
    assert thefts[0] not in repr(alert)


def test_a_process_that_has_lost_its_login_ends_by_name_and_works_again(
    installation, administrators, flowing, proof
):
    slot = JOIN.slot(0)
    before = len(ends(installation, slot))
    (accessor,) = logins(administrators, JOIN.name)
    assert rotate_audited(installation.endpoints, installation.root, [JOIN], end_logins=True).ended == 1
    wait_for(lambda: len(ends(installation, slot)) > before, "join has ended", ALERT_S)
    installation.wait_healthy()
    assert ends(installation, slot)[before:] == [LOST]
    assert accessor not in logins(administrators, JOIN.name)
    proof.holds()


def old_ones(installation) -> list[Credentials]:
    files = CredentialFiles(installation.root)
    return [files.load(it) for it in rotated(load_declared(installation.root), ())]


@contextmanager
def ends_meanwhile(installation) -> Iterator[dict[str, list[int]]]:
    """By process, the exit codes of those that end meanwhile."""
    before = {slot: len(ends(installation, slot)) for slot in installation.processes}
    found: dict[str, list[int]] = {}
    yield found
    for slot, count in before.items():
        if late := ends(installation, slot)[count:]:
            found[slot] = late


def logs_in(installation, credentials: Credentials) -> bool:
    kafka, refused = installation.endpoints.kafka, []
    user, password = credentials.kafka_user, credentials.kafka_password
    access = KafkaAccess(kafka.bootstrap, kafka.ca_file, user, password)
    client = AdminClient(access.settings() | {"log_level": 0, "error_cb": refused.append})
    try:
        client.list_topics(timeout=10)
    except KafkaException:
        client.poll(0)
        assert KafkaError._AUTHENTICATION in {error.code() for error in refused}, refused
        return False
    return True


def test_passwords_of_all_processes_change_while_records_flow_and_nothing_is_lost_doubled_or_restarted(
    installation, flowing, proof, load
):
    topology, root = load_declared(installation.root), installation.root
    old = old_ones(installation)
    with ends_meanwhile(installation) as ended:
        for _ in range(2):
            rotate_audited(installation.endpoints, root, rotated(topology, ()))
            sent = len(load.published.delivered)
            wait_for(lambda sent=sent: load.check() or len(load.published.delivered) > sent + 5, "records flow on")
    assert ended == {}
    assert not logs_in(installation, old[0])
    assert all(logs_in(installation, it) for it in old_ones(installation)[:3])
    with ends_meanwhile(installation) as ended:
        installation.stack.kill("kafka")  # every connection is a new one now
        installation.stack.restart("kafka")
        proof.holds()
    # Who has lost its session to the end of the broker comes back, as without new passwords.
    refused = {slot: codes for slot, codes in ended.items() if set(codes) - {FENCED, 0}}
    assert refused == {}
