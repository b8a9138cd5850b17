from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from deploy.demo.report import Report
from deploy.demo.screen import Lines, Picture
from deploy.demo.summary import Example, failed, summary

REPORT = Report(
    records=408, tasks=400, quarantined=5, dropped=3, withdrawn=1, views=1218, labels=1203, skipped=9,
    verdicts=399, joined=378, gold=21, gold_values=64, gold_values_leaked=0, leak_bound=0.0457,
    gold_answers_right=0.93, audit_events=4112, reconciled=True, audit_verified=True,
    sealed_events=4112, checkpoints=61, alerts=0, alerts_about=(), logs_carried=True, robots_noticed=0,
    canaries_planted=457, canary_forms=15702, canary_hits=0, searched_mb=120.5, label_f1_raw_coordinates=0.975,
    label_f1_robot_without_errors=0.989,
    tone_accuracy=0.99, tone_accuracy_robot_without_errors=0.995, spans_true=1137, spans_snapped=7, annotators=6,
    quarantine_reasons={"bad_json": 1}, seconds=58.2, seconds_by_step={}, throughput_records_per_s=17.0,
    redacted_records_per_s=330.0, peak_memory_mb=1500, external_parts=(), failures=(),
)  # fmt: skip
EXAMPLE = Example(
    {"customer.name": "Ann", "customer.address": "Bath", "customer.note": "I am Ann [really]"},
    {"customer.name": "[PERSON_1]", "customer.note": "I am [PERSON_1] [really]"},
    (("REQUEST", "[PERSON_1]", "Ann"),),
)


def rendered(what, columns):
    console = Console(file=io.StringIO(), width=columns, force_terminal=True, color_system=None, markup=False)
    console.print(what)
    return console.file.getvalue()


@pytest.mark.parametrize("columns", [80, 100, 140])
def test_the_summary_fits_the_terminal_and_says_everything(columns):
    text = rendered(summary(REPORT, EXAMPLE, ".veil/demo"), columns)
    assert max(map(len, text.splitlines())) <= columns
    for part in ("What came in", "annotator saw", "What came out", "audit proves", "How to go on"):
        assert part in text
    assert "I am [PERSON_1] [really]" in text
    assert "(not shown at all)" in text


def test_a_failed_run_says_what_failed():
    report = dataclasses.replace(REPORT, failures=("The audit does not add up.",))
    assert not report.ok
    assert "The audit does not add up." in rendered(failed(report), 80)
    assert "The audit does not add up." in rendered(summary(report, EXAMPLE, ".veil/demo"), 80)


def test_where_nobody_has_read_the_parts_logs_nothing_is_said_of_what_they_show():
    unread = dataclasses.replace(REPORT, logs_carried=False)
    text = " ".join(rendered(summary(unread, EXAMPLE, ".veil/demo"), 140).split())
    assert "0 alerts by watch. Nobody has read Vault's and Kafka's own logs here." in text
    assert "Vault's and Kafka's own logs show nothing" not in text
    alarmed = dataclasses.replace(unread, alerts=1, alerts_about=("high X: Y",))
    assert "1 alerts, by watch:" in " ".join(rendered(summary(alarmed, EXAMPLE, ".veil/demo"), 140).split())


def test_a_log_gets_clean_lines():
    out = io.StringIO()
    lines = Lines(Console(file=out, width=100))
    with lines.step("start", "starting") as step:
        lines.note("kafka ready")
        lines.passing("1 of 4")
        lines.counts(lambda _: 3, 10)
        lines.counts(lambda _: 4, 10)
        step.done = "started"
    text = out.getvalue()
    assert "\x1b" not in text
    assert "\r" not in text
    assert [line.strip().split("  ", 1)[1].strip() for line in text.splitlines()] == [
        "… starting",
        "kafka ready",
        "raw 3  tasks 3  labels 3  verdicts 3  joined 3  of 10",
        "✓ started (0.0 s)",
    ]
    assert lines.seconds == {"start": pytest.approx(0, abs=0.5)}


def test_a_step_that_fails_is_not_told_as_done():
    out = io.StringIO()
    lines = Lines(Console(file=out, width=100))
    with pytest.raises(ValueError, match="no"), lines.step("start", "starting"):
        raise ValueError("no")
    assert "✓" not in out.getvalue()
    assert "✗ starting" in out.getvalue()


def test_the_picture_marks_a_step_that_failed():
    picture = Picture()
    with pytest.raises(KeyboardInterrupt), picture.step("start", "starting"):
        raise KeyboardInterrupt
    assert "✗ starting" in rendered(picture, 100)


def test_the_picture_shows_steps_and_counts():
    picture = Picture()
    with picture.step("start", "starting") as step:
        picture.note("vault ready")
        assert "vault ready" in rendered(picture, 100)
        step.done = "started"
    picture.counts(lambda kind: {"joined": 40}.get(kind, 50), 399)
    text = rendered(picture, 100)
    assert "✓ started" in text
    assert "40 of 399 joined" in text
    assert "redact" in text
