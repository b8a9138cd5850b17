from __future__ import annotations

import pytest

from streams.redact.detect.phones import phone_forms


@pytest.mark.parametrize(
    "value",
    [
        "+49 171 2345678",
        "+1 (415) 555-0132",
        "0044 20 7946 0018",
        "(415) 555-0132",
        "415-555-0132",
        "070 4493 5104",
        "06 12 34 56 78",
        "089/1234567",
        "090-1234-5678",
        "+55 11 98456 5666",
        "0171 2345678",
        "555-0132 x123",
        "1-800-555-0199",
    ],
)
def test_telephone_numbers_of_many_countries_are_hidden_whole(covers, value):
    assert covers(f"call {value} today", value)
    assert covers(f"my number: {value}.", value)


def test_a_number_with_its_country_code_is_certain(scanner):
    text = "ring +49 171 2345678 now"
    assert max((find.weight, find.entity_type) for find in scanner.find(text)) == (1.0, "PHONE_NUMBER")


@pytest.mark.parametrize(
    "text",
    [
        "it costs $19.99 or 24.50",
        "from 2005-2007",
        "version 10.15.7",
        "1 250 000 people",
        "12.500.000 euros",
        "scores of 21-14",
        "pi is 3.14159265",
        "at 10:30",
    ],
)
def test_ordinary_numbers_stay(found, text):
    assert not {kind for _, kind in found(text)} & {"PHONE_NUMBER", "NUMBER"}


def test_short_groups_are_numbers_of_somebody(covers):
    assert covers("dial 92 34 70 now", "92 34 70")


def test_no_digit_run_is_judged_twice_over_a_long_text(scanner):
    names = {one.name for one in phone_forms()}
    assert len(names) == len(phone_forms())
    assert scanner.find("no digits here at all") == []
