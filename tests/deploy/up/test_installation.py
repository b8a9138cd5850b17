from __future__ import annotations

from deploy.up.installation import Installation
from topology.loading import load_topology

PROJECT = """
name: some
owner: tests
persons: {authors: [amy], approvers: [ben], operators: [cleo], annotators: [dan]}
webhooks:
  - {name: warehouse, url: "https://hooks.example/", events: [task.closed]}
"""


def test_only_a_project_that_tells_somebody_something_has_a_process_that_does(tmp_path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "some.yaml").write_text(PROJECT)
    installation = Installation(tmp_path, ("demo", "some"), environ={})
    installation._assign(load_topology(extra_projects=[tmp_path]))
    assert [it for it in installation.processes if it.startswith("notify.")] == ["notify.some.0"]
    assert "decide.demo.0" in installation.processes
