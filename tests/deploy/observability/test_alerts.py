"""Alerts away from their folder: the same, with what to do in them."""

from __future__ import annotations

from deploy.observability.alerts import RUNBOOKS, groups, runbooks
from tests.deploy.observability.expressions import rules


def test_they_are_the_same_but_for_where_the_runbook_stands():
    (group,) = groups()
    for given, written in zip(group["rules"], rules(), strict=True):
        annotations = {**given["annotations"], "runbook": written["annotations"]["runbook"]}
        del annotations["description"]
        assert {**given, "annotations": annotations} == written


def test_each_has_all_that_its_runbook_says():
    text = RUNBOOKS.read_text()
    for rule in groups()[0]["rules"]:
        said = rule["annotations"]["description"]
        section = text.partition(f"## {rule['alert']}\n")[2].partition("\n## ")[0]
        assert said.split() == section.split()


def test_nothing_in_a_runbook_is_a_template_to_prometheus():
    assert "{{" not in RUNBOOKS.read_text()


def test_paragraphs_stay_and_lines_within_them_go():
    text = "# All\n\nLook first.\n\n## VeilOne\n\nOne line\nand another.\n\nMore.\n\n## VeilTwo\n\nEnd.\n"
    assert runbooks(text) == {"VeilOne": "One line and another.\n\nMore.", "VeilTwo": "End."}
