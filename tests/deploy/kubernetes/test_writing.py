from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from deploy.cli.app import app
from deploy.kubernetes.writing import check, write
from schemas.errors import ConfigError

OWN = "name: letters\nowner: us\npersons: {authors: [a], approvers: [b], operators: [c], annotators: [d]}\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def joined(folder):
    return "".join(file.read_text() for file in sorted(folder.glob("*.yaml")) if file.name != "kustomization.yaml")


def test_what_is_written_is_checked_and_right(root, cluster, tmp_path):
    write(root, tmp_path / "base", cluster)
    (tmp_path / "all.yaml").write_text(joined(tmp_path / "base"))
    assert check(root, tmp_path / "all.yaml", cluster) == ()


def test_written_again_nothing_changes(root, cluster, tmp_path):
    write(root, tmp_path / "base", cluster)
    before = joined(tmp_path / "base")
    write(root, tmp_path / "base", cluster)
    assert joined(tmp_path / "base") == before


def test_the_file_of_an_own_project_is_given_to_every_pod_and_a_packaged_one_is_not(root, cluster, tmp_path):
    (root / "projects").mkdir()
    (root / "projects" / "letters.yaml").write_text(OWN)
    write(root, tmp_path / "base", cluster)
    assert "projects/letters.yaml" in joined(tmp_path / "base")
    assert "projects/demo.yaml" not in joined(tmp_path / "base")


def test_a_project_whose_file_is_called_otherwise_is_refused_before_its_pods_look_for_it(root, cluster, tmp_path):
    (root / "projects").mkdir()
    (root / "projects" / "team.yaml").write_text(OWN)
    with pytest.raises(ConfigError, match=r"project letters .* pods look for letters\.yaml"):
        write(root, tmp_path / "base", cluster)
    assert not (tmp_path / "base").exists()


@pytest.mark.parametrize("text", ["{", "- 1", "kind: StatefulSet\nmetadata: {name: x, namespace: y}"])
def test_a_file_that_holds_no_objects_is_refused(root, cluster, tmp_path, text):
    (tmp_path / "all.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"all\.yaml"):
        check(root, tmp_path / "all.yaml", cluster)


def test_the_command_ends_with_one_where_a_right_is_missing(root, tmp_path):
    run = CliRunner().invoke
    base = tmp_path / "base"
    assert run(app, ["topology", "kubernetes", "--to", str(base), "--root", str(root)]).exit_code == 0
    checked = run(
        app, ["topology", "kubernetes", "--check", str(base / "kafka.yaml"), "--json", "--root", str(root)]
    )
    assert checked.exit_code == 1
    assert "redact.demo: has no pods" in json.loads(checked.stdout)["faults"]
