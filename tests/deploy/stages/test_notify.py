from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from deploy.stages.notify import build
from deploy.surroundings import Surroundings
from deploy.webhooks import SecretFiles
from schemas.codec import Codec, FixedIds
from streams.engine.clock import SystemClock
from topology.loading import load_topology

PROJECT = """
name: some
owner: tests
persons: {authors: [amy], approvers: [ben], annotators: [dan]}
webhooks:
  - {name: damaged, url: "https://hooks.example/", events: [task.closed]}
  - {name: fresh, url: "https://hooks.example/", events: [task.closed]}
"""


def test_a_damaged_secret_keeps_the_stage_from_nothing(tmp_path) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "some.yaml").write_text(PROJECT)
    files = SecretFiles(tmp_path, "some")
    files.path("damaged").parent.mkdir()
    files.path("damaged").write_text("nonsense")
    topology = load_topology(extra_projects=[tmp_path / "projects"])
    around = SimpleNamespace(
        root=tmp_path, project="some", topology=topology, codec=Codec(FixedIds()), clock=SystemClock()
    )
    parts = build(cast("Surroundings", around), "notify.some.0", 0)
    parts.stop()
    assert files.path("damaged").read_text() == "nonsense"
    assert len(files.read("fresh")) == 1
