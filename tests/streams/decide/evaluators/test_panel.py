"""Evaluators in their real processes, good and hostile, and the stage with them."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest
from prometheus_client import REGISTRY

from schemas.audit import EventType
from schemas.errors import ConfigError
from schemas.records import FieldShape, LabelOutcome, PlaceholderSpan
from streams.decide.evaluators import Signal
from streams.decide.evaluators import panel as panel_module
from streams.decide.evaluators.panel import EvaluatorSettings, Panel
from streams.decide.evaluators.process import EvaluatorProcess
from streams.decide.evaluators.reading_speed import FasterThanReading
from streams.decide.processor import DecideProcessor
from streams.engine.processor import Batch, Plan
from tests.streams.decide.making import CODEC, label, message, span
from tests.streams.decide.test_drift import SLOT, Standing
from tests.support.waiting import wait_for

EXAMPLES = "tests.streams.decide.evaluators.examples"
QUICK = EvaluatorSettings(answer_s=2.0, starts=1)
"""Long enough for a good one on a busy machine."""
PATIENT = EvaluatorSettings(answer_s=30.0, starts=1)


@pytest.fixture
def panel_of():
    made = []

    def make(*names: str, settings: EvaluatorSettings | None = None) -> Panel:
        made.append(Panel("demo", [f"{EXAMPLES}:{name}" for name in names], EvaluatorProcess, settings))
        return made[-1]

    yield make
    for panel in made:
        panel.close()


def looked(panel: Panel, *labels) -> Plan:
    plan = Plan()
    panel.look(labels or [label("a")], plan)
    return plan


def failures(plan: Plan) -> list[tuple[str, str]]:
    return [
        (event.details["evaluator"].partition(":")[2], event.reason)
        for event in plan.events
        if event.type is EventType.EVALUATOR_FAILED
    ]


def test_what_it_says_is_on_the_audit_by_label_and_task_and_counted(panel_of):
    plan = looked(panel_of("Counts", settings=PATIENT), label("a", span(0, 4), span(5, 6)), label("b"))
    assert [(it.type, it.resource, it.parents, it.details["value"]) for it in plan.events] == [
        (EventType.EVALUATOR_SIGNALLED, "label/task-1-a", ("task/task-1",), "2"),
        (EventType.EVALUATOR_SIGNALLED, "label/task-1-b", ("task/task-1",), "0"),
    ]
    name = {"project": "demo", "evaluator": f"{EXAMPLES}:Counts", "signal": "spans"}
    before = REGISTRY.get_sample_value("veil_evaluator_signals_total", name) or 0
    for act in plan.after:
        act()
    assert REGISTRY.get_sample_value("veil_evaluator_signals_total", name) == before + 2


def test_it_finds_no_variable_of_ours(panel_of, monkeypatch):
    monkeypatch.setenv("VEIL_ROOT", "secret")
    plan = looked(panel_of("Sees", settings=PATIENT))
    assert float(plan.events[0].details["value"]) <= 1  # LC_CTYPE, which Python sets itself


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Raises", "raised"),
        ("Hangs", "hangs"),
        ("Spins", "hangs"),
        ("Ends", "ended"),
        ("SaysOfAnother", "bad_answer"),
        ("SaysWords", "bad_answer"),
        ("SaysNoNumber", "bad_answer"),
        ("SaysADecimal", "bad_answer"),
        ("SaysNoSignal", "bad_answer"),
        ("SaysTwice", "bad_answer"),
        ("SaysTooMuch", "bad_answer"),
    ],
)
def test_one_that_fails_is_said_without_its_words_and_the_others_go_on(panel_of, name, reason):
    panel = panel_of(name, "Counts", settings=QUICK if reason == "hangs" else PATIENT)
    began = time.monotonic()
    plan = looked(panel)
    assert time.monotonic() - began < 30
    assert failures(plan) == [(name, reason)]
    assert [it.type for it in plan.events].count(EventType.EVALUATOR_SIGNALLED) == 1
    assert "Jane" not in str(plan.events)


def test_one_that_raised_is_asked_again_in_the_same_process(panel_of):
    panel = panel_of("RaisesAtFirst", settings=PATIENT)
    assert failures(looked(panel)) == [("RaisesAtFirst", "raised")]
    assert failures(looked(panel)) == []


def test_one_that_keeps_hanging_is_begun_anew_so_often_and_then_off_and_costs_nothing(panel_of):
    panel = panel_of("Hangs", "Counts", settings=QUICK)
    first, second, third = looked(panel), looked(panel), looked(panel)
    assert failures(first) == failures(second) == [("Hangs", "hangs")]
    assert [event.details.get("state") for event in first.events if "state" in event.details] == []
    assert "off until decide starts again" in second.notice
    assert failures(third) == []
    assert len(third.events) == 1


def test_its_process_ends_when_it_hangs_and_when_the_panel_closes(panel_of):
    panel = panel_of("Spins", "Counts", settings=EvaluatorSettings(answer_s=2.0, starts=0))
    pids = [it.pid for it in panel._running.values()]
    looked(panel)
    wait_for(lambda: not psutil.pid_exists(pids[0]), "the one that spins is gone")
    panel.close()
    wait_for(lambda: not psutil.pid_exists(pids[1]), "the other one is gone")


@pytest.mark.parametrize("name", [f"{EXAMPLES}:Nobody", "no.such.module:Class", f"{EXAMPLES}:NeedsArguments"])
def test_what_cannot_be_used_is_said_at_the_start(name):
    with pytest.raises(ConfigError, match="can't be used"):
        EvaluatorProcess(name)


def test_nobody_is_asked_about_nothing(panel_of):
    assert looked(panel_of("Counts", settings=PATIENT)).events
    plan = Plan()
    panel_of("Raises").look([], plan)
    assert plan.empty


def test_decide_has_verdict_and_signals_in_one_plan_and_none_of_refused_labels(panel_of):
    panel = panel_of("Counts", "Hangs", settings=QUICK)
    processor = DecideProcessor("demo", CODEC, Standing(), look=panel.look)
    processor.restore(SLOT, [])
    records = [label("a", span(0, 4), overlap=1), label("b", overlap=1)]
    plan = processor.process(Batch([message(it, at) for at, it in enumerate(records)], [], {}, 1))
    kinds = [event.type for event in plan.events]
    assert kinds.count(EventType.VERDICT_REACHED) == 1
    assert kinds.count(EventType.RECORD_REFUSED) == 1
    assert [it.resource for it in plan.events if it.type is EventType.EVALUATOR_SIGNALLED] == ["label/task-1-a"]


def read(seconds: float, length: int = 500, **changes):
    shape = FieldShape("text", length, (PlaceholderSpan(0, 100, "PERSON"),))
    return label("a", fields=(shape,), leased_at=0, submitted_at=int(1000 * seconds), **changes)


@pytest.mark.parametrize(
    ("given", "signals"),
    [
        (read(4), [2.0]),
        (read(8), []),
        (read(0), [8000.0]),
        (read(0.1, length=150), []),
        (read(1, outcome=LabelOutcome.SKIP), []),
    ],
)
def test_the_example_signals_who_answers_faster_than_they_can_read(given, signals):
    assert [it.value for it in FasterThanReading().evaluate([given])] == signals


def test_the_example_of_the_readme_works():
    readme = (Path(panel_module.__file__).parent / "README.md").read_text(encoding="utf-8")
    names = {"Signal": Signal}
    exec(readme.partition("```python\n")[2].partition("```")[0], names)  # noqa: S102 - our own README
    assert names["Hurried"]().evaluate([read(0.5), read(2)]) == [Signal("task-1-a", "hurried", 1.0)]
