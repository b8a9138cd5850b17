"""What people do about an incident, each under their own identity; what makes no sense is refused in words."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.cli.app import main
from deploy.compliance import compliance
from deploy.incidents import LOOK_BACK_MS, all_incidents, close_incident, open_incident, story, tick_off
from deploy.persons import load_declared
from deploy.preserving import preserve
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import pins_path
from deploy.sealed import SEALER
from deploy.stages.stage import assemble
from schemas.alerts import Alert, Severity
from schemas.audit import EventType
from schemas.errors import ConfigError, StackError
from streams.audit.evidence_check import verify_evidence
from streams.audit.exported import exported_events
from streams.audit.incidents import incidents
from streams.audit.store import Directory
from streams.engine.clock import SystemClock
from streams.engine.kafka import KafkaLog
from streams.engine.kafka_access import KafkaAccess
from streams.engine.log import Ownership, SessionSpec
from streams.engine.messages import Outgoing
from tests.support.declaring import declared
from tests.support.handing import started
from tests.support.pipeline import Stage
from tests.support.waiting import wait_for
from topology.identity import PLATFORM, Identity
from topology.pins import load_pins

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


@pytest.fixture
def sealer(stack, project) -> Iterator[None]:
    """Of all audits there are, this project's among them."""
    around = started(stack.root, SEALER, PLATFORM, load_declared(stack.root))
    stage = Stage(around, assemble(around, 0, 0), 0)
    yield
    stage.stop()


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


def test_evidence_goes_on_with_an_export_that_has_what_expired_since(stack, project, sealer, tmp_path):
    root, kept, pins = stack.root, tmp_path / "kept", pins_path(stack.root)
    open_incident(root, project, "roy", playbook="leaking-app")
    exported(root, project, kept)
    expire(stack, f"audit.{project}")
    incident = open_incident(root, project, "roy", playbook="stolen-account")
    with pytest.raises(StackError, match=r"(?s)its beginning has expired.*--export"):
        preserve(root, project, "roy", incident, tmp_path / "alone")
    for place, why in ((tmp_path / "nothing", "there is no export"), (tmp_path, "no export to go on with")):
        (tmp_path / "index.json").write_text("{}")
        with pytest.raises(ConfigError, match=why):
            preserve(root, project, "roy", incident, tmp_path / "alone", Directory(place))
    assert not (tmp_path / "alone").exists()
    assert not (tmp_path / "nothing").exists()
    said = preserve(root, project, "roy", incident, tmp_path / "whole", Directory(kept))
    evidence, audit = Directory(tmp_path / "whole"), Directory(tmp_path / "whole" / "audit")
    found = verify_evidence(evidence, audit, load_pins(pins).keys, SystemClock().now())
    assert (found.findings, found.audit.expired) == ((), ())
    names = [one.playbook for one in incidents(exported_events(audit, load_pins(pins).keys))]
    assert (said.incident.playbook, names) == ("stolen-account", ["leaking-app", "stolen-account"])


def exported(root: Path, project: str, folder: Path) -> None:
    """All that is there now, as somebody exports it who keeps the record for long."""
    with compliance(root) as seen, seen.exporter(Directory(folder), [project]) as exporter:
        written = sum(1 for _ in seen.log.read(f"audit.{project}"))
        wait_for(lambda: exporter.extend(seen.checkpoints()).events >= written, "all of it is sealed")


def expire(stack, topic: str) -> None:
    """All that is there, as retention takes it."""
    with compliance(stack.root) as seen:
        ends = seen.log.offsets_at(topic, 2**62)
    admin = AdminClient(stack.endpoints.kafka.client_settings())
    places = [TopicPartition(place.topic, place.partition, end) for place, end in ends.items()]
    for done in admin.delete_records(places).values():
        done.result(30)


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
