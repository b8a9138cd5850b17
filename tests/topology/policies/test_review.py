from __future__ import annotations

import datetime as dt

import pytest

from topology.policies import parse_policy
from topology.policies.review import WARN_DAYS, Review, review_of

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2027-03-01\n"
POLICY = parse_policy(HEAD + "fields: {text: detect}\n", "p.yaml")
DUE = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)


def at(moment: dt.datetime) -> Review:
    return review_of(POLICY, int(moment.timestamp() * 1000))


@pytest.mark.parametrize(
    ("before", "left", "near", "overdue"),
    [
        (dt.timedelta(days=400), 400, False, False),
        (dt.timedelta(days=WARN_DAYS + 1), WARN_DAYS + 1, False, False),
        (dt.timedelta(days=WARN_DAYS), WARN_DAYS, True, False),
        (dt.timedelta(days=1), 1, True, False),
        (dt.timedelta(0), 0, True, False),
        (-dt.timedelta(hours=23, minutes=59, seconds=59), 0, True, False),
        (-dt.timedelta(days=1), -1, False, True),
    ],
)
def test_a_review_is_near_for_a_month_and_over_when_its_day_has_ended(before, left, near, overdue):
    review = at(DUE - before)
    assert (review.due, review.days_left, review.near, review.overdue) == ("2027-03-01", left, near, overdue)
