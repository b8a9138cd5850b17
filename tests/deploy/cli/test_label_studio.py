from __future__ import annotations

import json
from collections.abc import Callable
from typing import Self

import pytest
from typer.testing import CliRunner

from deploy import exporting, importing
from deploy.cli.app import app
from deploy.exporting import readable
from deploy.importing import label_url
from schemas.codec import Codec, FixedIds
from schemas.errors import ConfigError
from streams.label.studio.importing import Imported
from tests.streams.label.studio.test_studio import EXPORTED, VERDICT


class Taken:
    verdicts = (VERDICT,)

    def __init__(self, unreadable: int = 0) -> None:
        self.unreadable = unreadable

    def configuration(self, project: str) -> str:
        return "<View/>\n"


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["label", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.stdout


def test_an_export_writes_what_only_its_owner_can_read(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(exporting, "take_out", lambda *order: Taken())
    file, config = tmp_path / "labels.json", tmp_path / "config.xml"
    said = json.loads(run("export", file, "--as", "olga", "--config", config, "--json"))
    assert said["verdicts"] == 1
    assert json.loads(file.read_text())[0]["data"]["veil_task"] == VERDICT.task_id
    assert config.read_text() == "<View/>\n"
    assert file.stat().st_mode & 0o077 == config.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("as_json", [True, False])
def test_an_import_says_what_became_of_each_answer_and_ends_with_3_where_some_did_not_fit(
    monkeypatch, tmp_path, as_json
) -> None:
    done = Imported(
        ["a"], ["b"], {"c": "unknown_label: a span has a label that the policy does not know"}, 2, ["d"]
    )
    monkeypatch.setattr(importing, "import_file", lambda *order: done)
    file = tmp_path / "export.json"
    file.write_bytes(EXPORTED)
    said = run("import", file, "--person", "ann-1", *(["--json"] if as_json else []), code=3)
    assert "unknown_label" in said
    if as_json:
        assert json.loads(said)["left"] == ["d"]


def test_a_file_that_is_none_is_refused_before_anything_is_asked(tmp_path) -> None:
    file = tmp_path / "export.json"
    file.write_text("id,text\n1,Jane")
    result = CliRunner().invoke(app, ["label", "import", str(file), "--person", "ann-1", "--root", str(tmp_path)])
    assert result.exit_code == 2
    assert "Jane" not in result.output


def test_without_a_label_stage_its_address_is_asked_for(tmp_path) -> None:
    with pytest.raises(ConfigError, match="--url"):
        label_url(tmp_path, "demo")


@pytest.mark.parametrize(
    "url",
    [
        "http://label.example.org",
        "http://127.0.0.1.example.org:8080",
        "http://user@label.example.org",
        "http://[::1",
        "label.example.org:8080",
        "ftp://127.0.0.1",
        "http:///api",
    ],
)
def test_no_token_is_made_for_a_place_to_which_it_would_go_in_clear(monkeypatch, tmp_path, url) -> None:
    made: list[object] = []
    monkeypatch.setattr(importing, "annotator_token", lambda *order: made.append(order))
    file = tmp_path / "export.json"
    file.write_bytes(EXPORTED)
    with pytest.raises(ConfigError, match="--url"):
        importing.import_file(tmp_path, "demo", file, "ann-1", None, url, "code-points", 5)
    assert made == []


@pytest.mark.parametrize(
    "url", ["https://label.example.org", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"]
)
def test_a_token_is_made_for_tls_and_for_this_machine(monkeypatch, tmp_path, url) -> None:
    asked: list[str] = []

    class Client:
        def __init__(self, place: str, project: str, token: Callable[[], str]) -> None:
            asked.append(f"{place} {token()}")

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *raised: object) -> None:
            pass

    monkeypatch.setattr(importing, "annotator_token", lambda *order: "token")
    monkeypatch.setattr(importing, "LabelClient", Client)
    monkeypatch.setattr(importing, "import_answers", lambda *order: Imported([], [], {}, 0, []))
    file = tmp_path / "export.json"
    file.write_bytes(EXPORTED)
    importing.import_file(tmp_path, "demo", file, "ann-1", None, url, "code-points", 5)
    assert asked == [f"{url} token"]


def test_a_verdict_that_cannot_be_read_is_left_out_and_counted() -> None:
    codec = Codec(FixedIds())
    values = [b"nonsense", codec.encode(VERDICT), None, b""]
    assert readable(codec, values) == ([VERDICT], 2)


def test_an_export_and_an_agreement_say_how_many_could_not_be_read(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(exporting, "take_out", lambda *order: Taken(unreadable=2))
    file = tmp_path / "labels.json"
    assert json.loads(run("export", file, "--as", "olga", "--json"))["unreadable"] == 2
    assert json.loads(run("agreement", "--as", "olga", "--json"))["unreadable"] == 2
    for command in (("export", file), ("agreement",)):
        assert "2 verdicts can't be read" in run(*command, "--as", "olga")
        monkeypatch.setattr(exporting, "take_out", lambda *order: Taken())
        assert "can't be read" not in run(*command, "--as", "olga")
        monkeypatch.setattr(exporting, "take_out", lambda *order: Taken(unreadable=2))
