"""Drift through the stage: what is kept, what is told, that a crash repeats and forgets nothing."""

from __future__ import annotations

from prometheus_client import REGISTRY

from schemas.audit import EventType
from schemas.records import LabelOutcome
from schemas.states import PersonDrift
from streams.decide.charts import LEARNING
from streams.decide.drift_book import MAX_CHARTS, DriftBook
from streams.decide.processor import DecideProcessor, DecideSettings
from streams.decide.rules import Rules
from streams.engine.messages import Message
from streams.engine.processor import Batch, Plan, Slot
from tests.streams.decide.making import CODEC, label, message, span

WATCHED = Rules(watches_drift=True)
SLOT = Slot("decide.demo.0", 1, "decide.demo", "demo")
BEFORE = LEARNING + 20


class Standing:
    def now(self) -> int:
        return 0

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> None:
        raise AssertionError("decide never waits")


def made(changelog: list[Message], rules: Rules = WATCHED, **settings: int) -> DecideProcessor:
    processor = DecideProcessor("demo", CODEC, Standing(), lambda: rules, DecideSettings(**settings))
    processor.restore(SLOT, changelog)
    return processor


def changelog(plans: list[Plan]) -> list[Message]:
    written = [it for plan in plans for it in plan.outputs if it.topic == "decide-state.demo"]
    return [Message(it.topic, 0, offset, it.key, it.value) for offset, it in enumerate(written)]


def answered(number: int, *, seconds: dict[str, int], skips: str = "", marks: str = "ab") -> list:
    """Two labels of one task, or a label and a skip."""
    found = []
    for person, took in seconds.items():
        passes = person in skips
        found.append(
            label(
                person,
                *([span(0, 4)] if person in marks and not passes else []),
                task_id=f"task-{number}",
                overlap=2,
                outcome=LabelOutcome.SKIP if passes else LabelOutcome.LABEL,
                submitted_at=1 + 1_000 * took,
            )
        )
    return found


def batch(processor: DecideProcessor, records: list, now: int) -> Plan:
    return processor.process(Batch([message(it, at) for at, it in enumerate(records)], [], {}, now))


def drifts(*plans: Plan) -> list:
    return [event for plan in plans for event in plan.events if event.type is EventType.REVIEWER_DRIFTED]


def hurried(number: int) -> list:
    return answered(number, seconds={"a": 10 if number < BEFORE else 1, "b": 10})


def test_who_gets_ten_times_as_fast_as_the_others_is_told_of_once_and_counted():
    before = REGISTRY.get_sample_value("veil_reviewer_drifts_total", {"project": "demo", "signal": "time"})
    processor = made([])
    plans = [batch(processor, hurried(number), now=number) for number in range(BEFORE + 60)]
    for plan in plans:
        for act in plan.after:
            act()
    told = [event for event in drifts(*plans) if event.resource == "person/a"]
    (event,) = told
    assert (event.details["signal"], event.reason) == ("time", "lower")
    assert abs(float(event.details["usual"])) < 0.2
    assert int(event.details["since"]) == BEFORE
    assert int(event.details["answers"]) < 20
    after = REGISTRY.get_sample_value("veil_reviewer_drifts_total", {"project": "demo", "signal": "time"})
    assert after == (before or 0) + len(drifts(*plans))


def test_a_crash_after_any_batch_tells_the_same_and_tells_it_once():
    kept, restarted, plans = made([]), made([]), []
    for number in range(BEFORE + 12):
        records = hurried(number)
        expected = batch(kept, records, now=number)
        if number % 10 == 0:
            restarted = made(changelog(plans))
        plan = batch(restarted, records, now=number)
        assert (plan.outputs, plan.events) == (expected.outputs, expected.events)
        plans.append(plan)
    assert len(drifts(*plans)) == 2  # `a` got faster than `b`, and so `b` slower than `a`


def test_a_label_that_comes_again_moves_no_chart():
    processor = made([])
    first = batch(processor, hurried(1), now=1)
    again = batch(processor, hurried(1), now=2)
    assert b"drift/a" in {it.key for it in first.outputs}
    assert {it.key for it in again.outputs} == set()


def test_skips_count_where_the_task_is_closed_for_them_and_reports_count_for_nothing():
    processor = made([], skip_limit=1)
    plan = batch(processor, answered(1, seconds={"b": 5, "a": 5}, skips="a"), now=1)
    kept = {it.key: it.value for it in plan.outputs if it.key.startswith(b"drift/")}
    charts = {it.signal: it for it in CODEC.decode(kept[b"drift/a"], PersonDrift).charts}
    assert (set(charts), charts["skip"].mean) == ({"skip"}, 1.0)
    report = label("a", task_id="task-2", outcome=LabelOutcome.REPORT)
    plan = batch(processor, [label("b", task_id="task-2"), report], now=2)
    assert [it.key for it in plan.outputs if it.key.startswith(b"drift/")] == []


def test_adjudicators_are_not_watched_and_nobody_is_where_the_project_does_not_want_it():
    judged = Rules(watches_drift=True, adjudicators=frozenset({"zoe"}))
    processor = made([], judged)
    two = {"overlap": 2}
    plan = batch(processor, [label("a", span(0, 4), **two), label("b", **two), label("zoe", **two)], now=1)
    assert {it.key for it in plan.outputs if it.key.startswith(b"drift/")} == {b"drift/a", b"drift/b"}
    plan = batch(made([], Rules()), [label("a", **two), label("b", **two)], now=1)
    assert [it.key for it in plan.outputs if it.key.startswith(b"drift/")] == []


def test_charts_of_who_has_not_answered_for_long_are_dropped():
    processor = made([], drift_ms=100, sweep_ms=1)
    batch(processor, hurried(1), now=1_000)
    plan = batch(processor, [], now=1_200)
    assert {it.key for it in plan.outputs if it.value is None} >= {b"drift/a", b"drift/b"}


def test_a_person_has_so_many_charts_at_most():
    book = DriftBook("decide-state.demo", CODEC)
    assert list(book.follow({"a": {f"label/{number}": 0.0 for number in range(200)}}, 1)) == []
    (kept,) = book.changes()
    assert len(CODEC.decode(kept.value, PersonDrift).charts) == MAX_CHARTS
