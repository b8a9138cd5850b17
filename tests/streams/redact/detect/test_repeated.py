"""What was hidden once is hidden again."""

from __future__ import annotations

import pytest

from streams.redact.detect.find import Find
from streams.redact.detect.merge import union
from streams.redact.detect.repeated import FEW, repeated


@pytest.mark.parametrize(
    ("text", "find", "hidden"),
    [
        ("os #os os", Find(4, 6, "UNUSUAL"), ["os", "os", "os"]),
        ("Anna Stone left. We miss Stone.", Find(0, 10, "PERSON"), ["Anna Stone", "Stone"]),
        ("Will Stone left. Will he?", Find(0, 10, "PERSON"), ["Will Stone"]),
        ("Baker left. He will bake; a baker.", Find(0, 5, "PERSON"), ["Baker"]),
        ("Baker left. Bakersfield: Baker.", Find(0, 5, "PERSON"), ["Baker", "Baker"]),
        ("New York Times, New Year", Find(0, 14, "ORGANIZATION"), ["New York Times"]),
    ],
)
def test_words_written_alike_are_found_again(text, find, hidden):
    found = repeated(text, [find], lambda word: word == "will")
    assert [text[one.start : one.end] for one in union([find, *found])] == hidden


def test_many_hidden_words_are_found_again_too():
    words = [f"w{number}" for number in range(2 * FEW)]
    text = " ".join([*words, "stop", *words])
    finds = [Find(text.index(f"{word} "), text.index(f"{word} ") + len(word), "UNUSUAL") for word in words]
    found = union([*finds, *repeated(text, finds, lambda _word: False)])
    assert [text[one.start : one.end] for one in found] == [*words, *words]


def test_where_nothing_was_found_nothing_is_repeated():
    assert repeated("Anna Anna", [], lambda _word: False) == []
