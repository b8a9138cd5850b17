"""Labels are taken out by the command, on the real broker and vault: what is in the files, and what is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from dataclasses import field as factory
from pathlib import Path

import pytest

from deploy.cli.app import main
from deploy.signin import invitation
from schemas.audit import EventType
from schemas.records import LabelSpan
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
    outputs: list[str] = factory(default_factory=list)
    used: set[str] = factory(default_factory=set)
    """Codes; each is good once."""

    def veil(self, capsys, monkeypatch, *words: str, person: str, fails: bool = False) -> dict:
        """`veil export` by a person, who types password and code; what it says as JSON. `fails`: why, and that it
        has asked for neither.
        """
        answers = iter([] if fails else self._factor(capsys, monkeypatch, person))
        monkeypatch.setattr("deploy.cli.factor.typer.prompt", lambda *_, **__: next(answers))
        own = ["--as", person, "--json", "--root", str(self.root), "--project", self.pipeline.project]
        said = self._run(capsys, monkeypatch, "export", *words, *own, fails=fails)
        return {"why": said} if fails else json.loads(said)

    def _factor(self, capsys, monkeypatch, person: str) -> list[str]:
        given = invitation.read(self.root, invitation.grants_name(person))
        code = wait_for(lambda: self._fresh_code(capsys, monkeypatch, person), "a code that nobody has used")
        return [given.password, code]

    def _fresh_code(self, capsys, monkeypatch, person: str) -> str | None:
        words = ("grant", "code", "--person", person, "--json", "--root", str(self.root))
        code = json.loads(self._run(capsys, monkeypatch, *words))["code"]
        if code in self.used:
            return None
        self.used.add(code)
        return code

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
        yield Ground(pipeline, stack.root)


def without_canaries(folder: Path) -> bool:
    """Whether no file has one of them, in whatever case."""
    contents = [path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()]
    return bool(contents) and not [it for it in contents for word in CANARIES if word.encode() in it]


def test_joined_labels_are_taken_out_in_parts_that_nobody_is_in_two_of_and_the_audit_says_so(
    ground, capsys, monkeypatch, tmp_path
):
    to = tmp_path / "out"
    to.mkdir()
    words = ("--format", "parquet", "--split", PARTS, "--to", str(to / "labels"))
    said = ground.veil(capsys, monkeypatch, *words, person="xenia")
    assert (sum(said["labels"].values()), said["unknown"], said["moved"]) == (4, 0, 0)
    files = {path.stem: str(path) for path in (to / "labels").iterdir()}
    loaded = load_dataset("parquet", files, tmp_path)
    parts = {row["task_id"]: part for part in loaded for row in loaded[part].to_list()}
    assert sorted(parts) == sorted(it.task_id for it in ground.pipeline.records("joined"))
    subjects = {it.task_id: it.subjects for index in ground.pipeline.records("segments") for it in index.entries}
    assert all(subjects.values()), "each record names somebody"
    groups = {those: {parts[task] for task in parts if subjects[task] == those} for those in subjects.values()}
    assert [len(found) for found in groups.values()] == [1, 1]
    (event,) = ground.exports()
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
