"""The table of quality: what is worse is said, and what is printed is what was measured."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from streams.redact.quality.intervals import Estimate
from streams.redact.quality.report import (
    BEGIN,
    END,
    Cell,
    QualityReport,
    from_json,
    markdown,
    replace_block,
    worse,
)
from topology.policies import Mode

CELL = Cell(100, Estimate(0.02, 0.015, 0.025), Estimate(0.08, 0.07, 0.09))
REPORT = QualityReport(
    "2026-11-25", {("synthetic", Mode.FAST): CELL}, {Mode.FAST: Estimate(120.0, 110.0, 130.0)}, {}
)


def test_a_report_comes_back_from_its_json() -> None:
    assert from_json(json.loads(json.dumps(REPORT.to_json()))) == REPORT


def test_a_cell_within_its_interval_is_not_worse() -> None:
    new = replace(REPORT, cells={("synthetic", Mode.FAST): replace(CELL, leak=Estimate(0.025, 0.02, 0.03))})
    assert list(worse(new, REPORT)) == []


def test_a_cell_beyond_its_interval_is_named() -> None:
    new = replace(REPORT, cells={("synthetic", Mode.FAST): replace(CELL, leak=Estimate(0.026, 0.02, 0.03))})
    (sentence,) = worse(new, REPORT)
    assert sentence.startswith("synthetic, fast: leak 2.60%")


def test_a_new_cell_is_not_worse_than_nothing() -> None:
    assert list(worse(REPORT, replace(REPORT, cells={}))) == []


def test_a_cell_that_is_no_longer_measured_is_worse() -> None:
    (sentence,) = worse(replace(REPORT, cells={}), REPORT)
    assert sentence.startswith("synthetic, fast: not measured")


@pytest.mark.parametrize(("times", "is_worse"), [(110.0, False), (200.0, False), (109.9, True)])
@pytest.mark.parametrize("row", ["batch", "single"])
def test_a_speed_below_its_interval_is_worse(row: str, times: float, is_worse: bool) -> None:
    old = replace(REPORT, **{"batch": {}, row: {Mode.FAST: Estimate(120.0, 110.0, 130.0)}})
    new = replace(REPORT, **{"batch": {}, row: {Mode.FAST: Estimate(times, times, times)}})
    assert [one.startswith("speed, ") and "fast" in one for one in worse(new, old)] == [True] * is_worse


def test_a_speed_that_is_no_longer_measured_is_worse() -> None:
    (sentence,) = worse(replace(REPORT, batch={}), REPORT)
    assert sentence.startswith("speed, in batches, fast: not measured")


def test_the_table_shows_value_interval_and_target() -> None:
    table = markdown(REPORT)
    assert "2.00 (1.50–2.50) / 8.00 (7.00–9.00)<br>≤ 2.2 / 9 |" in table
    assert "120 × (110–130)<br>≥ 100" in table


def test_a_missed_target_is_said() -> None:
    missed = replace(REPORT, cells={("synthetic", Mode.FAST): replace(CELL, leak=Estimate(0.03, 0.02, 0.04))})
    assert "**missed**" in markdown(missed)


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    document = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert replace_block(document, markdown(REPORT)) == f"before\n{markdown(REPORT)}\nafter\n"


def test_a_document_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="substring not found"):
        replace_block("nothing here", markdown(REPORT))
