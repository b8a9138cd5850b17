"""Each schema stays FULL_TRANSITIVE compatible: old readers read new records, new readers read old ones."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from schemas import catalog
from tests.schemas.compatibility import ROOT, committed_versions, disagreement

TASK = json.loads(catalog.text("Task"))


def changed(**field: object) -> str:
    schema = copy.deepcopy(TASK)
    schema["fields"].append(field)
    return json.dumps(schema)


def without(name: str) -> str:
    schema = copy.deepcopy(TASK)
    schema["fields"] = [field for field in schema["fields"] if field["name"] != name]
    return json.dumps(schema)


def retyped(name: str, avro: object) -> str:
    schema = copy.deepcopy(TASK)
    for field in schema["fields"]:
        if field["name"] == name:
            field["type"] = avro
    return json.dumps(schema)


@pytest.mark.parametrize("name", catalog.NAMES)
def test_schema_is_compatible_with_every_committed_version(name):
    versions = committed_versions(ROOT / "schemas" / "avro" / f"{name}.avsc")
    if not versions:
        pytest.skip(f"{name} has no committed version (no git history): nothing to be compatible with")
    for number, version in enumerate(versions, start=1):
        problem = disagreement(catalog.parse(version), catalog.parsed(name))
        assert problem is None, f"{name} and its committed version {number}: {problem}"


@pytest.mark.parametrize("name", catalog.NAMES)
def test_schema_is_compatible_with_itself(name):
    assert disagreement(catalog.parsed(name), catalog.parsed(name)) is None


@pytest.mark.parametrize(
    "version",
    [
        changed(name="note", type="string", default=""),
        changed(name="note", type=["null", "string"], default=None),
        json.dumps(TASK | {"doc": "another text"}),
    ],
    ids=["field with default", "optional field", "doc"],
)
def test_check_lets_a_harmless_change_pass(version):
    assert disagreement(catalog.parse(version), catalog.parsed("Task")) is None


@pytest.mark.parametrize(
    "version",
    [
        changed(name="note", type="string"),
        without("bundle"),
        retyped("overlap", "string"),
        retyped("sealed", "string"),
        retyped("overlap", "double"),
        json.dumps(TASK | {"name": "Chore"}),
    ],
    ids=["field without default", "field removed", "other type", "bytes to string", "promotion", "renamed"],
)
def test_check_finds_a_harmful_change(version):
    assert disagreement(catalog.parse(version), catalog.parsed("Task")) is not None


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_committed_versions_are_read_from_the_history_oldest_first(tmp_path):
    path = tmp_path / "schemas" / "Task.avsc"
    path.parent.mkdir()
    commit(tmp_path, "init", "-q")
    assert committed_versions(path, tmp_path) == []
    for version in ("1", "2"):
        path.write_text(version)
        commit(tmp_path, "add", ".")
        commit(tmp_path, "commit", "-qm", version)
    path.write_text("not committed")
    assert committed_versions(path, tmp_path) == ["1", "2"]


def test_without_a_repository_there_are_no_committed_versions(tmp_path):
    assert committed_versions(tmp_path / "Task.avsc", tmp_path) == []


def commit(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    git = shutil.which("git") or "git"
    subprocess.run([git, "-C", str(root), *who, *arguments], check=True)
