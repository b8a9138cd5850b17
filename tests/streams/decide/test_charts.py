from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.decide.charts import CLIP, LEARNING, LIMIT, SLACK, Alarm, followed, opened
from tests.streams.decide import drifting
from tests.streams.decide.drifting import Habits

values = st.floats(-1e6, 1e6)


def run(numbers, chart=None, start=0):
    """The chart after these numbers, and the alarms on the way, each with the place of its number."""
    chart, alarms = chart or opened("time"), []
    for at, number in enumerate(numbers, start):
        chart, alarm = followed(chart, number, at, 0.1)
        if alarm:
            alarms.append((at, alarm))
    return chart, alarms


def test_mean_and_variance_are_those_of_the_values_while_it_learns():
    chart, _ = run([1.0, 2.0, 3.0, 6.0])
    assert (chart.mean, chart.variance) == (3.0, 3.5)


@pytest.mark.parametrize(("to", "sign"), [(1.0, 1), (-1.0, -1)])
def test_a_change_of_one_unit_is_told_once_with_the_levels_before_and_after_and_when_it_began(to, sign):
    _, alarms = run([*([0.04, -0.04] * 200), *([to + 0.04, to - 0.04] * 200)])
    ((at, alarm),) = alarms
    assert at <= 420
    assert alarm.since == 400
    assert alarm.usual == pytest.approx(0, abs=0.1)
    assert alarm.level == pytest.approx(to, abs=0.1)
    assert alarm.values == at - 399
    assert (alarm.level > alarm.usual) == (sign > 0)


def test_nothing_is_an_alarm_while_it_learns():
    assert run([-9.0, 9.0] * (LEARNING // 2))[1] == []


def test_one_answer_however_far_off_is_no_alarm_and_enough_of_them_are():
    chart, _ = run([0.0] * LEARNING)
    needed = int(LIMIT / (CLIP - SLACK)) + 1
    assert run([1e9] * (needed - 1), chart)[1] == []
    assert len(run([100.0] * needed, chart)[1]) == 1


def test_after_an_alarm_the_new_level_is_what_is_usual():
    chart, alarms = run([0.0] * 200 + [1.0] * 600)
    assert len(alarms) == 1
    assert chart.mean == pytest.approx(1.0)


@given(st.lists(values, max_size=250))
def test_sums_stay_between_zero_and_the_limit_and_begin_where_they_left_zero(numbers):
    chart, _ = run(numbers)
    assert chart.variance >= 0
    for one in (chart.high, chart.low):
        assert 0 <= one.sum <= LIMIT
        assert bool(one.sum) == bool(one.count)


def test_the_simulation_gives_the_same_for_the_same_seed():
    def once() -> list[tuple[int, str, Alarm]]:
        return list(drifting.watch(3, 900, lambda at: Habits(speed=2.0 if at > 400 else 1.0)))

    assert once() == once() != []


def test_false_alarms_are_as_rare_as_stated():
    assert drifting.false_alarms(drifting.TESTED_MONTHS) <= drifting.MOST_FALSE_ALARMS


@pytest.mark.parametrize(
    ("signal", "changed", "within"),
    [(signal, changed, within) for signal, _, changed, within in drifting.CHANGES if within],
)
def test_a_change_is_found_within_the_stated_number_of_labels(signal, changed, within):
    found = drifting.delays(signal, changed, drifting.TESTED_RUNS)
    assert sum(delay <= within for delay in found) >= 0.8 * drifting.TESTED_RUNS
