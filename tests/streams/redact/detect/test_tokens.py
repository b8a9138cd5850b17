from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.shadow import FOREIGN, fold
from streams.redact.detect.tokens import hash_word, tokenize

WORD = re.compile(rf"[0-9A-Za-z{FOREIGN}]+(?:'[A-Za-z{FOREIGN}]+)*")


def words(texts: list[str]) -> list[list[str]]:
    tokens = tokenize(texts)
    found: list[list[str]] = [[] for _ in texts]
    for text, start, end in zip(tokens.text.tolist(), tokens.start.tolist(), tokens.end.tolist(), strict=True):
        found[text].append(tokens.data[start:end].tobytes().decode())
    return found


def test_words_keep_inner_apostrophes_and_nothing_else():
    assert words(["O'Brien's 'dog' (x-y), 3rd"]) == [["O'Brien's", "dog", "x", "y", "3rd"]]


@given(st.lists(st.text(max_size=40), max_size=6))
def test_words_of_a_batch_are_those_of_a_pattern_on_each_text(texts):
    folded = [fold(text) for text in texts]
    assert words(folded) == [WORD.findall(text) for text in folded]


def test_a_word_has_one_key_in_every_case():
    tokens = tokenize(["Anna ANNA anna"])
    assert set(tokens.key.tolist()) == {hash_word("anna")}


def test_stem_leaves_out_the_ending_or_the_apostrophe():
    tokens = tokenize(["Anna's O'Brien don't plain"])
    assert tokens.stem.tolist() == [hash_word(word) for word in ("anna", "obrien", "dont", "plain")]


def test_no_texts_and_empty_texts_have_no_words():
    assert words([]) == []
    assert words(["", " ", ""]) == [[], [], []]
