"""`veil incident verify`, on evidence that was made without a stack."""

from __future__ import annotations

import json

import pytest

from deploy.cli.app import main
from streams.audit.store import Directory
from tests.streams.audit.test_evidence import ID, KEYS, put_aside


@pytest.fixture
def folder(tmp_path):
    store = Directory(tmp_path / "kept")
    for name, data in put_aside().files.items():
        store.put(name, data)
    return tmp_path / "kept"


@pytest.fixture
def veil(capsys, monkeypatch):
    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["veil", "incident", "verify", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    return run


def test_evidence_that_holds_is_told_in_words_and_as_json(folder, veil, tmp_path):
    pins = tmp_path / "pins.json"
    pins.write_text(json.dumps({signer: key.hex() for signer, key in KEYS.items()}))
    code, said = veil(str(folder), "--pins", str(pins), "--json")
    content = json.loads(said)
    assert (code, content["holds"], content["incident"], content["person"]) == (0, True, ID, "olga")
    assert (content["own_pins"], content["closed"], content["findings"]) == (True, False, [])
    code, said = veil(str(folder))
    assert (code, "✓" in said, "--pins proves whose it is" in said) == (0, True, True)


def test_what_is_recent_and_without_its_other_half_is_told_and_no_fault(veil, tmp_path):
    for name, data in put_aside(amid=True).files.items():
        Directory(tmp_path / "amid").put(name, data)
    code, said = veil(str(tmp_path / "amid"))
    assert (code, "1 statement at the end whose other half is not here yet" in said) == (0, True)
    content = json.loads(veil(str(tmp_path / "amid"), "--json")[1])
    assert (content["holds"], [it["kind"] for it in content["awaited"]]) == (True, ["unsealed"])


def test_what_does_not_hold_is_named_and_ends_with_one(folder, veil):
    (folder / "alerts.jsonl").write_text("{}\n")
    code, said = veil(str(folder))
    assert (code, "alerts.jsonl: missing, or not the file" in said, "does not hold" in said) == (1, True, True)
    assert json.loads(veil(str(folder), "--json")[1])["holds"] is False


def test_a_folder_that_is_not_there_is_a_wrong_use(veil, tmp_path):
    assert veil(str(tmp_path / "none"))[0] == 2
