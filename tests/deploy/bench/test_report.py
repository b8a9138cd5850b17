from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from deploy.bench.figures import Latency, Target
from deploy.bench.handouts import Faults
from deploy.bench.report import (
    Again,
    Calls,
    Containing,
    Delays,
    Erasing,
    Joining,
    Mappings,
    Queueing,
    Rates,
    Report,
    Resources,
    Revealing,
    Scaling,
    Sealing,
    Step,
    Studio,
    Texts,
    Way,
)
from deploy.bench.spent import Costs, InVault, Labeled, Spent
from deploy.bench.steady import HOUR_S, Sizes, Soak, Window
from deploy.bench.table import tables

FAST, SLOW = Latency(100, 2.0, 4.0, 8.0), Latency(100, 20.0, 30.0, 40.0)
RATES = Rates(
    {
        Way.DETECTED: [2000.0, 2400.0, 100.0],
        Way.FAST: [2200.0] * 3,
        Way.UNDETECTED: [4000.0] * 3,
        Way.ALTERNATIVE: [80.0] * 3,
    },
    {Way.DETECTED: {"task": 29_000, "quarantined": 1_000}},
)
SCALING = Scaling(
    [
        Step(1, 2_000.0, {"redact": 0.4, "kafka": 0.1}, 0.6),
        Step(2, 3_000.0, {"redact": 0.5, "kafka": 0.1}, 1.0),
        Step(1, 2_200.0, {"redact": 0.3, "kafka": 0.1}, 0.7),
        Step(2, 3_600.0, {"redact": 0.6, "kafka": 0.2}, 0.9),
        Step(1, 100.0, {"redact": 4.0, "kafka": 1.0}, 1.0),
        Step(2, 3_200.0, {"redact": 0.5, "kafka": 0.1}, 1.0),
    ]
)
SOAK = Soak(
    3_000,
    500.0,
    HOUR_S,
    Sizes({"label.bench.0": 150_000_000, "redact.bench.0": 300_000_000}, 0),
    [
        Window(
            1_000 * it,
            SLOW,
            Sizes({"label.bench.0": 150_000_000 + 1_000_000 * it, "redact.bench.0": 300_000_000}, it * 10**6),
        )
        for it in (1, 2, 3)
    ],
    reconciled=True,
)
WHOLE = Report(
    date="2026-01-01T00:00:00+00:00",
    machine={"cores": "2"},
    records=10_000,
    rates=RATES,
    delays=Delays(100, task=SLOW, plain=FAST),
    queueing=Queueing(
        20_000,
        180 * 2**20,
        [Calls(1, 90.0, lease=FAST, submit=FAST), Calls(8, 200.0, lease=SLOW, submit=FAST)],
        Faults(0, 0, 1),
        FAST,
    ),
    studio=Studio("1.23.0", 20_000, [Calls(1, 9.0, lease=SLOW, submit=SLOW)], Faults(3, 0, 2), 17),
    resources=Resources(
        {"redact.bench.0": 300 * 2**20, "kafka": 400 * 2**20}, {"redact.bench.0": 0.02, "kafka": 0.06}
    ),
    sealing=Sealing(30_000, 9_000.0, 5_000, FAST, 2_100.0, 3.5),
    containing=Containing(FAST, 12.0, 2_400.0),
    again=Again(10_000, 1_850.0),
    erasing=Erasing(10_000, 100, 12.0, 61.0),
    mappings=Mappings(600, 180.0, 80.0, 100.0),
    joining=Joining(60_000, 2_999.0, 17 * 2**20),
    revealing=Revealing(FAST, replace(SLOW, p95_ms=150.1)),
    scaling=SCALING,
    costs=Costs(
        1_000,
        3,
        Spent({"redact.bench.0": 0.4, "kafka": 0.06}, {"audit.P": 310.5}),
        [
            Labeled(3, 970, 30.0, Spent({"label.bench.0": 4.5}, {"labels.P": 3_310.5, "alerts.P": 0.4})),
            Labeled(32, 970, 600.0, Spent({"label.bench.0": 1.5, "kafka": 2.25}, {"labels.P": 3_300.5})),
        ],
        InVault(250.0, 557.0, 1_700.0),
        {"label.bench.0": 150e6},
        {"label.bench.0": 2_500.0},
    ),
    soak=SOAK,
    texts=Texts(2**20, {"fast": 0.9, "strict": 1.2}, {"fast": 2.5, "strict": 4.9}, 1_000_000, 3 * 2**20),
)
EMPTY = Report(date="2026-01-01T00:00:00+00:00", machine={}, records=0)


def test_what_more_processes_give_is_told_by_the_medians():
    assert SCALING.processes == [1, 2]
    assert SCALING.efficiency(1) == SCALING.a_core(1) == 1
    assert SCALING.efficiency(2) == 3_200 / (2 * 2_000)
    assert SCALING.a_core(2) == 0.4 / 0.5
    assert (SCALING.cpu_ms(2), SCALING.busy(1)) == ({"redact": 0.5, "kafka": 0.1}, 0.7)
    (target,) = SCALING.targets()
    assert (target.figure, target.met) == (0.8, False)


def test_ratios_are_those_of_the_medians():
    assert RATES.over(Way.UNDETECTED) == 0.5
    assert RATES.over(Way.ALTERNATIVE) == 25


def test_each_target_says_whether_it_is_met():
    met = {target.name: target.met for target in WHOLE.targets()}
    assert met == {
        "redact ÷ alternative": True,
        "redact ÷ no detection": True,
        "redact with 2: what a core of theirs gives ÷ with 1": False,
        "redact, fast ÷ no detection": False,
        "lease p95, 1 annotator, ms": True,
        "submit p95, 1 annotator, ms": True,
        "lease p95, 8 annotators, ms": False,
        "submit p95, 8 annotators, ms": True,
        "labels/s, 8 annotators": False,
        "label with 20,000 tasks, MB": True,
        "tasks handed out twice, labels lost or doubled": False,
        "events sealed/s": True,
        "checkpoint behind at 5,000/s, worst, s": False,
        "sealer back after kill -9, s": True,
        "alert to contained p95, s": True,
        "alert to frozen, s": False,
        "a person of 10,000 segments erased, s": False,
        "segments ÷ bare writes of their size": True,
        "verdicts joined/s, entries in Vault": False,
        "join's memory more, MiB, entries in Vault": False,
        "second approval to values p95, ms": False,
        "idle CPU of the busiest process": False,
        "1 MiB of text, fast, s": True,
        "1 MiB made to be slow, s": True,
        "1 MiB of text, strict, s": True,
        "memory more after 1,000,000 texts, MiB": True,
        "p95, last third ÷ the one before": True,
        "disk of a record, last third ÷ the one before": True,
        "memory of keeper, bytes a waiting task": True,
        "any other process grew by, MiB": True,
        "reconciled": True,
    }


@pytest.mark.parametrize(("size", "met"), [(190_000_000, True), (190_000_001, False)])
def test_label_may_take_150_megabytes_and_two_kilobytes_a_task(size, met):
    queueing = Queueing(20_000, size, [Calls(1, 90.0, lease=FAST, submit=FAST)], Faults(0, 0, 0), FAST)
    (target,) = [it for it in queueing.targets() if it.name.startswith("label with")]
    assert (target.met, target.goal) == (met, 190.0)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_target_is_met_by_its_goal_itself_and_all_on_its_good_side(figure, goal):
    at_least, at_most = (Target("x", figure, goal, way).met for way in (True, False))
    assert at_least or at_most
    assert (at_least and at_most) == (figure == goal)


def test_report_as_json_holds_every_part_with_ratios_and_targets():
    content = json.loads(json.dumps(WHOLE.as_json()))
    assert content["redact"]["redact"] == {
        "records_per_s": 2000,
        "runs": [2000, 2400, 100],
        "outcomes": {"task": 29_000, "quarantined": 1_000},
    }
    assert content["redact"]["ratio_to_alternative"] == 25
    assert content["latency"]["ratio_p50"] == 10
    assert content["latency"]["ratio_p99"] == 5
    assert [calls["annotators"] for calls in content["label"]["groups"]] == [1, 8]
    assert content["label"]["groups"][0]["lease"]["p95_ms"] == 4
    assert content["redact"]["fast_ratio_to_no_detection"] == 0.55
    assert content["seal"]["events_per_s"] == 9_000
    assert (content["label_studio"]["faults"]["twice"], content["label_studio"]["failed"]) == (3, 17)
    assert content["costs"]["labeled"][1]["spent"]["cpu_ms"] == {"label.bench.0": 1.5, "kafka": 2.25}
    assert content["again"] == {"records": 10_000, "copies_per_s": 1_850}
    assert content["contain"]["frozen_ms"] == 2_400
    assert content["erase"]["erased_s"] == 12
    assert content["join"]["joined_per_s"] == 2_999
    assert content["reveal"]["said"]["p95_ms"] == 4
    assert content["texts"]["hostile_s"] == {"fast": 2.5, "strict": 4.9}
    assert content["peak_bytes"]["kafka"] == 400 * 2**20
    assert content["idle_cpu"]["redact.bench.0"] == 0.02
    assert {target["met"] for target in content["targets"]} == {True, False}


def test_report_of_nothing_has_no_parts_and_no_targets():
    content = EMPTY.as_json()
    assert content["targets"] == []
    assert content.keys().isdisjoint({"redact", "latency", "label", "peak_bytes"})


def test_tables_print_targets_beside_figures():
    out = io.StringIO()
    console = Console(file=out, width=120)
    for table in tables(WHOLE):
        console.print(table)
    text = " ".join(out.getvalue().split())
    for part in (
        "25.00 ×",
        "1,850",
        "0.50 ×",
        "10.0 ×",
        "≥ 20",
        "≤ 15",
        "met",
        "missed",
        "redact.bench.0",
        "Label Studio 1.23.0",
        "calls made again 17",
        "labeled by 32 people",
        "3,000 records, 500/s",
        "6.0%",
        "700",
        "4.9",
    ):
        assert part in text
