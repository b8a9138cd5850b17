"""What counts as leaked and what as hidden without need."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.quality.annotated import AnnotatedText, Gold, in_case, without_links
from streams.redact.quality.counting import count


def test_half_a_name_left_is_half_a_leak() -> None:
    one = AnnotatedText("call Anna now", (Gold(5, 9, "PERSON"),))
    counts = count(one, [(5, 7)])
    assert (counts.gold, counts.leaked, counts.other, counts.hidden) == (4, 2, 9, 0)
    assert counts.by_type == {"PERSON": (4, 2)}


def test_what_is_hidden_beside_the_gold_is_over_redaction() -> None:
    one = AnnotatedText("call Anna now", (Gold(5, 9, "PERSON"),))
    counts = count(one, [(0, 4), (5, 13)])
    assert (counts.leaked, counts.hidden) == (0, 8)


def test_links_and_handles_count_neither_way() -> None:
    (one,) = without_links([AnnotatedText("see http://a.example @anna , ok", ())])
    assert count(one, [(0, len(one.text))]).other == len("see   , ok")


def test_a_letter_whose_other_case_is_longer_keeps_its_place() -> None:
    (one,) = in_case([AnnotatedText("straße Ünal", (Gold(7, 11, "PERSON"),))], upper=True)
    assert one.text == "STRAßE ÜNAL"
    assert one.text[7:11] == "ÜNAL"


@pytest.mark.parametrize("change", [without_links, partial(in_case, upper=True)])
def test_a_changed_text_stays_of_its_kin(change: Callable[[list[AnnotatedText]], list[AnnotatedText]]) -> None:
    (one,) = change([AnnotatedText("call Anna now", (Gold(5, 9, "PERSON"),), kin="call {person} now")])
    assert (one.kin, one.gold) == ("call {person} now", (Gold(5, 9, "PERSON"),))


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5))
def test_gold_and_others_are_all_characters(text: str, spans: list[tuple[int, int]]) -> None:
    gold = tuple(Gold(a, min(b, len(text)), "X") for a, b in spans if a < min(b, len(text)))
    counts = count(AnnotatedText(text, gold), spans)
    assert counts.gold + counts.other == len(text)
    assert counts.leaked == 0
    assert counts.hidden <= counts.other
