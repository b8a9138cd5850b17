from __future__ import annotations

from streams.web.throttle import Throttle

NOW = 1_700_000_000_000


def test_burst_is_admitted_and_what_comes_after_it_waits():
    throttle = Throttle(per_minute=60, burst=3)
    assert [throttle.admit("ada", NOW) for _ in range(5)] == [True, True, True, False, False]
    assert throttle.wait_s("ada", NOW) == 1
    assert not throttle.admit("ada", NOW + 999)
    assert throttle.admit("ada", NOW + 1_000)
    assert not throttle.admit("ada", NOW + 1_000)


def test_long_run_is_the_rate_however_one_tries():
    throttle = Throttle(per_minute=60, burst=3)
    admitted = sum(throttle.admit("ada", NOW + at) for at in range(0, 60_000, 100))
    assert admitted == 62  # the burst beyond the first, and one a second


def test_subjects_do_not_pay_for_each_other():
    throttle = Throttle(per_minute=1, burst=1)
    assert throttle.admit("ada", NOW)
    assert not throttle.admit("ada", NOW)
    assert throttle.admit("bob", NOW)


def test_memory_is_bounded_and_too_many_subjects_share_one_allowance():
    throttle = Throttle(per_minute=1, burst=1, subjects=10)
    admitted = sum(throttle.admit(f"subject-{number}", NOW) for number in range(1_000))
    assert admitted == 11
    assert len(throttle._due) <= 11


def test_quiet_subjects_make_room():
    throttle = Throttle(per_minute=60, burst=1, subjects=10)
    for number in range(10):
        throttle.admit(f"subject-{number}", NOW)
    assert throttle.admit("late", NOW + 1_000)
    assert throttle.admit("later", NOW + 1_000)
    assert len(throttle._due) <= 10
