"""What was hidden once is hidden again."""

from __future__ import annotations

import pytest

from streams.redact.detect.find import Find
from streams.redact.detect.repeated import repeated


@pytest.mark.parametrize(
    ("text", "find", "again"),
    [
        ("os #os os", Find(4, 6, "UNUSUAL"), ["os", "os", "os"]),
        ("Anna Stone left. We miss Stone.", Find(0, 10, "PERSON"), ["Anna", "Stone", "Stone"]),
        ("Will Stone left. Will he?", Find(0, 10, "PERSON"), ["Stone"]),
        ("Baker left. He will bake; a baker.", Find(0, 5, "PERSON"), ["Baker"]),
        ("New York Times, New Year", Find(0, 14, "ORGANIZATION"), []),
    ],
)
def test_words_written_alike_are_found_again(text, find, again):
    found = repeated(text, [find], lambda word: word == "will")
    assert [text[one.start : one.end] for one in found] == again


def test_where_nothing_was_found_nothing_is_repeated():
    assert repeated("Anna Anna", [], lambda _word: False) == []
