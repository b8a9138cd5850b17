from __future__ import annotations

import pytest
from prometheus_client.samples import Sample

from deploy.up.figures import NONE, Figures, Leaks, figures, quantile

SAID = """# HELP veil_rounds_total Transactions committed by the loop
# TYPE veil_rounds_total counter
veil_rounds_total{project="demo",role="label"} 7.0
# TYPE veil_setbacks_total counter
veil_setbacks_total{kind="Abortable",project="demo",role="label"} 2.0
veil_setbacks_total{kind="LogUnavailable",project="demo",role="label"} 1.0
# TYPE veil_behind_seconds gauge
veil_behind_seconds{project="demo",role="label"} 0.25
# TYPE veil_queue_tasks gauge
veil_queue_tasks{project="demo",waiting_for="available"} 12.0
veil_queue_tasks{project="demo",waiting_for="leased"} 3.0
# TYPE veil_texts_in_clear gauge
veil_texts_in_clear{project="demo"} 41.0
# TYPE veil_leak_bound gauge
veil_leak_bound{policy="abc",project="demo"} 0.004
# TYPE veil_gold_values gauge
veil_gold_values{policy="abc",project="demo"} 900.0
# TYPE veil_gold_least gauge
veil_gold_least{policy="abc",project="demo"} 300.0
# TYPE veil_stands gauge
veil_stands{project="demo",role="label"} 1.0
# TYPE veil_vault_seconds histogram
veil_vault_seconds_bucket{le="0.002"} 60.0
veil_vault_seconds_bucket{le="0.005"} 100.0
veil_vault_seconds_bucket{le="+Inf"} 100.0
# TYPE veil_label_asked_seconds histogram
veil_label_asked_seconds_bucket{asked="LeaseTask",le="0.01",project="demo"} 50.0
veil_label_asked_seconds_bucket{asked="LeaseTask",le="0.02",project="demo"} 100.0
veil_label_asked_seconds_bucket{asked="LeaseTask",le="+Inf",project="demo"} 100.0
veil_label_asked_seconds_bucket{asked="Submit",le="0.01",project="demo"} 0.0
veil_label_asked_seconds_bucket{asked="Submit",le="+Inf",project="demo"} 3.0
"""
OF_WATCH = """# TYPE veil_watch_count gauge
veil_watch_count{name="characters_redacted",policy="clinic",project="demo",window_s="3600"} 25.0
veil_watch_count{name="characters_untouched",policy="clinic",project="demo",window_s="3600"} 75.0
veil_watch_count{name="characters_redacted",policy="clinic",project="demo",window_s="60"} 90.0
veil_watch_count{name="records",policy="clinic",project="demo",window_s="3600"} 40.0
veil_watch_count{name="characters_untouched",policy="mail",project="demo",window_s="3600"} 10.0
"""


def test_what_a_process_says_of_itself():
    found = figures(SAID)
    assert found == Figures(
        0.25, 3, {"available": 12, "leased": 3}, {"abc": Leaks(0.004, 900, 300)}, 7,
        vault_s=pytest.approx(0.002 + 0.003 * 35 / 40), lease_s=pytest.approx(0.019), submit_s=0.01,
        texts_in_clear=41, stands=True,
    )  # fmt: skip


def test_how_much_was_redacted_in_the_last_hour():
    assert figures(OF_WATCH).redacted == {"demo, clinic": 0.25}


def buckets(**counts: int) -> list[Sample]:
    return [Sample("b", {"le": bound.removeprefix("le").replace("_", ".")}, n) for bound, n in counts.items()]


def test_what_most_have_not_exceeded():
    assert quantile(0.5, buckets(le1=10, le2=10, leinf=10)) == 0.5
    assert quantile(0.5, buckets(le1=0, le2=10, leinf=10)) == 1.5
    assert quantile(0.95, buckets(le1=0, le2=0, leinf=4)) == 2
    assert quantile(0.95, buckets(le1=0, le2=0, leinf=0)) is None
    assert quantile(0.95, []) is None
    assert quantile(0.95, buckets(leinf=3)) is None
    assert quantile(0.95, buckets(le1=3, le2=3)) is None


def test_several_of_a_name_are_taken_together():
    assert quantile(0.5, [*buckets(le1=10, leinf=10), *buckets(le1=0, leinf=10)]) == 1.0


def test_one_that_has_no_loop_says_nothing():
    assert figures("# TYPE veil_well gauge\nveil_well 1.0\n") == NONE


def test_one_without_setbacks_has_none():
    assert figures('# TYPE veil_rounds_total counter\nveil_rounds_total{role="join"} 1.0\n').setbacks == 0


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="could not convert"):
        figures("nonsense {")
