"""Whose list of persons label goes by."""

from __future__ import annotations

import pytest

from deploy.signin.seams import persons_of
from schemas.errors import ConfigError
from topology.project import Persons

AT_START = Persons((), (), (), ("ann",))
FILE = "name: {name}\nowner: x\npersons: {{authors: [a], approvers: [b], operators: [c], annotators: [{who}]}}\n"


@pytest.fixture
def write(tmp_path):
    def made(name, who="zoe"):
        folder = tmp_path / "projects"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(FILE.format(name=name, who=who))

    return made


def test_a_project_of_the_users_files_follows_them(tmp_path, write):
    write("mine")
    persons = persons_of(tmp_path, "mine", AT_START)
    assert persons().annotators == ("zoe",)
    write("mine", "somebody-else")
    assert persons().annotators == ("somebody-else",)
    (tmp_path / "projects" / "mine.yaml").unlink()
    assert persons() is None


def test_a_project_of_elsewhere_keeps_its_persons_whatever_else_is_declared_there(tmp_path, write):
    persons = persons_of(tmp_path, "theirs", AT_START)
    write("mine")
    assert persons() == AT_START
    assert persons_of(tmp_path, "theirs", AT_START)() == AT_START


def test_a_file_that_cannot_be_read_ends_the_start(tmp_path, write):
    write("mine")
    (tmp_path / "projects" / "odd.yaml").write_text("name: [")
    with pytest.raises(ConfigError, match=r"odd\.yaml"):
        persons_of(tmp_path, "mine", AT_START)
