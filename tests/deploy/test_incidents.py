"""What people do about an incident, each under their own identity; what makes no sense is refused in words."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import pytest

from deploy.cli.app import main
from deploy.compliance import compliance
from deploy.incidents import LOOK_BACK_MS, all_incidents, close_incident, open_incident, story, tick_off
from deploy.preserving import preserve
from deploy.provision.credentials import CredentialFiles
from schemas.alerts import Alert, Severity
from schemas.audit import EventType
from schemas.errors import ConfigError
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing
from tests.support.declaring import declared
from topology.identity import PLATFORM, Identity

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
persons: {{authors: [rob], approvers: [rita], operators: [roy], annotators: [ray]}}
"""


@pytest.fixture
def project(stack) -> Iterator[str]:
    """A project of this test alone."""
    with declared(stack, "looked", PROJECT) as name:
        yield name


def test_an_incident_is_opened_worked_on_and_found_again_on_the_audit(stack, project):
    root = stack.root
    assert all_incidents(root, project) == ()
    incident = open_incident(root, project, "roy", playbook="stolen-account")
    after = tick_off(root, project, "rita", incident, 2)
    assert {number: by.person for number, by in after.incident.steps.items()} == {2: "rita"}
    assert [event.type for event in after.timeline if event.person] == [
        EventType.INCIDENT_OPENED,
        EventType.INCIDENT_STEPPED,
    ]
    (found,) = all_incidents(root, project)
    assert (found.incident_id, found.opened.person, found.playbook) == (incident, "roy", "stolen-account")
    assert found.opened.at - found.since >= LOOK_BACK_MS
    assert found.closed is None


def test_an_incident_about_an_alert_of_the_platform_is_of_the_project_that_is_named(stack, project):
    told = Alert(
        secrets.token_hex(16),
        "enumeration",
        Severity.CRITICAL,
        "person/ray",
        5,
        6,
        (),
        {"playbook": "stolen-account"},
    )
    with compliance(stack.root) as seen:
        value = seen.codec.encode(told)
    kafka = stack.endpoints.kafka
    mine = CredentialFiles(stack.root).load(Identity("watch", PLATFORM))
    log = KafkaLog(KafkaAccess(kafka.bootstrap, kafka.ca_file, mine.kafka_user, mine.kafka_password))
    session = log.open(SessionSpec("watch.platform.incidents", "watch.platform", (), Ownership.WHOLE))
    try:
        session.begin()
        session.produce(Outgoing("alerts.platform", told.alert_id.encode(), value))
        session.commit()
    finally:
        session.close()
    incident = open_incident(stack.root, project, "roy", alert=told.alert_id[:8])
    found = story(stack.root, project, incident).incident
    assert (found.alert, found.since, found.playbook) == (told.alert_id, 5, "stolen-account")


def test_the_commands_show_the_playbook_with_what_is_done(stack, project, capsys, monkeypatch):
    def veil(*arguments):
        where = ("--project", project, "--root", str(stack.root))
        monkeypatch.setattr("sys.argv", ["veil", "incident", *arguments, *where])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    code, said = veil("open", "--playbook", "odd-labeling", "--as", "roy", "--json")
    incident = json.loads(said)["incident_id"]
    assert (code, json.loads(said)["playbook"]) == (0, "odd-labeling")
    code, said = veil("step", incident, "1", "--as", "rita")
    assert (code, "✓ 1. Are the answers right?" in said, "· 2." in said) == (0, True, True)
    code, said = veil("status")
    assert (code, f"{incident} odd-labeling: opened by roy" in said) == (0, True)
    assert veil("step", incident, "99", "--as", "rita")[0] == 2


def test_what_makes_no_sense_is_refused_in_words_and_changes_nothing(stack, project, tmp_path):
    root = stack.root
    incident = open_incident(root, project, "roy", playbook="leaking-app")
    tick_off(root, project, "roy", incident, 1)
    before = story(root, project, incident)
    kept, change = tmp_path / "kept", "9b1c0de"

    def close(lessons: bytes = b"Look sooner.", change: str = change) -> object:
        return close_incident(root, project, "roy", incident, folder=kept, lessons=lessons, change=change)

    (tmp_path / "there").mkdir()
    for act, message in (
        (lambda: open_incident(root, project, "ray", playbook="leaking-app"), "ray may not open incidents"),
        (lambda: open_incident(root, project, "roy", playbook="panic"), "there is no playbook panic"),
        (lambda: open_incident(root, project, "roy"), "there is no playbook"),
        (lambda: open_incident(root, project, "roy", alert="4e0a91c7"), "no alert has an id that begins so"),
        (lambda: tick_off(root, project, "roy", incident, 1), "roy has done step 1 already"),
        (lambda: tick_off(root, project, "roy", incident, 99), "has steps 1 to"),
        (lambda: tick_off(root, project, "rob", incident, 2), "rob may not work on incidents"),
        (lambda: story(root, project, "2026-01-01-00000000"), "nobody has opened an incident"),
        (lambda: preserve(root, project, "ray", incident, kept), "ray may not preserve"),
        (lambda: preserve(root, project, "roy", incident, tmp_path / "there"), "is there already"),
        (close, "is not what was put aside"),
        (lambda: close(lessons=b" \n"), "lessons are a text"),
    ):
        with pytest.raises(ConfigError, match=message):
            act()
    assert story(root, project, incident) == before
    assert not kept.exists()
