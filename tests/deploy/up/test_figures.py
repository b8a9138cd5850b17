from __future__ import annotations

import pytest

from deploy.up.figures import NONE, Figures, figures

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
# TYPE veil_leak_bound gauge
veil_leak_bound{policy="abc",project="demo"} 0.004
"""


def test_what_a_process_says_of_itself():
    assert figures(SAID) == Figures(0.25, 3, {"available": 12, "leased": 3}, {"abc": 0.004})


def test_one_that_has_no_loop_says_nothing():
    assert figures("# TYPE veil_well gauge\nveil_well 1.0\n") == NONE


def test_one_without_setbacks_has_none():
    assert figures('# TYPE veil_rounds_total counter\nveil_rounds_total{role="join"} 1.0\n').setbacks == 0


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="could not convert"):
        figures("nonsense {")
