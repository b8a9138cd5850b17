from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.verify.identifiers import A_NUMBER, identifiers_in

EMAIL = ("EMAIL_ADDRESS",)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("me@x.org", EMAIL),
        ("a.b+c@mail.x.org now", EMAIL),
        ("anna (at) example (dot) com", EMAIL),
        ("anna [at] example.com", EMAIL),
        ("anna at example dot com", EMAIL),
        ("anna{at}example{dot}com", EMAIL),
        ("4485 3604 7389 3059", ("CREDIT_CARD",)),
        ("49-015420-323751-8", ("CREDIT_CARD", "IMEI")),
        ("de89370400440532013000", ("IBAN_CODE",)),
        ("273-11-2517", ("US_SSN",)),
        ("ab 12 34 56 c", ("UK_NINO",)),
        ("943 476 5919", ("UK_NHS",)),
        ("on 2024-01-15", ("DATE_TIME",)),
        ("on 5/12/1990", ("DATE_TIME",)),
        ("call (0171) 234-5678", A_NUMBER),
        ("call 2345678", A_NUMBER),
        ("+1.202.555.0143", A_NUMBER),
        ("4485 3604 7389 3058", A_NUMBER),
        ("020 7946 2010", A_NUMBER),
    ],
)
def test_what_names_a_person_is_seen(text, kinds):
    assert kinds in set(identifiers_in(text, sure=False))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing here",
        "meet me at home. the dot is red",
        "@someone and @other",
        "look (at home) and dot",
        "10, 20, 30 and 4567",
        "in 2024 or 2025",
        "from 2010-2014 and 1999/2000",
        "version 1.2.3",
        "12.50 or 13.75",
        "room 12 - 14",
    ],
)
def test_common_text_names_nobody(text):
    assert list(identifiers_in(text, sure=False)) == []


@pytest.mark.parametrize(
    "text", ["1700000000000", "2345678", "273-11-2517", "2024-05-12t10:30:00z", "943 476 5919"]
)
def test_numbers_in_doubt_are_left_to_fields_that_nobody_decided_about(text):
    assert list(identifiers_in(text, sure=True)) == []


@given(text=st.text(alphabet="a1@. -()dot", max_size=200))
def test_any_text_is_judged(text):
    list(identifiers_in(text, sure=False))
