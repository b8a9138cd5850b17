from __future__ import annotations

import numpy as np
import pytest

from streams.redact.detect import columns as of
from streams.redact.detect import lexicon as known
from streams.redact.detect.features import describe
from streams.redact.detect.lexicon import load_lexicon
from streams.redact.detect.tokens import tokenize


def row(word: str) -> np.ndarray:
    tokens = tokenize([word])
    rows = describe(tokens, load_lexicon(), np.zeros(tokens.data.size, np.uint8))
    return rows.values[rows.at[0]]


@pytest.mark.parametrize(
    ("word", "source"),
    [
        ("table", of.ITSELF),
        ("Kowalczyk's", of.STEM),
        ("Oakvilles", of.DERIVED),
        ("upppppp", of.DERIVED),
        ("2nd", of.DERIVED),
        ("10KM", of.DERIVED),
        ("lovethoseshoes", of.COMPOUND),
        ("LoveThoseShoes", of.COMPOUND),
        ("qzxqzvkw", of.UNLISTED),
        ("1234km", of.UNLISTED),
        ("R2D2", of.UNLISTED),
    ],
)
def test_source_says_what_the_lexicon_knows(word, source):
    assert row(word)[of.SOURCE] == source


def test_a_compound_has_the_row_of_its_rarest_part():
    assert row("lovethoseshoes")[known.ZIPF] == row("shoes")[known.ZIPF]


def test_a_compound_with_a_name_in_it_is_none():
    assert row("welovejohn")[of.SOURCE] == of.UNLISTED


def test_what_no_list_holds_has_an_empty_row():
    assert not row("qzxqzvkw")[: known.WIDTH].any()
