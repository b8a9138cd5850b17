# ruff: noqa: RUF001 - disguised characters are what is tested

from __future__ import annotations

import pytest

from schemas.geometry import Span
from streams.redact.verify.readings import normal
from streams.redact.verify.shown import GAP, Shown, left, only_our_placeholders, surrogates_are_new


def span(start: int, replacement: str, action: str = "placeholder", raw: tuple[int, int] = (0, 4)) -> Span:
    return Span("t", *raw, start, start + len(replacement), "PERSON", replacement, action)


def shown(text: str, *spans: Span, raw: str = "") -> Shown:
    return Shown(None, text, spans, raw)


def test_replacements_are_cut_out_and_leave_a_gap():
    assert left(shown("St*****one", span(2, "*****", "mask"))) == f"St{GAP}one"


def test_neighbours_of_dropped_text_meet():
    assert left(shown("Stone", span(2, "", "drop"))) == "Stone"


@pytest.mark.parametrize(
    "forged", ["[PERSON_9]", "[PERSON:aaaaaaaaaaaaaaaa]", "[person_9]", "［PERSON_9］", "[ person_9 ]"]
)
def test_a_placeholder_that_is_not_ours_is_seen(forged):
    field = shown(f"[PERSON_1] {forged}", span(0, "[PERSON_1]"))
    assert not only_our_placeholders(field, normal(left(field)))


def test_ours_and_brackets_of_others_are_no_forgery():
    field = shown("[PERSON_1] [x] [note 12]", span(0, "[PERSON_1]"))
    assert only_our_placeholders(field, normal(left(field)))


def surrogate(text: str) -> Span:
    return span(0, text, "surrogate")


def test_a_surrogate_that_is_a_real_value_is_seen_in_whatever_field():
    field = shown("Anna", surrogate("Anna"), raw="Mary")
    assert surrogates_are_new([field], [])
    assert not surrogates_are_new([field], ["ANNA"])
    assert not surrogates_are_new([shown("Mary", surrogate("Mary"), raw="Mary")], [])
    other = shown("[PERSON_1]", span(0, "[PERSON_1]"), raw="a n n a")
    assert surrogates_are_new([field, other], [])
    assert not surrogates_are_new([field, shown("*****", span(0, "*****", "mask"), raw="anna")], [])


@pytest.mark.parametrize(
    ("original", "made", "is_new"),
    [
        ("Zorbin April 3, 2019", "Zorbin May 1, 2020", False),
        ("12 May 1984 Jane Stone", "2 May 1985 Jane Stone", False),
        ("45 Anna Stone", "61 Anna Stone", False),
        ("Zörbin 3", "zorbin 7", False),
        ("room 271", "hall 271", False),
        ("12 May 1984", "3 May 1985", True),
        ("Dr. Anna van Stone", "Dr. Mary van Hill", True),
        ("45 years old", "61 years old", True),
        ("anna@mail.example", "mary@example.com", True),
        ("+351 912 345 678", "+351 447 696 435", True),
        ("08:15:32.000", "07:11:30.000", True),
    ],
)
def test_a_surrogate_that_holds_more_than_a_form_of_its_original_is_seen(original, made, is_new):
    field = Shown(None, made, (span(0, made, "surrogate", raw=(0, len(original))),), original)
    assert surrogates_are_new([field], []) is is_new


@pytest.mark.parametrize(
    ("known", "is_new"),
    [
        ("Zorbin Quackenbush", False),
        ("zorbin@mail.org", False),
        ("A-20271", False),
        ("April 2019", True),
        ("20 27 1", True),
        ("zorbin " + "and so on and on " * 4, True),
    ],
)
def test_a_surrogate_that_holds_a_word_or_long_number_of_a_known_value_is_seen(known, is_new):
    made = "Zorbin April 2019 20271"
    field = Shown(None, made, (span(0, made, "surrogate"),), "Mary")
    assert surrogates_are_new([field], [known]) is is_new


def test_values_do_not_print():
    assert "Anna" not in repr(shown("Anna"))
