"""The demo as a newcomer runs it: real parts, real processes."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import psutil
import pytest

from deploy.demo import main
from deploy.demo.report import Report
from deploy.local.stack import LocalStack
from deploy.supervise.lock import RootLock
from streams.audit.store import Directory
from streams.audit.verify import verify_export

CONTRACT = """
    records tasks quarantined dropped labels verdicts joined audit_events reconciled audit_verified
    canaries_planted canary_hits label_f1_raw_coordinates seconds throughput_records_per_s
""".split()  # noqa: SIM905 - as the design lists them


def working_on(root: Path) -> list[list[str]]:
    """The command lines of all processes of this machine that name the folder, whoever their parent is by now."""
    lines = [it.info["cmdline"] or [] for it in psutil.process_iter(["cmdline"])]
    return [line for line in lines if any(str(root) in word for word in line)]


@pytest.mark.demo
def test_the_demo_ends_by_itself_and_proves_what_it_says(tmp_path, capsys):
    before = set(psutil.Process().children())
    root = tmp_path / "new"
    code = main(root, as_json=True)
    assert root.stat().st_mode & 0o777 == 0o700
    output = capsys.readouterr()
    report = json.loads((root / "demo" / "report.json").read_text())
    assert code == 0, output.err
    assert json.loads(output.out) == report
    assert [name for name in CONTRACT if name not in report] == []
    assert report["ok"]
    assert report["sealed_events"] == report["audit_events"]
    assert report["alerts_about"] == []
    assert report["alerts"] == 0
    assert report["robots_noticed"] <= report["annotators"]
    assert 1 < report["checkpoints"] < report["audit_events"]
    assert report["canary_hits"] == 0
    assert report["canaries_planted"] > 100
    assert report["quarantined"] == 5
    assert report["joined"] + report["gold"] == report["tasks"] - 1
    assert report["gold"] > 15
    assert 0 < report["leak_bound"] < 1
    assert report["records"] == report["tasks"] + report["quarantined"] + report["dropped"]
    assert report["label_f1_robot_without_errors"] > report["label_f1_raw_coordinates"] - 0.02 > 0.9
    assert report["spans_true"] > 1000
    assert report["peak_memory_mb"] < 4096
    assert verify_export(Directory(root / "demo" / "audit")).holds
    assert (
        set(psutil.Process().children()) <= before
    )  # not theirs: a browser of earlier tests starts what it likes
    assert working_on(root) == []


def test_a_demo_that_is_running_is_not_disturbed_by_a_second_one(tmp_path, capsys):
    stack = tmp_path / "demo" / "stack"
    with RootLock(stack):
        assert main(tmp_path, as_json=True) == 2
    assert "in use" in capsys.readouterr().err
    assert stack.exists()


def test_ctrl_c_is_answered_with_130_and_leaves_nothing_running(tmp_path, capsys, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalStack, "start", interrupted)
    assert main(tmp_path, as_json=True) == 130
    assert "Interrupted" in capsys.readouterr().err
    with RootLock(tmp_path / "demo" / "stack"):
        pass


def test_every_key_of_the_report_is_documented():
    readme = resources.files("deploy.demo").joinpath("README.md").read_text()
    assert [name for name in Report.__dataclass_fields__ if f"`{name}`" not in readme] == []
