"""A person is erased from a project on the real broker and vault, by the command line, and does not come back."""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass
from dataclasses import field as factory
from pathlib import Path

import pytest

from deploy.cli.app import main
from deploy.signin import invitation
from schemas.audit import EventType, RawOutcome
from schemas.records import LabelSpan
from tests.support.announced import used
from tests.support.inviting import invited
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for
from vault.segments.document import Layer, path_of, unpack

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
partitions: 2
segments: topics
persons:
  authors: [fay]
  approvers: [finn]
  operators: [flora]
  annotators: [fred, frida, fritz]
"""
SUBJECT, OTHER = (f"{who}@forgotten.example" for who in ("quorvaxen", "plimsolder"))
"""In no record of another test: all share `control`."""
ROLES = ("redact", "label", "decide", "join", "keeper", "replay")


def record(email: str, number: int) -> dict[str, object]:
    return {"customer": {"email": email, "note": f"My kettle broke, number {number}"}, "product": "kettle"}


@dataclass
class Ground:
    """A project with tasks of two people, its stages, and those who may erase invited."""

    pipeline: Pipeline
    root: Path
    vault_log: Path
    outputs: list[str] = factory(default_factory=list)

    def veil(self, capsys, monkeypatch, *arguments: str, person: str = "", typed: str = "") -> dict:
        """The result of a command, as JSON. `typed`: what is on standard input."""
        words = [*arguments, *(["--as", person] if person else []), "--json", "--root", str(self.root)]
        if arguments[:2] != ("subject", "verify"):
            words += ["--project", self.pipeline.project]
        if arguments[0] == "erase":
            invited = invitation.read(self.root, invitation.grants_name(person))
            code = self._run(
                capsys, monkeypatch, "grant", "code", "--person", person, "--json", "--root", self.root
            )
            answers = iter([invited.password, json.loads(code)["code"]])
            monkeypatch.setattr("deploy.cli.erase.typer.prompt", lambda *_, **__: next(answers))
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return json.loads(self._run(capsys, monkeypatch, *words))

    def _run(self, capsys, monkeypatch, *words) -> str:
        monkeypatch.setattr("sys.argv", ["veil", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        self.outputs += [said.out, said.err]
        assert not ended.value.code, said.err
        return next(line for line in said.out.splitlines() if line.startswith("{"))  # stages log there, too

    def dropped(self) -> int:
        """How many revisions of records were dropped as an erased person's."""
        every = [one for it in self.pipeline.events(EventType.BATCH_REDACTED) for one in it.batch.outcomes]
        return sum((one.outcome, one.reason) == (RawOutcome.DROPPED, "erased") for one in every)

    def tasks_of(self, raws) -> set[str]:
        wanted = {(raw.partition, raw.offset) for raw in raws}
        return {
            one.task_id
            for event in self.pipeline.events(EventType.BATCH_REDACTED)
            for one in event.batch.outcomes
            if (event.batch.partition, one.offset) in wanted and one.task_id
        }

    def in_vault(self) -> set[str]:
        """Every task of which some layer still holds an entry."""
        found: set[str] = set()
        with self.pipeline.administrators_vault() as vault:
            for layer in Layer:
                for path in vault.names(layer.value):
                    document = vault.read(path)
                    assert path.startswith(path_of(layer, ""))
                    found |= unpack(document.blob).entries.keys() if document else set()
        return found


@pytest.fixture(scope="module")
def ground(stack):
    with invited(stack, "forgotten", PROJECT) as pipeline:
        pipeline.start(*ROLES)
        pipeline.sign("fay", "finn")
        yield Ground(pipeline, stack.root, stack.endpoints.vault.audit_log)


def label_kettle(client, lease):
    field = "customer.note"
    at = lease.fields[field].index("kettle")
    client.label(lease, [LabelSpan(field, at, at + 6, "PRODUCT")], {"tone": "negative"})


def test_who_is_erased_is_taken_out_everywhere_and_nothing_brings_them_back(ground, capsys, monkeypatch, tmp_path):
    pipeline, began = ground.pipeline, int(time.time() * 1000)
    labeled = pipeline.publish(*(record(email, n) for n, email in enumerate((SUBJECT, OTHER, SUBJECT))))
    pipeline.wait_records("tasks", 3)

    def joined() -> bool:
        pipeline.annotate("flora", ("fred", "frida", "fritz"), label_kettle)
        return len(pipeline.records("joined")) >= 3

    wait_for(joined, "three tasks are joined")
    pipeline.stop("keeper")
    first = ground.veil(
        capsys, monkeypatch, "erase", "-", "--reason", "rehearsal", person="flora", typed=f"{SUBJECT}\n"
    )
    assert (first["state"], first["missing"]) == ("unsigned", ["an approver (finn)"])
    opened = pipeline.publish(record(SUBJECT, 3))
    pipeline.wait_records("tasks", 4)
    theirs = ground.tasks_of([labeled[0], labeled[2], *opened])
    (others,) = ground.tasks_of(labeled[1:2])
    assert ground.in_vault() == {*theirs, others}, "one person alone erases nobody"

    second = ground.veil(capsys, monkeypatch, "erase", SUBJECT, "--reason", "rehearsal", person="finn")
    assert (second["state"], second["signed_by"]) == ("working", ["finn", "flora"])

    wait_for(lambda: pipeline.publish(record(SUBJECT, 4)) and ground.dropped(), "a record of theirs is dropped")
    every = list(pipeline.log.read(f"raw.{pipeline.project}"))
    pipeline.start("keeper")
    ours = pipeline.wait_event("keeper orders", lambda it: it.type is EventType.WITHDRAWAL_ORDERED)
    assert (ours.process, ours.reason) == (f"keeper.{pipeline.project}", "subject_request")
    pipeline.restart("keeper")

    def over() -> dict | None:
        found = ground.veil(capsys, monkeypatch, "subject", "erasures")["erasures"]
        return next((one for one in found if one["state"] == "over"), None)

    stands = wait_for(over, "the erasure is over")
    assert (stands["subject"], stands["unsettled"], stands["waiting"]) == (first["subject"], 0, [])
    assert stands["tasks"] == stands["out"] >= len(theirs)
    assert ground.in_vault() & theirs == set()
    assert others in ground.in_vault()
    last = {message.key.decode(): message.value for message in pipeline.messages("joined")}
    assert {task for task, value in last.items() if value is not None} == {others}
    with pipeline.client("flora", "fred") as client:
        assert client.lease() is None

    before = ground.dropped()
    pipeline.order_again("flora", "finn")
    wait_for(lambda: ground.dropped() - before >= len(every) - 1, "their records, redacted again, are dropped")
    assert len(ground.tasks_of(labeled[1:2])) == 2, "the other person's is a task again"
    assert len(ground.tasks_of([labeled[0], labeled[2], *opened])) == 3
    pipeline.reconciled()

    out = tmp_path / "report"
    ground.veil(
        capsys, monkeypatch, "subject", "certify", first["subject"][:12], "--out", str(out), person="flora"
    )
    checked = ground.veil(capsys, monkeypatch, "subject", "verify", str(out))
    assert (checked["holds"], checked["over"], checked["person"]) == (True, True, "flora")
    report = json.loads((out / "erasure.json").read_text())
    assert theirs <= {task["task_id"] for task in report["tasks"]}
    assert {order["signer"] for order in report["orders"]} == {"flora", "finn"}
    keys = ground.veil(capsys, monkeypatch, "subject", "reapply", str(out), person="finn")["control_keys"]
    again = [message.key for message in pipeline.log.read("control")]
    assert [again.count(key.encode()) for key in keys] == [2, 2], "as they were, after a restore as now"
    announced_uses(ground, began)


def announced_uses(ground: Ground, began: int) -> None:
    """Both have opened the key of such hashes, and nothing that no event tells of."""
    pipeline = ground.pipeline
    found = used(ground.vault_log, pipeline.audit(), pipeline.project, {"person.flora", "person.finn"}, began)
    assert (found.alerts, found.opened) == ([], 2)


def test_whom_the_hash_stands_for_is_on_no_topic_in_no_log_and_was_not_printed(ground, stack):
    for kind in ("audit", "segments", "tasks", "keeper-state", "redact-state", "quarantine", "joined", "labels"):
        for message in ground.pipeline.messages(kind):
            assert SUBJECT.encode() not in (message.value or b"") + (message.key or b"")
    for message in ground.pipeline.log.read("control"):
        assert SUBJECT.encode() not in (message.value or b"") + (message.key or b"")
    assert not [text for text in ground.outputs if "forgotten.example" in text]
    logs = [path for path in stack.root.joinpath("logs").iterdir() if path.is_file()]
    assert not [path for path in logs if SUBJECT.encode() in path.read_bytes()]
