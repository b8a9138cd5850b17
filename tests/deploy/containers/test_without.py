"""What runs in a container runs without the packages that the image leaves out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.kubernetes.cluster import Cluster
from deploy.kubernetes.making import made
from tests.support.containers import TREE
from topology.loading import load_topology

LEFT_OUT = (TREE / "deploy" / "containers" / "without.txt").read_text().split("\n", 1)[1].split()
TRY = """
import sys
import importlib.abc
class LeftOut(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition('.')[0] in {names}:
            raise ModuleNotFoundError(f'{{name}} is in no image')
sys.meta_path.insert(0, LeftOut())
from deploy.cli.app import app
app(sys.argv[1:])
"""
REFUSED = 2


def in_a_container(*arguments: str) -> subprocess.CompletedProcess[str]:
    names = {it.replace("-", "_") for it in LEFT_OUT}
    command = [sys.executable, "-c", TRY.format(names=names), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"}
    )


def jobs() -> dict[str, list[str]]:
    """What the jobs of a cluster call, by the name of each."""
    files = made(load_topology(), Cluster("veil.example"))
    objects = [it for name, file in files.items() if name != "kustomization.yaml" for it in file]
    pods = {
        it["metadata"]["name"]: it["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for it in objects
        if it["kind"] == "CronJob"
    }
    return {name: pod["containers"][0]["args"] for name, pod in pods.items()}


@pytest.mark.parametrize("job", jobs())
def test_a_job_of_a_cluster_gets_as_far_as_asking_for_its_stack(job: str, tmp_path: Path) -> None:
    recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
    said = {"$(RECIPIENT)": recipient, "/backups/$(POD)": str(tmp_path / "backup"), "/veil": str(tmp_path)}
    done = in_a_container(*(said.get(it, it) for it in jobs()[job]))
    assert done.returncode == REFUSED, done.stderr
    assert "bug in veil" not in done.stderr
    assert "topology apply" in done.stderr or "veil up" in done.stderr, done.stderr
