from __future__ import annotations

import pytest

from streams.redact.detect.context.dates import Dates
from streams.redact.detect.context.digits import Digits


def found(text: str, *numbers: str, date: str = "") -> list[str]:
    dates = Dates()
    dates.add(date, "DATE")
    digits = Digits(dates)
    for number in numbers:
        digits.add(number, "ID")
    return [text[find.start : find.end] for find in digits.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it is 491712345678", ["491712345678"]),
        ("it is +49 (171) 234-5678", ["49 (171) 234-5678"]),
        ("it is 0171 2345678", ["0171 2345678"]),
        ("it is 2345678", ["2345678"]),
        ("it ends in 5678", ["5678"]),
        ("it ends in 56 78", ["56 78"]),
        ("it begins with 4917", ["4917"]),
        ("5678 and 12 more", ["5678"]),
        ("it has 3456 in it", []),
        ("it is 45", []),
        ("nothing", []),
    ],
)
def test_a_telephone_number_is_found_in_its_parts(text, expected):
    assert found(text, "491712345678") == expected


def test_a_short_number_inside_a_longer_run_is_found():
    assert found("ref 99-12345-1", "12345") == ["99-12345-1"]


@pytest.mark.parametrize("text", ["2/5/1990", "02.05.90", "1990 05 02", "02051990", "1990/5/2"])
def test_dates_are_found_by_their_three_numbers(text):
    assert found(f"on {text} then", date="1990-05-02") == [text]


def test_other_dates_are_not():
    assert found("on 3/5/1990", date="1990-05-02") == []


def test_the_last_of_very_many_numbers_is_looked_for_like_the_first():
    numbers = [f"{100_000 + number}" for number in range(5_000)]
    assert found("it is 999999 or 100-000", *numbers, "999999") == ["999999", "100-000"]
    assert found("it is 99999", *numbers, "7999996") == ["99999"]
