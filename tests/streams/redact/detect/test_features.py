from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect import columns as of
from streams.redact.detect import lexicon as known
from streams.redact.detect.features import describe
from streams.redact.detect.find import Find
from streams.redact.detect.lexicon import load_lexicon
from streams.redact.detect.rule_groups import mark
from streams.redact.detect.shadow import fold
from streams.redact.detect.tokens import tokenize


def rows_of(*texts: str) -> np.ndarray:
    tokens = tokenize([fold(text) for text in texts])
    rows = describe(tokens, load_lexicon(), np.zeros(tokens.data.size, np.uint8))
    return rows.values[rows.at]


def column(text: str, which: int) -> list[int]:
    return rows_of(text)[:, which].tolist()


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("anna", of.LOWERCASE),
        ("Anna", of.CAPITAL),
        ("ANNA", of.CAPITALS),
        ("A", of.ONE_CAPITAL),
        ("McAnna", of.MIXED),
        ("42", of.NUMERAL),
        ("4th", of.WITH_DIGITS),
        ("李小", of.ALIEN_WORD),
    ],
)
def test_shape_says_how_a_word_is_written(word, shape):
    assert column(word, of.SHAPE) == [shape]


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("We go. They stay", [of.TEXT, of.WITHIN, of.SENTENCE, of.WITHIN]),
        ("Dr. Smith", [of.TEXT, of.PERHAPS]),
        ("J. Smith", [of.TEXT, of.PERHAPS]),
        ("a\nb", [of.TEXT, of.NEW_LINE]),
        ("Name: Anna", [of.TEXT, of.COLON]),
        ("version 1.5", [of.TEXT, of.WITHIN, of.WITHIN]),
    ],
)
def test_start_says_where_sentences_and_lines_begin(text, starts):
    assert column(text, of.START) == starts


def test_signs_beside_a_word_know_whether_they_touch_it():
    touching, apart = rows_of("@anna")[0, of.BEFORE], rows_of("@ anna")[0, of.BEFORE]
    assert touching == apart + 1


def test_words_of_a_text_know_how_else_it_writes_them():
    rows = rows_of("The mark of Mark and Mark", "mark")
    assert rows[1, of.SEEN_LOWER] == 1
    assert rows[1, of.SEEN_CAPITAL] == 2
    assert rows[1, of.SEEN] == 3
    assert rows[-1, of.SEEN] == 1


def test_names_of_several_words_are_marked_as_a_whole():
    assert column("in Los Angeles now", known.PHRASE) == [0, 5, 5, 0]


def test_a_word_that_only_an_ending_hides_is_known():
    assert column("walkings blorkings", of.SOURCE)[0] < of.UNLISTED
    assert column("qzxqzvkw", of.SOURCE) == [of.UNLISTED]


def test_rules_that_found_a_word_are_seen_in_its_row():
    tokens = tokenize(["call 12345", "x"])
    marks = mark(tokens, [[Find(5, 10, "PHONE_NUMBER")], []])
    rows = describe(tokens, load_lexicon(), marks)
    assert rows.values[rows.at][:, of.RULE].tolist() == [0, 5, 0]


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_a_text_has_the_same_rows_alone_and_in_a_batch(texts):
    together = rows_of(*texts)
    alone = np.concatenate([rows_of(text) for text in texts])
    assert (together == alone).all()
