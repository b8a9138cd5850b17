from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from deploy import webhooks
from deploy.cli.app import app
from deploy.webhooks import SecretFiles, endpoint_of
from schemas.errors import ConfigError
from streams.notify import signing
from topology.loading import load_topology

PROJECT = """
name: some
owner: tests
persons: {authors: [amy], approvers: [ben], operators: [cleo], annotators: [dan]}
webhooks:
  - {name: warehouse, url: "https://hooks.example/", events: [task.closed]}
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "some.yaml").write_text(PROJECT)
    return tmp_path


def run(root, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["label", "webhooks", *arguments, "--root", str(root), "--project", "some"])
    assert result.exit_code == code, result.output
    return result.output


def test_a_secret_is_made_once_shown_again_and_readable_by_its_owner_only(root) -> None:
    first = run(root, "secret", "warehouse").strip()
    assert first.startswith("whsec_")
    assert json.loads(run(root, "secret", "warehouse", "--json"))["secret"] == first
    path = SecretFiles(root, "some").path("warehouse")
    assert path.stat().st_mode & 0o077 == path.parent.stat().st_mode & 0o077 == 0


def test_a_rotation_keeps_the_secret_before_and_no_older_one(root) -> None:
    files = SecretFiles(root, "some")
    (first,) = files.made("warehouse")
    second = files.rotated("warehouse")
    assert second[1:] == (first,)
    third = files.rotated("warehouse")
    assert third[1:] == second[:1]
    assert files.read("warehouse") == third


def test_an_endpoint_that_is_not_in_the_projects_file_has_no_secret(root) -> None:
    assert "there are: warehouse" in run(root, "secret", "other", code=2).replace("\n", " ")
    assert not SecretFiles(root, "some").path("other").exists()
    with pytest.raises(ConfigError, match="none"):
        endpoint_of(load_topology().project("demo"), "warehouse")


def test_a_damaged_or_missing_secret_is_said_with_what_to_do(root) -> None:
    files = SecretFiles(root, "some")
    with pytest.raises(ConfigError, match="secret` makes one"):
        files.read("warehouse")
    files.path("warehouse").parent.mkdir()
    files.path("warehouse").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="rotate"):
        files.read("warehouse")


DAMAGED = pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"whsec_x\n"])


@DAMAGED
def test_a_rotation_replaces_a_damaged_secret(root, content: bytes) -> None:
    files = SecretFiles(root, "some")
    files.path("warehouse").parent.mkdir()
    files.path("warehouse").write_bytes(content)
    shown = run(root, "secret", "warehouse", "--rotate").strip()
    assert [signing.written(it) for it in files.read("warehouse")] == [shown]


@DAMAGED
def test_a_damaged_secret_is_left_where_one_is_only_wanted_to_be_there(root, content: bytes) -> None:
    files = SecretFiles(root, "some")
    files.ensure("other")
    assert len(files.read("other")) == 1
    files.path("warehouse").write_bytes(content)
    files.ensure("warehouse")
    assert files.path("warehouse").read_bytes() == content


@pytest.mark.parametrize("arguments", [(), ("--id", "nonsense"), ("--since", "yesterday")])
def test_a_replay_needs_to_know_of_what(root, arguments) -> None:
    run(root, "replay", "--as", "cleo", *arguments, code=2)


def test_only_an_operator_orders_a_replay_and_only_to_an_endpoint_there_is(root) -> None:
    assert "may not" in run(root, "replay", "--as", "dan", "--since", "2026-11-26", code=2)
    said = run(root, "replay", "--as", "cleo", "--since", "2026-11-26", "--endpoint", "other", code=2)
    assert "no webhook other" in said


def test_a_replay_is_ordered_from_the_beginning_of_that_day(root, monkeypatch) -> None:
    orders = []
    monkeypatch.setattr(webhooks, "replay", lambda *order: orders.append(order) or "replay/some/cleo")
    run(root, "replay", "--as", "cleo", "--since", "1970-01-02", "--endpoint", "warehouse")
    assert orders[0][3].since == 86_400_000


def test_where_none_can_be_written_it_is_said_who_makes_one(root) -> None:
    (root / "webhooks").write_text("a file where the folder would be")
    with pytest.raises(ConfigError, match=r"written here .*; make it by `veil label webhooks secret x`"):
        SecretFiles(root, "some").ensure("x")
