from __future__ import annotations

from functools import partial

import pytest

from streams.redact.detect.context.squeezed import find_inside, find_spelled, find_wholes
from streams.redact.detect.context.words import Words
from tests.support.growth import repeated, require_linear


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("John Smith", ["John Smith"]),
        ("ask johnsmith99 now", ["johnsmith99"]),
        ("John, Smith", ["John, Smith"]),
        ("J.o.h.n-Smith", ["J.o.h.n-Smith"]),
        ("John      Smith", []),
        ("big john smithy", []),
    ],
)
def test_a_value_of_several_words_is_found_whatever_is_between(text, found):
    assert [text[find.start : find.end] for find in find_wholes(Words(text), {"johnsmith": "X"})] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("blacksmith", ["blacksmith"]),
        ("sm-ith", ["sm-ith"]),
        ("sm**ith", ["sm**ith"]),
        ("smi...th", ["smi...th"]),
        ("ask smi-\nth now", ["smi-\nth"]),
        ("> ask smi- \r\n>> th now", ["smi- \r\n>> th"]),
        ("smi=\nth", ["smi=\nth"]),
        ("sm ith", []),
        ("sm\nith", []),
        ("sm, ith", []),
        ("sm - ith", []),
        ("sm-\n" + " " * 40 + "ith", []),
        ("smi", []),
    ],
)
def test_a_word_is_found_inside_and_cut(text, found):
    assert [text[find.start : find.end] for find in find_inside(Words(text), {"smith": "X"})] == found


@pytest.mark.parametrize(("text", "found"), [("a n n a", ["a n n a"]), ("a.n.n.a", ["a.n.n.a"]), ("an na", [])])
def test_a_short_word_is_found_letter_by_letter(text, found):
    assert [text[find.start : find.end] for find in find_spelled(Words(text), {"anna": "X"})] == found


@pytest.mark.parametrize("find", [find_wholes, find_inside, find_spelled])
@pytest.mark.parametrize("unit", ["a ", "a", "a-", "aab "])
def test_time_grows_with_the_length_only_however_long_the_value(find, unit):
    def work(text: str) -> None:
        words = Words(text)
        half = len(words.squeezed) // 2
        list(find(words, {words.squeezed[:5]: "X", words.squeezed[:half]: "Y"}))

    require_linear(work, partial(repeated, unit))
