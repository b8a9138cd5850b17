"""`veil audit verify` as people call it, on exports of a log in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from deploy.cli.app import app
from streams.audit import note
from streams.audit.note import Algorithm, Verifier
from streams.audit.store import Directory
from tests.streams.audit.generate import PROJECT, cut_amid_a_transaction, random_world
from tests.streams.audit.memory_audit import PINS, MemoryAudit

WITNESS = Ed25519PrivateKey.generate()
WATCHING = Verifier("witness.example", WITNESS.public_key().public_bytes_raw(), Algorithm.COSIGNATURE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    audit = MemoryAudit().take(random_world(3, batches=2).placed())
    audit.export(Directory(tmp_path / "audit"))
    return tmp_path / "audit"


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["audit", "verify", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return " ".join(word for word in result.output.split() if word != "│")  # errors stand in a box, and wrap


def a_log(folder: Path) -> Path:
    return min(path.parent for path in folder.glob("*/checkpoint"))


def test_an_export_that_holds(folder: Path) -> None:
    said = run(folder)
    assert "all adds up" in said
    assert "--pins proves whose it is" in said
    found = json.loads(run(folder, "--json"))
    assert found["holds"]
    assert found["findings"] == []
    assert found["projects"][PROJECT]["events"] == found["entries"] > 0


def test_what_is_recent_and_without_its_other_half_is_told_and_no_fault(tmp_path: Path) -> None:
    world = random_world(3, batches=2)
    cut_amid_a_transaction(world)
    audit = MemoryAudit().take(world.placed())
    audit.export(Directory(tmp_path / "audit"))
    said = run(tmp_path / "audit")
    assert "all adds up" in said
    assert "1 statement at the end whose other half is not here yet" in said
    found = json.loads(run(tmp_path / "audit", "--json"))
    assert (found["holds"], found["findings"], found["projects"][PROJECT]["awaited"]) == (True, [], [])
    assert [it["kind"] for it in found["awaited"]] == ["unsealed"]


def test_pins_of_ones_own(folder: Path, tmp_path: Path) -> None:
    pins = tmp_path / "pins.json"
    pins.write_text(json.dumps({"keys": {name: key.hex() for name, key in PINS.items()}}))
    assert json.loads(run(folder, "--pins", folder / "pins.json", "--json", code=0))["own_pins"]
    assert "no file" in run(folder, "--pins", tmp_path / "none.json", code=2)


def test_an_edited_entry_is_named(folder: Path) -> None:
    bundle = next(a_log(folder).glob("tile/entries/**/*.p/*"))
    data = bytearray(bundle.read_bytes())
    data[40] ^= 1
    bundle.write_bytes(data)
    said = run(folder, code=1)
    assert "does not hold" in said
    found = json.loads(run(folder, "--json", "--depth", "tree", code=1))
    (finding,) = found["findings"]
    assert (finding["kind"], finding["where"]) == ("edited", f"{a_log(folder).name}#0")


def test_a_range_of_one_log(folder: Path) -> None:
    name = a_log(folder).name
    found = json.loads(run(folder, "--log", name, "--range", "1:3", "--json"))
    assert (found["holds"], list(found["logs"]), found["projects"]) == (True, [name], {})
    assert 3 <= found["entries"] <= 256  # those of the bundle in which they lie
    assert "chain" not in run(folder, "--log", name, "--range", "1:3")
    assert "adds up" not in run(folder, "--log", name)
    for wrong in (("--range", "1:3"), ("--log", name, "--range", "3:1"), ("--log", name, "--range", "x:y")):
        assert "--range" in run(folder, *wrong, code=2)


def test_a_log_or_a_range_that_is_not_there_does_not_hold(folder: Path) -> None:
    said = run(folder, "--log", "audit.dmo-0", code=1)
    assert "audit.dmo-0: the export has no such log" in said
    assert "does not hold" in said
    assert "the log ends here" in run(folder, "--log", a_log(folder).name, "--range", "100000:100001", code=1)


def test_a_kept_checkpoint_shows_a_log_that_was_cut(folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes((a_log(folder) / "checkpoint").read_bytes())
    run(folder, "--kept", kept)
    shorter = tmp_path / "shorter"
    audit = MemoryAudit().take(random_world(3, batches=2).placed())
    smaller = audit.checkpoints({place: len(values) - 1 for place, values in audit.partitions.items()})
    audit.export(Directory(shorter), smaller)
    found = json.loads(run(shorter, "--kept", kept, "--depth", "tree", "--json", code=1))
    assert {it["kind"] for it in found["findings"]} == {"truncated"}
    (tmp_path / "damaged").write_text("{}")
    assert "--kept" in run(folder, "--kept", tmp_path / "damaged", code=2)


def test_a_witness_has_to_have_seen_each_log(folder: Path) -> None:
    assert "not_witnessed" in run(folder, "--witness", WATCHING.text(), "--json", code=1)
    for path in folder.glob("*/checkpoint"):
        once = note.parse(path.read_bytes())
        signature = WITNESS.sign(note.cosignature_message(once.text, 1_700_000_000))
        path.write_text(str(once.with_signature(note.cosigned(WATCHING, signature, 1_700_000_000))))
    assert "2023-11-14 22:13:20 UTC" in run(folder, "--witness", WATCHING.text())
    sealer = Verifier("seal", PINS["seal.platform"])
    assert "no witness's key" in run(folder, "--witness", sealer.text(), code=2)


def test_names_that_a_terminal_would_act_on_are_printed_without_that(folder: Path) -> None:
    (folder / "\x1b[2Jaudit").mkdir()
    (folder / "\x1b[2Jaudit" / "checkpoint").write_bytes(b"x")
    assert "�[2Jaudit/checkpoint" in run(folder, code=1)
    found = json.loads(run(folder, "--json", code=1))["findings"]
    assert [it["where"] for it in found] == ["�[2Jaudit/checkpoint"]


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    assert "no folder" in run(tmp_path / "none", code=2)
