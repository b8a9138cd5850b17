from __future__ import annotations

import os

import pytest

from deploy.signin.current_persons import CurrentPersons
from schemas.errors import ConfigError
from topology.project import Persons

ANN, NOBODY = Persons((), (), (), ("ann",)), Persons((), (), (), ())


class Declared:
    """Files in a folder, and what they declare."""

    def __init__(self, folder):
        self.file = folder / "demo.yaml"
        self.persons, self.loads = ANN, 0
        self.changed()
        self.current = CurrentPersons(lambda: [folder], self.load)

    def load(self):
        self.loads += 1
        if self.persons is None:
            raise ConfigError("demo.yaml: odd")
        return self.persons

    def changed(self):
        self.file.write_text("x")
        os.utime(self.file, ns=(0, self.file.stat().st_mtime_ns + 1_000_000_000))


@pytest.fixture
def declared(tmp_path):
    return Declared(tmp_path)


def test_files_are_read_once_while_they_stay_as_they_are(declared):
    assert [declared.current() for _ in range(3)] == [ANN] * 3
    assert declared.loads == 1


def test_change_takes_effect_at_the_next_look(declared):
    declared.current()
    declared.persons = NOBODY
    declared.changed()
    assert declared.current() == NOBODY


def test_while_files_can_not_be_read_nobody_has_duties(declared):
    declared.current()
    declared.persons = None
    declared.changed()
    assert declared.current() is None
    declared.persons = ANN
    declared.changed()
    assert declared.current() == ANN


def test_file_that_is_taken_away_is_a_change(declared):
    declared.current()
    declared.file.unlink()
    declared.persons = NOBODY
    assert declared.current() == NOBODY
