from __future__ import annotations

import os
from dataclasses import replace

import pytest

from deploy.current_project import LOOK_EVERY_MS, CurrentProject
from deploy.publishing import known_routing
from schemas.errors import ConfigError
from schemas.routing import routing
from topology.loading import load_topology
from topology.routes import KnownRoutes

DEMO = load_topology().project("demo")
OTHER = replace(DEMO, routes=KnownRoutes(frozenset({"week-48"})))


class Declared:
    """A folder, what its files declare, and the time."""

    def __init__(self, folder):
        self.file, self.project, self.ms, self.loads = folder / "demo.yaml", OTHER, 0, 0
        self.file.write_text("x")
        self.current = CurrentProject(DEMO, [folder], self.load, lambda: self.ms)

    def load(self):
        self.loads += 1
        if self.project is None:
            raise ConfigError("demo.yaml: odd")
        return self.project

    def changed(self):
        os.utime(self.file, ns=(0, self.file.stat().st_mtime_ns + 1_000_000_000))


@pytest.fixture
def declared(tmp_path):
    return Declared(tmp_path)


def test_a_change_takes_effect_within_a_second_and_files_are_not_read_without_one(declared):
    declared.changed()
    assert declared.current() is DEMO
    declared.ms += LOOK_EVERY_MS
    assert [declared.current() for _ in range(3)] == [OTHER] * 3
    declared.ms += LOOK_EVERY_MS
    assert declared.current() is OTHER
    assert declared.loads == 1


def test_what_was_read_last_holds_while_a_file_can_not_be_read(declared):
    declared.project = None
    declared.changed()
    declared.ms += LOOK_EVERY_MS
    assert declared.current() is DEMO


def test_a_routing_that_redact_would_quarantine_is_refused_before_anything_is_published(tmp_path):
    (tmp_path / "projects").mkdir()
    file = "name: p\nowner: o\npersons: {authors: [a], approvers: [b]}\nbatches: [week-48]\nskills: [de]\n"
    (tmp_path / "projects" / "p.yaml").write_text(file)
    assert known_routing(tmp_path, "p", 7, "week-48", ["de"]) == routing(7, "week-48", ["de"])
    with pytest.raises(ConfigError, match=r"no such batch.*p has the batches: week-48; the skills: de"):
        known_routing(tmp_path, "p", 5, "week-49", [])
    with pytest.raises(ConfigError, match="a batch is a name"):
        known_routing(tmp_path, "p", 5, "Week 48", [])
