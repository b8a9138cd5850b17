from __future__ import annotations

import pytest

from streams.redact.detect.dates import date_forms
from streams.redact.detect.patterns import PatternScanner


@pytest.mark.parametrize(
    "value",
    [
        "2021-03-14",
        "2021-03-14T10:30:00Z",
        "14/03/2021",
        "3.14.21",
        "14.03.2021",
        "1994-06-17 08:11:32",
        "March 14, 2021",
        "14 March 2021",
        "the 3rd of May",
        "May 3rd",
        "Sept. 2019",
        "14. März 2021",
        "14 mars 2021",
        "14 de marzo de 2021",
        "14 de março de 2021",
        "14 maart 2021",
        "14. marts 2021",
        "14 marca 2021",
        "12-Mar-2021",
        "12 Mar 21",
        "Q3 2021",
        "2021-W12",
        "March 2021",
        "20210314",
        "twenty-first of June 1984",
        "Monday",
    ],
)
def test_dates_in_usual_forms_are_hidden_whole(covers, value):
    day = value.removeprefix("the ")
    assert covers(f"since {value} again", day)


@pytest.mark.parametrize(
    "text",
    ["at 10:30", "you may go", "we march on", "in 3 days", "50/50", "12 of 15", "a second time", "2 weeks ago"],
)
def test_what_is_no_date_stays(found, text):
    assert "DATE_TIME" not in {kind for _, kind in found(text)}


def test_a_bare_year_is_found_only_where_the_policy_hides_years():
    for hidden in (True, False):
        finds = PatternScanner(date_forms(bare_years=hidden)).find("built in 1984 or so")
        assert [find.entity_type for find in finds] == ["DATE_TIME"] * hidden
