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


def test_values_do_not_print():
    assert "Anna" not in repr(shown("Anna"))
