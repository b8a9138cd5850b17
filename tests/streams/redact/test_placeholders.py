from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.cuts import Cut
from streams.redact.placeholders import ESCAPED, escapes
from tests.support.growth import repeated, require_linear


def hidden(*places: tuple[int, int]) -> list[Cut]:
    return [Cut(start, end, "X", 0.5, None) for start, end in places]


def places(text: str, *cuts: tuple[int, int]) -> list[int]:
    found = escapes(text, hidden(*cuts))
    assert all((cut.end - cut.start, cut.kind) == (1, ESCAPED) for cut in found)
    return [cut.start for cut in found]


@pytest.mark.parametrize(
    ("cuts", "left"),
    [
        ([], [2, 7]),
        ([(0, 2)], [2, 7]),
        ([(2, 3)], [7]),
        ([(0, 3)], [7]),
        ([(3, 7)], [2, 7]),
        ([(6, 8)], [2]),
        ([(0, 2), (3, 4), (8, 9)], [2, 7]),
        ([(0, 2), (2, 4), (7, 8)], []),
        ([(0, 9)], []),
    ],
)
def test_a_bracket_is_escaped_unless_it_is_hidden(cuts, left):
    assert places("a [X_12] b", *cuts) == left


@given(
    st.lists(st.sampled_from(["[X_1]", "a", " ", "[", "]", "[y 2]"]), max_size=12).map("".join),
    st.sets(st.integers(0, 40), max_size=10),
)
def test_whatever_is_hidden_the_others_are_escaped(text, edges):
    bounds = sorted(edge for edge in edges if edge <= len(text))
    cuts = list(zip(bounds[::2], bounds[1::2], strict=False))
    inside = {index for start, end in cuts for index in range(start, end)}
    assert places(text, *cuts) == [place for place in places(text) if place not in inside]


def test_time_grows_with_the_length_only():
    def work(text: str) -> None:
        escapes(text, hidden(*((start, start + 1) for start in range(4, len(text), 6))))

    require_linear(work, partial(repeated, "[x_1] "))
