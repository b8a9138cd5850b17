from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.context.dates import Date, Dates, compact_forms, dates_of, triples
from streams.redact.detect.context.words import Words
from tests.support.growth import repeated, require_linear

days = st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31))
NOTATIONS = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%Y%m%d", "%d %B %Y", "%B %d, %Y", "%Y-%m-%d %H:%M")


@given(day=days, notation=st.sampled_from(NOTATIONS))
def test_a_date_in_any_notation_is_read_as_that_day(day, notation):
    written = day.strftime(notation).lower()
    assert any((date.month, date.day) == (day.month, day.day) for date in dates_of(written))


@pytest.mark.parametrize(
    "value", ["", "12", "2345678", "+44 20 7946 0958", "13/13/1990", "in the year 1990", "1990-05"]
)
def test_what_is_no_date_gives_none(value):
    assert dates_of(value) == []


def test_an_ambiguous_date_is_read_both_ways():
    assert dates_of("5/12/1990") == [Date("1990", 12, 5), Date("1990", 5, 12)]


def test_a_date_has_its_orders_with_and_without_century():
    date = Date("1990", 5, 2)
    assert {(2, 5, 1990), (5, 2, 1990), (1990, 5, 2), (2, 5, 90), (5, 2, 90)} <= set(triples(date))
    assert {"02051990", "05021990", "19900502", "020590", "900502"} <= set(compact_forms(date))


def test_two_digits_of_a_year_may_be_of_either_century():
    assert {"02051990", "02052090"} <= set(compact_forms(Date("90", 5, 2)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("born 2 May 1990 there", "2 May 1990"),
        ("born on the 2nd of May", "2nd of May"),
        ("el 2 de mayo de 1990", "2 de mayo de 1990"),
        ("am 02. Mai 1990", "02. Mai 1990"),
        ("May 2, 1990 it was", "May 2, 1990"),
        ("in May 1990", "May 1990"),
        ("May 3, 1991", None),
        ("they may have 20", None),
        ("June 2, 1990", None),
    ],
)
def test_the_month_by_name_counts_with_its_day_or_year(text, found):
    dates = Dates()
    dates.add("1990-05-02", "DATE")
    assert [text[find.start : find.end] for find in dates.find(Words(text))] == ([] if found is None else [found])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("geb. 12.3., sagt er", ["12.3"]),
        ("on 12.03 or 3/12 or 12-3", ["12.03", "3/12", "12-3"]),
        ("am 12. 3. da", ["12. 3"]),
        ("12.3.85 and 1.12.3 and 12.34 and 112.3", []),
        ("13.3 and 12/4", []),
    ],
)
def test_day_and_month_in_digits_count_without_the_year(text, found):
    dates = Dates()
    dates.add("1984-03-12", "DATE")
    assert [text[find.start : find.end] for find in dates.find(Words(text))] == found


def test_dates_of_one_month_are_each_found_in_one_look():
    dates = Dates()
    for value, kind in (("1990-05-02", "BORN"), ("1984-05-12", "SEEN"), ("1990-06-12", "OTHER")):
        dates.add(value, kind)
    text = "from 2 May to 12 May, or June 12, not May 13"
    found = [(text[find.start : find.end], find.entity_type) for find in dates.find(Words(text))]
    assert found == [("2 May", "BORN"), ("12 May", "SEEN"), ("June 12", "OTHER")]


def test_time_grows_with_the_number_of_dates_and_of_months_in_the_text():
    def work(text: str) -> None:
        dates = Dates()
        for number in range(len(text) // 16):
            dates.add(f"{1850 + number % 240}-05-{1 + number // 240 % 28:02}", "DATE")
        list(dates.find(Words(text)))

    require_linear(work, partial(repeated, "may x "))
