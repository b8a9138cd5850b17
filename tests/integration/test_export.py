"""Labels are taken out by the command, on the real broker and vault: what is in the files, and what is not."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from dataclasses import field as factory
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from deploy.acting import act
from deploy.cli.app import main
from deploy.export import joined as joined_labels
from deploy.export import sanitized
from deploy.export.latest import latest
from deploy.signin import invitation
from schemas.audit import EventType
from schemas.records import LabelSpan
from schemas.resources import task_ids
from tests.support.announced import used
from tests.support.codes import fresh_code
from tests.support.hugging_face import load_dataset
from tests.support.inviting import invited
from tests.support.pipeline import Pipeline
from tests.support.waiting import wait_for

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
partitions: 2
persons:
  authors: [xara]
  approvers: [xeno]
  operators: [xenia]
  annotators: [xadi, xolo, xuri]
"""
ANNOTATORS = ("xadi", "xolo", "xuri")
CANARIES = ("wuzzleford", "brimplegate")
"""In no record of another test. Each is somebody's address, and said in their notes."""
PARTS = "left=0.5,right=0.5"


def record(who: str, number: int) -> dict[str, object]:
    note = f"My kettle broke, number {number}, write to {who}@carried.example"
    return {"customer": {"email": f"{who}@carried.example", "note": note}, "product": "kettle"}


@dataclass
class Ground:
    """A project with joined labels, whose operator and approver are invited."""

    pipeline: Pipeline
    root: Path
    vault_log: Path
    tasks: set[str]
    outputs: list[str] = factory(default_factory=list)
    used: set[str] = factory(default_factory=set)
    """Codes; each is good once."""

    def ask(self, capsys, monkeypatch, *words: str) -> dict:
        own = ["--json", "--root", str(self.root), "--project", self.pipeline.project]
        return json.loads(self._run(capsys, monkeypatch, *words, *own))

    def veil(self, capsys, monkeypatch, *words: str, person: str, fails: bool = False) -> dict:
        """`veil export`, or after `grant` the order, by a person who types password and code; what it says as
        JSON. `fails`: why, and that it has asked for neither.
        """
        answers = iter([] if fails else self._factor(person))
        monkeypatch.setattr("deploy.cli.factor.typer.prompt", lambda *_, **__: next(answers))
        own = ["--as", person, "--json", "--root", str(self.root), "--project", self.pipeline.project]
        command = ("grant", "export", *words[1:]) if words[0] == "grant" else ("export", *words)
        said = self._run(capsys, monkeypatch, *command, *own, fails=fails)
        return {"why": said} if fails else json.loads(said)

    def _factor(self, person: str) -> list[str]:
        given = invitation.read(self.root, invitation.grants_name(person))
        return [given.password, fresh_code(given.otpauth, self.used)]

    def _run(self, capsys, monkeypatch, *words: str, fails: bool = False) -> str:
        monkeypatch.setattr("sys.argv", ["veil", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        self.outputs += [said.out, said.err]
        assert bool(ended.value.code) == fails, said.err
        if fails:
            return said.err
        return next(line for line in said.out.splitlines() if line.startswith("{"))  # stages log there, too

    def exports(self, kind: EventType = EventType.JOINED_EXPORTED) -> list:
        return self.pipeline.events(kind)


def label_kettle(client, lease):
    field = "customer.note"
    at = lease.fields[field].index("kettle")
    client.label(lease, [LabelSpan(field, at, at + 6, "PRODUCT")], {"tone": "negative"})


@pytest.fixture(scope="module")
def ground(stack):
    with invited(stack, "carried", PROJECT) as pipeline:
        pipeline.start("redact", "label", "decide", "join")
        pipeline.sign("xara", "xeno")
        pipeline.publish(*(record(CANARIES[number % 2], number) for number in range(4)))
        pipeline.wait_records("tasks", 4)

        def joined() -> bool:
            pipeline.annotate("xenia", ANNOTATORS, label_kettle)
            return len(pipeline.records("joined")) >= 4

        wait_for(joined, "four tasks are joined")
        tasks = {it.task_id for it in pipeline.records("joined")}
        yield Ground(pipeline, stack.root, stack.endpoints.vault.audit_log, tasks)


def without_canaries(folder: Path) -> bool:
    """Whether no file has one of them, in whatever case."""
    contents = [path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()]
    return bool(contents) and not [it for it in contents for word in CANARIES if word.encode() in it]


def test_joined_labels_are_taken_out_in_parts_that_nobody_is_in_two_of_and_the_audit_says_so(
    ground, capsys, monkeypatch, tmp_path
):
    to, before = tmp_path / "out", ground.exports()
    to.mkdir()
    words = ("--format", "parquet", "--split", PARTS, "--to", str(to / "labels"))
    said = ground.veil(capsys, monkeypatch, *words, person="xenia")
    assert (sum(said["records"].values()), said["unknown"], said["moved"]) == (4, 0, 0)
    files = {path.stem: str(path) for path in (to / "labels").iterdir()}
    loaded = load_dataset("parquet", files, tmp_path)
    parts = {row["task_id"]: part for part in loaded for row in loaded[part].to_list()}
    assert parts.keys() == ground.tasks
    subjects = {
        it.task_id: it.subjects
        for index in ground.pipeline.records("segments")
        for it in index.entries
        if it.task_id in parts
    }
    assert all(subjects.values()), "each record names somebody"
    groups = {those: {parts[task] for task in parts if subjects[task] == those} for those in subjects.values()}
    assert [len(found) for found in groups.values()] == [1, 1]
    (event,) = (it for it in ground.exports() if it not in before)
    assert (event.process, event.person, event.details["format"]) == ("person.xenia", "xenia", "parquet")

    plain = to / "labels.jsonl"
    ground.veil(capsys, monkeypatch, "--to", str(plain), person="xenia")
    rows = [json.loads(line) for line in plain.read_text().splitlines()]
    assert {row["task_id"] for row in rows} == set(parts)
    assert {tuple(row["spans"][0][it] for it in ("field", "start", "label")) for row in rows} == {
        ("customer.note", 3, "PRODUCT")
    }
    assert [path.stat().st_mode & 0o077 for path in to.rglob("*")] == [0] * len(list(to.rglob("*")))
    assert without_canaries(to)
    assert not [text for text in ground.outputs if any(word in text for word in CANARIES)]


def sign_order(ground, capsys, monkeypatch, form: str) -> str:
    """The name of an order that both have signed."""
    words = ("--format", form, "--minutes", "30")
    made = ground.veil(capsys, monkeypatch, "grant", *words, person="xenia")
    assert (made["signed_by"], made["missing"]) == (["xenia"], ["an approver (xeno)"])
    signed = ground.veil(capsys, monkeypatch, "grant", made["order"][:12], person="xeno")
    assert (signed["order"], signed["signed_by"], signed["missing"]) == (made["order"], ["xenia", "xeno"], [])
    return signed["order"]


def test_texts_are_taken_out_by_an_order_of_two_and_each_is_on_the_audit_before_it_is_opened(
    ground, capsys, monkeypatch, tmp_path
):
    pipeline, began = ground.pipeline, int(time.time() * 1000)
    out = tmp_path / "out"
    out.mkdir()
    words = ("--what", "sanitized", "--to", str(out / "texts.spacy"), "--format")
    why = ground.veil(capsys, monkeypatch, *words, "spacy", person="xenia", fails=True)["why"]
    assert "no order lets xenia take texts" in why
    order = sign_order(ground, capsys, monkeypatch, "spacy")
    gone = one_more(pipeline, 9)
    pipeline.withdraw("xenia", gone)

    said = ground.veil(capsys, monkeypatch, *words, "spacy", person="xenia")
    assert (said["order"], said["records"], said["closed"], said["ended"]) == (order, {"all": 4}, 0, 0)
    docs = list(DocBin().from_bytes((out / "texts.spacy").read_bytes()).get_docs(spacy.blank("xx").vocab))
    assert {doc.user_data["task_id"] for doc in docs} == ground.tasks
    assert {(it.text, it.label_) for doc in docs for it in doc.ents} == {("kettle", "PRODUCT")}
    assert any("[EMAIL" in doc.text for doc in docs), "what stood there is hidden"
    assert without_canaries(out)

    events = [it for it in ground.exports(EventType.TEXTS_EXPORTED) if it.details["order"] == order]
    assert {(it.process, it.person) for it in events} == {(f"copier.{pipeline.project}", "xenia")}
    assert {task for it in events for task in task_ids(it)} == ground.tasks
    assert {it.parents[0] for it in events} == {f"control/export/{pipeline.project}/{order}"}
    (begun,) = (it for it in ground.exports(EventType.EXPORT_BEGUN) if it.resource.endswith(order))
    assert (begun.process, begun.person) == ("person.xenia", "xenia")
    pipeline.reconciled()
    identities = {f"copier.{pipeline.project}", "person.xenia", "person.xeno"}
    assert used(ground.vault_log, pipeline.audit(), pipeline.project, identities, began).alerts == []
    seen = ground.ask(capsys, monkeypatch, "audit", "access", "--of", f"task/{min(ground.tasks)}")
    assert ("export", "xenia") in {(it["what"], it["person"]) for it in seen["latest"]}

    other = ("--what", "sanitized", "--to", str(out / "x"), "--format", "conll")
    why = ground.veil(capsys, monkeypatch, *other, person="xenia", fails=True)["why"]
    assert "as conll" in why, "an order is for one form"


def one_more(pipeline: Pipeline, number: int) -> str:
    """A task that is decided and joined, of nobody else's test."""
    known = {it.task_id for it in pipeline.records("tasks")}
    pipeline.publish(record("clodwater", number))
    (task,) = wait_for(lambda: {it.task_id for it in pipeline.records("tasks")} - known, "one more task")

    def joined() -> bool:
        pipeline.annotate("xenia", ANNOTATORS, label_kettle)
        return task in {it.task_id for it in pipeline.records("joined")}

    wait_for(joined, "its label is joined")
    return task


def test_what_is_withdrawn_while_texts_are_announced_is_not_opened(ground, capsys, monkeypatch, tmp_path):
    pipeline, acted = ground.pipeline, []
    late = one_more(pipeline, 11)
    sign_order(ground, capsys, monkeypatch, "jsonl")

    def act_and_withdraw(around, outputs, events):
        act(around, outputs, events)
        if any(late in task_ids(it) for it in events):
            acted.append(late)
            pipeline.withdraw("xenia", late)

    monkeypatch.setattr(sanitized, "act", act_and_withdraw)
    words = ("--what", "sanitized", "--format", "jsonl", "--to", str(tmp_path / "texts"))
    said = ground.veil(capsys, monkeypatch, *words, person="xenia")
    assert acted == [late]
    assert said["closed"] == 1
    assert late not in {json.loads(line)["task_id"] for line in (tmp_path / "texts").read_text().splitlines()}


def test_what_is_withdrawn_while_labels_are_read_is_left_out(ground, capsys, monkeypatch, tmp_path):
    pipeline = ground.pipeline
    late = one_more(pipeline, 12)

    def read_and_withdraw(codec, messages, kind):
        found = latest(codec, messages, kind)
        assert late in found[0]
        pipeline.withdraw("xenia", late)
        return found

    monkeypatch.setattr(joined_labels, "latest", read_and_withdraw)
    ground.veil(capsys, monkeypatch, "--to", str(tmp_path / "labels"), person="xenia")
    assert late not in {json.loads(line)["task_id"] for line in (tmp_path / "labels").read_text().splitlines()}


def test_who_is_no_operator_takes_nothing_out_and_nothing_is_overwritten(ground, capsys, monkeypatch, tmp_path):
    before = len(ground.exports())
    why = ground.veil(capsys, monkeypatch, "--to", str(tmp_path / "x"), person="xeno", fails=True)["why"]
    assert "xeno may not export joined labels" in why
    (tmp_path / "mine").write_text("mine")
    why = ground.veil(capsys, monkeypatch, "--to", str(tmp_path / "mine"), person="xenia", fails=True)["why"]
    assert "overwrites nothing" in why
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "x").exists()
    assert len(ground.exports()) == before
