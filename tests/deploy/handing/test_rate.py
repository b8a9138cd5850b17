"""How often a slot is handed a login."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deploy.handing.rate import MOST, WINDOW_S, Rate


@given(st.lists(st.floats(0.0, 60.0), max_size=200))
def test_no_window_holds_more_than_the_most(pauses):
    rate, now, handed = Rate(), 0.0, []
    for pause in pauses:
        now += pause
        if rate.allows(now):
            rate.count(now)
            handed.append(now)
    for at in handed:
        assert sum(at - WINDOW_S < other <= at for other in handed) <= MOST


def test_it_is_answered_again_as_the_first_grow_old():
    rate = Rate()
    for second in range(MOST):
        rate.count(float(second))
    assert not rate.allows(WINDOW_S - 1)
    assert rate.allows(WINDOW_S)
    rate.count(WINDOW_S)
    assert not rate.allows(WINDOW_S)


def test_that_it_is_too_often_is_news_once_until_one_more_is_handed():
    rate = Rate()
    assert [rate.news(), rate.news()] == [True, False]
    rate.count(0.0)
    assert rate.news()
