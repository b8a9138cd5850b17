from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.context.typos import MAX_WORDS, Typos, is_slip

words = st.text(alphabet="abcd", max_size=7)


def distance(one: str, two: str) -> int:
    """Optimal string alignment, the slow way."""
    rows = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(two) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(two) + 1):
            same = one[i - 1] == two[j - 1]
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and one[i - 1] == two[j - 2] and one[i - 2] == two[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(one=words, two=words)
def test_a_slip_is_a_distance_of_exactly_one(one, two):
    assert is_slip(one, two) is (distance(one, two) == 1)


@given(one=st.text(alphabet="abc", min_size=5, max_size=8), two=st.text(alphabet="abc", min_size=4, max_size=9))
def test_the_search_by_halves_misses_no_slip(one, two):
    typos = Typos({one: "X"})
    spaced = f" x {two} y "
    found = {spaced[start:end] for start, end, _ in typos.find(spaced)}
    assert found == ({two} if is_slip(one, two) else set())
    assert typos.kind_of(two) == ("X" if is_slip(one, two) else None)


@pytest.mark.parametrize("word", ["abcd", "abc12", "x" * 41])
def test_short_mixed_and_endless_words_have_no_slips(word):
    assert list(Typos({word: "X"}).find(f" {word}x ")) == []


def test_a_table_of_words_is_cut_off():
    letters = "abcdefghijklmnop"
    typos = Typos({f"name{letters[at // 16]}{letters[at % 16]}": "X" for at in range(2 * MAX_WORDS)})
    assert typos.kind_of("nameaax") == "X"
    assert typos.kind_of("namehpx") is None
