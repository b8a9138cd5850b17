"""Whose rights label goes by: the project's file as it is now."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.current_project import LOOK_MS, CurrentProject, JobInForce, LastKnown, Shared, project_file
from schemas.errors import ConfigError
from tests.streams.label.conftest import ManualClock
from topology.loading import load_topology, parse_project
from topology.project import Persons, Project
from topology.signed_policies import PolicyRecord

ANN, NOBODY = (Project("mine", "tests", 1, {}, Persons((), (), (), who)) for who in (("ann",), ()))
FILE = "name: {name}\nowner: x\npersons: {{authors: [a], approvers: [b], operators: [c], annotators: [{who}]}}\n"


class Declared:
    """Files in a folder, and what they declare."""

    def __init__(self, folder):
        self.file = folder / "demo.yaml"
        self.project, self.loads, self.clock = ANN, 0, ManualClock()
        self.change()
        self.current = CurrentProject(lambda: [folder], self.load, self.clock)

    def load(self):
        self.loads += 1
        if self.project is None:
            raise ConfigError("demo.yaml: odd")
        return self.project

    def change(self):
        self.file.write_text("x")
        os.utime(self.file, ns=(0, self.file.stat().st_mtime_ns + 1_000_000_000))

    def later(self):
        self.clock.ms += LOOK_MS
        return self.current()


@pytest.fixture
def declared(tmp_path):
    return Declared(tmp_path)


def test_files_are_read_once_while_they_stay_as_they_are(declared):
    assert [declared.later() for _ in range(3)] == [ANN] * 3
    assert declared.loads == 1


def test_change_takes_effect_at_the_next_look(declared):
    declared.current()
    declared.project = NOBODY
    declared.change()
    assert declared.current() == ANN
    assert declared.later() == NOBODY


def test_while_files_can_not_be_read_there_is_no_project(declared):
    declared.current()
    declared.project = None
    declared.change()
    assert declared.later() is None
    declared.project = ANN
    declared.change()
    assert declared.later() == ANN


def test_a_file_that_could_not_be_read_for_a_moment_is_read_again_though_nothing_about_it_has_changed(declared):
    declared.current()
    declared.project = None
    declared.change()
    assert declared.later() is None
    declared.project = NOBODY
    assert declared.later() == NOBODY


def test_what_one_thread_is_let_in_by_the_other_knows(declared):
    shared = Shared(declared.current)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: shared(), range(200))) == [ANN] * 200
    assert declared.loads == 1


def test_file_that_is_taken_away_is_a_change(declared):
    declared.current()
    declared.file.unlink()
    declared.project = NOBODY
    assert declared.later() == NOBODY


@pytest.fixture
def write(tmp_path):
    def made(name, who="zoe"):
        folder = tmp_path / "projects"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(FILE.format(name=name, who=who))

    return made


def test_a_project_of_the_users_files_follows_them(tmp_path, write):
    clock = ManualClock()
    write("mine")
    current = project_file(tmp_path, ANN, clock)
    assert current().persons.annotators == ("zoe",)
    write("mine", "somebody-else")
    clock.ms += LOOK_MS
    assert current().persons.annotators == ("somebody-else",)
    (tmp_path / "projects" / "mine.yaml").unlink()
    clock.ms += LOOK_MS
    assert current() is None


def test_a_project_of_elsewhere_stays_as_declared_whatever_else_is_declared_there(tmp_path, write):
    current = project_file(tmp_path, ANN, ManualClock())
    write("other")
    assert current() is ANN
    assert project_file(tmp_path, ANN, ManualClock())() is ANN


def test_a_file_that_cannot_be_read_ends_the_start(tmp_path, write):
    write("mine")
    (tmp_path / "projects" / "odd.yaml").write_text("name: [")
    with pytest.raises(ConfigError, match=r"odd\.yaml"):
        project_file(tmp_path, ANN, ManualClock())


# -- signed jobs

DRAFT = """
name: mine
owner: x
persons: {authors: [a], approvers: [b], annotators: [ann]}
guidelines: GUIDELINES
jobs: {version: VERSION}
"""


def drafted(guidelines, version):
    text = DRAFT.replace("GUIDELINES", guidelines).replace("VERSION", str(version))
    return parse_project(text, "mine.yaml", load_topology().flow)


def record_of(project):
    return PolicyRecord(project.job.hash, project.job.version, project.job.body)


class Ruled:
    """A file, and what is signed."""

    def __init__(self):
        self.file, self.record = drafted("a draft", 2), None
        self.current = JobInForce(lambda: self.file, lambda: self.record)


def test_without_a_signed_job_there_is_no_project():
    assert Ruled().current() is None


def test_signed_job_holds_and_the_file_is_a_draft():
    ruled = Ruled()
    ruled.record = record_of(drafted("signed", 1))
    now = ruled.current()
    assert (now.guidance.guidelines, now.job.version, now.job.signed) == ("signed", 1, True)
    ruled.record = record_of(ruled.file)
    assert ruled.current().guidance.guidelines == "a draft"


def test_persons_follow_the_file_whatever_is_signed():
    ruled = Ruled()
    ruled.record = record_of(ruled.file)
    assert ruled.current().persons.annotators == ("ann",)
    ruled.file = NOBODY
    assert ruled.current().persons.annotators == ()
    ruled.file = None
    assert ruled.current() is None


def test_same_file_and_job_are_the_same_project():
    ruled = Ruled()
    ruled.record = record_of(ruled.file)
    assert ruled.current() is ruled.current()


def test_signed_bytes_that_are_no_job_are_none():
    ruled = Ruled()
    ruled.record = PolicyRecord("0" * 64, 1, b"{}")
    assert ruled.current() is None


def test_what_gives_no_right_goes_by_what_could_be_read_last():
    found = [None, NOBODY, None]
    known = LastKnown(ANN, iter(found).__next__)
    assert [known() for _ in found] == [ANN, NOBODY, NOBODY]
