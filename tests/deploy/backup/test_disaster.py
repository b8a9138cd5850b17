"""The worst day, on real parts: everything is lost but a backup, a later one, and what people keep elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pyrage
import pytest
from typer.testing import CliRunner

from deploy.backup.proving import AUDIT
from deploy.backup.restoring import Restored
from deploy.backup.secrets import TOKEN, read_secrets
from deploy.backup.taking import Made
from deploy.backup.verifying import take_and_verify
from deploy.cli.app import app
from deploy.compliance import compliance
from deploy.local.endpoints import VaultEndpoint, load_endpoints
from deploy.local.openbao import SEAL_KEY
from deploy.local.stack import LocalStack
from deploy.persons import load_declared
from deploy.provision.command import plan_topology
from deploy.provision.credentials import CredentialFiles
from deploy.provision.parts import connected, pins_path
from schemas.audit import AuditEvent, EventType
from schemas.errors import StackError
from schemas.registry import tls_context
from streams.audit.export import Exported
from streams.audit.reader import Reader, read_events
from streams.audit.store import Directory
from streams.audit.verify import Trust, verify_export
from streams.label.client import QueueUnavailable
from tests.conftest import without_endpoints
from tests.support.pipeline import Pipeline, applied
from tests.support.waiting import wait_for
from topology.identity import Identity
from topology.pins import load_pins
from vault.approles import AppRoleCredentials
from vault.segments.document import Layer

pytestmark = pytest.mark.own_stack

PROJECTS = Path(__file__).parent / "projects"
CANARY = "Ostrevald"
"""In no record of another test."""
RECORDS = [
    {"customer": {"name": f"{CANARY}{number} Quimby", "note": "My kettle broke"}, "product": "kettle"}
    for number in range(6)
]
STAGES = ("redact", "label", "keeper", "seal")


@dataclass
class Lost:
    """What is left after the disaster: two backups, and what was kept elsewhere."""

    old: Made
    checked: Restored
    later: Path
    appended: dict[tuple[str, int, int], int]
    labeled: str
    withdrawn_before: str
    withdrawn_after: str
    credentials: AppRoleCredentials
    folder: Path
    project: str

    @property
    def kept(self) -> Path:
        """What people keep elsewhere: the age key, what opens the vault, the pins."""
        return self.folder / "kept"


def veil(*arguments: object) -> dict:
    """A command, as somebody types it."""
    ended = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


def canaries_in(*folders: Path) -> list[str]:
    needles = [CANARY.encode(), CANARY.lower().encode(), b"Quimby"]
    return [
        str(path)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]


def withdrawn(pipeline: Pipeline, task: str) -> None:
    pipeline.withdraw("lisbet", task)
    pipeline.wait_event(
        f"{task} is withdrawn",
        lambda event: (
            event.type is EventType.TASK_WITHDRAWN
            and event.resource == f"task/{task}"
            and event.process.startswith("keeper.")
        ),
    )


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """A stack that worked, was backed up twice with a withdrawal in between, and is gone."""
    folder = tmp_path_factory.mktemp("disaster")
    root, identity = folder / "veil", pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    with LocalStack(root, environ=without_endpoints()) as stack:
        (root / "projects").mkdir(mode=0o700)
        pipeline = applied(stack, PROJECTS, root / "projects").pipeline("lost")
        pipeline.start(*STAGES)
        pipeline.sign("lora", "lew")
        pipeline.publish(*RECORDS)
        tasks = [task.task_id for task in pipeline.wait_records("tasks", len(RECORDS))]
        labeled = label_one(pipeline)
        before, after = [task for task in tasks if task != labeled][:2]
        withdrawn(pipeline, before)
        own = read_secrets(root / "secrets", pytest.fail)
        old, checked = take_and_verify(root, folder / "old", [recipient], own, lambda _: None)
        times = appended(pipeline)
        withdrawn(pipeline, after)
        veil("backup", folder / "later", "--to", recipient, "--no-verify", "--root", root)
        credentials = CredentialFiles(root).load(Identity("producer", pipeline.project)).vault
        assert logs_in(stack.endpoints.vault, credentials)
        pipeline.close()
    lost = Lost(
        old, checked, folder / "later", times, labeled, before, after, credentials, folder, pipeline.project
    )
    lost.kept.mkdir()
    (lost.kept / "key.txt").write_text(f"{identity}\n")
    for path in (pins_path(root), *(root / "secrets" / name for name in (SEAL_KEY, TOKEN))):
        shutil.copy(path, lost.kept)
    shutil.rmtree(root)
    return lost


def label_one(pipeline: Pipeline) -> str:
    return wait_for(lambda: labeled(pipeline), "a task is labeled")


def labeled(pipeline: Pipeline) -> str | None:
    """Label is started again, as by its supervisor, where a busy machine has held it up until Kafka fenced it."""
    try:
        with pipeline.client("lisbet", "lank") as client:
            lease = client.lease()
            if lease is not None:
                client.label(lease, [], {"tone": "negative"})
    except QueueUnavailable:
        pipeline.restart("label")
        return None
    return lease.task_id if lease is not None else None


def test_backup_is_verified_by_a_restore_that_leaves_nothing(lost):
    assert [check for check in lost.checked.checks if not check.holds] == []
    assert lost.checked.ended == 0  # what was withdrawn before had left the index
    assert {it.name for it in lost.folder.iterdir()} - {"anew"} == {"kept", "later", "old"}
    names = [check.name for check in lost.checked.checks]
    assert {f"{lost.project}: all is there", f"{lost.project}: reconcile", "audit verify"} <= set(names)
    found = {check.name: check.found for check in lost.checked.checks}
    assert found[f"{lost.project}: label opens"] == "5 of 5 views"
    assert found[f"{lost.project}: join opens"] == "5 of 5 geometries"


def test_backups_show_no_value_and_are_for_their_owner_alone(lost):
    assert canaries_in(lost.old.folder, lost.later) == []
    assert {path.stat().st_mode & 0o077 for path in lost.old.folder.rglob("*")} == {0}
    assert lost.old.folder.stat().st_mode & 0o077 == 0


@pytest.fixture(scope="module")
def anew(lost):
    """The old backup restored for real, with the later one's orders, by the command of the operators' page."""
    folder, kept = lost.folder / "anew", lost.kept
    said = veil(
        *("restore", lost.old.folder, "--into", folder, "--identity", kept / "key.txt"),
        *("--secrets", kept, "--pins", kept / "pins.json", "--control-from", lost.later),
    )
    return said, folder


MIDWAY = {
    "before there is a vault": lambda folder: folder / "secrets" / SEAL_KEY,
    "while topics are made": lambda folder: folder / "kafka" / "data" / "control-0",
}


@pytest.mark.processes
@pytest.mark.parametrize("when", MIDWAY)
def test_a_restore_that_was_killed_is_started_by_nobody_and_leaves_nothing_that_runs(lost, tmp_path, when):
    folder, kept = tmp_path / "half", lost.kept
    words = ("restore", lost.old.folder, "--into", folder, "--identity", kept / "key.txt")
    words += ("--secrets", kept, "--pins", kept / "pins.json")
    command = [sys.executable, "-m", "deploy.cli", *map(str, words)]
    with subprocess.Popen(command, env=without_endpoints(), stderr=subprocess.DEVNULL) as restoring:
        wait_for(MIDWAY[when](folder).exists, f"it is {when}", pause_s=0.01)
        restoring.kill()
    wait_for(lambda: not running(folder), "its parts end with it")
    with pytest.raises(StackError, match="restore into another folder"):
        LocalStack(folder, environ=without_endpoints()).start()
    refused = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert (refused.exit_code, "is not empty" in refused.output) == (2, True)


def running(folder: Path) -> list[int]:
    return [it.pid for it in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(it.info["cmdline"] or ())]


def test_what_was_withdrawn_after_the_snapshot_is_gone_and_all_else_is_there(lost, anew):
    said, folder = anew
    assert [check for check in said["checks"] if not check["holds"]] == []
    assert (said["holds"], said["ended"], said["younger"]) == (True, 1, 0)
    assert said["manifest"] == lost.old.digest
    assert canaries_in(folder) == []


def test_stack_goes_on_where_the_lost_one_was(lost, anew):
    said, folder = anew
    log_name = said["log_name"]
    assert log_name.startswith(f"{lost.old.manifest.log_name}-r")
    with LocalStack(folder, environ={"VEIL_LOG_NAME": log_name}) as stack:
        pipeline = Pipeline(folder, load_declared(folder), lost.project)
        kafka_has_all_of_its_time_and_is_set_as_declared(lost, pipeline, stack)
        with_old_credentials_nobody_logs_in(lost, stack)
        nothing_withdrawn_opens(lost, pipeline)
        (restored,) = (it for it in platform_events(pipeline) if it.type is EventType.BACKUP_RESTORED)
        assert restored.process == "backup.platform"
        raw = pipeline.publish(*RECORDS[:2])
        ends = lost.old.manifest.offsets[f"raw.{lost.project}"]
        assert all(it.offset >= ends[it.partition][1] for it in raw)
        pipeline.start("redact", "keeper", "seal")
        pipeline.wait_records("tasks", 2)
        wait_for(lambda: len(batches(pipeline)) > len(RECORDS), "the new records are on the audit")
        assert pipeline.reconciled().tasks == len(RECORDS) + 2
        sealed_on(pipeline, folder)
        pipeline.close()


def kafka_has_all_of_its_time_and_is_set_as_declared(lost: Lost, pipeline: Pipeline, stack: LocalStack) -> None:
    restored = appended(pipeline)
    assert len(restored) > len(RECORDS)
    assert restored.items() <= lost.appended.items()
    with connected(stack.endpoints, lost.folder / "anew") as parts:
        assert plan_topology(pipeline.topology, parts).changes == ()


def appended(pipeline: Pipeline) -> dict[tuple[str, int, int], int]:
    """When each event of the project came, to Kafka."""
    came = {}
    for message in pipeline.log.read(f"audit.{pipeline.project}"):
        event = pipeline.codec.decode(message.value, AuditEvent)
        came[event.slot, event.epoch, event.sequence] = message.timestamp
    return came


def with_old_credentials_nobody_logs_in(lost: Lost, stack: LocalStack) -> None:
    place = stack.endpoints.vault
    assert not logs_in(place, lost.credentials)
    old, new = ((it / TOKEN).read_text().strip() for it in (lost.kept, place.token_file.parent))
    with asking(place) as vault:
        told = [
            vault.get("auth/token/lookup-self", headers={"X-Vault-Token": it}).status_code for it in (old, new)
        ]
    assert told == [403, 200]


def logs_in(place: VaultEndpoint, credentials: AppRoleCredentials) -> bool:
    assert credentials.secret_id, "of one that is handed what it logs in with nothing would be shown"
    said = {"role_id": credentials.role_id, "secret_id": credentials.secret_id}
    with asking(place) as vault:
        return vault.post("auth/approle/login", json=said).is_success


def asking(place: VaultEndpoint) -> httpx.Client:
    return httpx.Client(base_url=f"{place.url}/v1/", verify=tls_context(place.ca_file), trust_env=False)


def nothing_withdrawn_opens(lost: Lost, pipeline: Pipeline) -> None:
    left = {entry.task_id for index in pipeline.records("segments") for entry in index.entries}
    assert lost.labeled in left
    assert not {lost.withdrawn_before, lost.withdrawn_after} & left
    with pipeline.administrators_vault() as vault:
        blobs = [vault.read(path).blob for layer in Layer for path in vault.names(layer)]

    assert sum(lost.labeled.encode() in blob for blob in blobs) == len(Layer)
    for task in (lost.withdrawn_before, lost.withdrawn_after):
        assert not [blob for blob in blobs if task.encode() in blob]


def platform_events(pipeline: Pipeline) -> list[AuditEvent]:
    return list(read_events(pipeline.log, Reader(pipeline.codec), ["audit.platform"]))


def batches(pipeline: Pipeline) -> list[str]:
    found = [event.batch for event in pipeline.events(EventType.BATCH_REDACTED)]
    return [one.task_id for batch in found if batch for one in batch.outcomes if one.task_id]


def sealed_on(pipeline: Pipeline, folder: Path) -> None:
    """The sealer begins logs anew, with all of the restored audit; what was exported of the old ones stays."""
    pins = Trust(load_pins(pins_path(folder)).keys)
    restored = verify_export(Directory(folder / AUDIT), pins)
    anew = Directory(folder / "anew")
    with compliance(folder) as seen, seen.exporter(anew) as exporter:

        def grown() -> Exported | None:
            found = exporter.extend(seen.checkpoints())
            return found if found.events > restored.entries and not found.findings else None

        more = wait_for(grown, "the sealer signs more than was restored")
    assert {it.partition("/")[0] for it in more.checkpoints} == {pipeline_log(folder)}
    assert verify_export(anew, pins).holds
    assert restored.holds


def pipeline_log(folder: Path) -> str:
    return load_endpoints(folder / "run" / "endpoints.json").log_name or ""
