"""The drill as anybody runs it: real parts, real processes, from the fault to the closing."""

from __future__ import annotations

import json

import psutil
import pytest

from deploy.drill.command import main
from deploy.drill.report import STEPS, Report, step


@pytest.mark.own_stack
def test_the_drill_goes_from_the_fault_to_the_closing_and_leaves_nothing(tmp_path, capsys):
    before = set(psutil.Process().children())
    code = main(tmp_path / "root", as_json=True)
    output = capsys.readouterr()
    assert code == 0, output.err
    report = json.loads(output.out)
    assert (report["ok"], report["missing"], report["failure"]) == (True, [], "")
    assert [one["name"] for one in report["steps"]] == list(STEPS)
    assert set(report["contained_ms"]) == {"app-views-without-labels", "reports"}
    assert not (tmp_path / "root" / "drill").exists()
    assert set(psutil.Process().children()) <= before


def test_a_step_that_raises_is_missing_and_so_are_those_after_it():
    report, told = Report(), []

    def tell(text: str, *, good: bool = True) -> None:
        told.append((text, good))

    with step(report, "start", tell) as said:
        said.text = "all up"
    with pytest.raises(ValueError, match="no"), step(report, "policy", tell):
        raise ValueError("no")
    assert report.missing == STEPS[1:]
    assert not report.ok
    assert [(text.endswith("all up"), good) for text, good in told] == [(True, True)]
    assert report.as_json()["missing"] == list(STEPS[1:])
