from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.working_hours import WorkingHours

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = frozenset(range(1, 6))
DAY = WorkingHours(BERLIN, WEEK, time(8), time(18))
NIGHT = WorkingHours(BERLIN, frozenset({5}), time(22), time(6))


def at(text, zone=UTC):
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "within"),
    [
        ("2027-01-15T07:59:59.999", False),
        ("2027-01-15T08:00", True),
        ("2027-01-15T17:59:59.999", True),
        ("2027-01-15T18:00", False),
        ("2027-01-16T12:00", False),  # a Saturday
    ],
)
def test_hours_begin_and_end_by_the_clock_of_their_zone(moment, within):
    assert DAY.include(at(moment, BERLIN)) is within


def test_an_hour_in_utc_is_another_one_in_summer():
    assert DAY.include(at("2027-01-15T07:00"))  # 08:00 in Berlin
    assert not DAY.include(at("2027-07-15T05:59"))
    assert DAY.include(at("2027-07-15T06:00"))  # 08:00 there, too


@pytest.mark.parametrize(
    ("moment", "within"),
    [
        ("2027-01-15T21:59", False),
        ("2027-01-15T22:00", True),  # Friday
        ("2027-01-16T05:59", True),  # Saturday, still Friday's night
        ("2027-01-16T06:00", False),
        ("2027-01-16T22:00", False),
        ("2027-01-15T05:00", False),  # Thursday's night is none
    ],
)
def test_hours_over_midnight_belong_to_the_day_they_begin_on(moment, within):
    assert NIGHT.include(at(moment, BERLIN)) is within


def test_hour_that_is_left_out_in_spring_lets_nobody_in_and_shuts_nobody_out():
    spring = WorkingHours(BERLIN, frozenset({7}), time(2, 30), time(4))  # 02:30 does not exist on 2027-03-28
    assert not spring.include(at("2027-03-28T00:59:59"))  # 01:59:59
    assert spring.include(at("2027-03-28T01:00:00"))  # 03:00:00, a second later


def test_hour_that_comes_twice_in_autumn_is_within_both_times():
    autumn = WorkingHours(BERLIN, frozenset({7}), time(2), time(3))  # 2027-10-31
    within = [autumn.include(at("2027-10-31T00:00") + minute * 60_000) for minute in range(180)]
    assert within == [True] * 120 + [False] * 60


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.sampled_from([DAY, NIGHT]))  # noqa: DTZ001
def test_nothing_changes_within_a_minute(moment, hours):
    """What the gate relies on when it remembers a decision for a minute."""
    start = int(moment.replace(tzinfo=UTC, second=0, microsecond=0).timestamp() * 1000)
    assert hours.include(start) == hours.include(start + timedelta(seconds=59.999) // timedelta(milliseconds=1))
