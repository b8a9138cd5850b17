# ruff: noqa: RUF001 - disguised characters are what is tested

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.shadow import FOREIGN, LONG_RUN, fold, foreign_words, shadow_of


def test_ascii_text_is_its_own_shadow():
    shadow = shadow_of("plain text")
    assert shadow.text == "plain text"
    assert shadow.to_raw(2, 5) == (2, 5)


def test_disguises_are_undone():
    assert fold("Ａｎｎａ") == "Anna"
    assert fold("Zoë Müller") == "Zoe Muller"
    assert fold("an\u200bna") == "anna"
    assert fold("٤٥٦") == "456"
    assert fold("ﬁve") == "five"
    assert fold("\u0420aul") == "Paul"
    assert fold("漢字") == FOREIGN * 2


def test_offsets_point_into_the_original():
    text = "x e\u0301a\u200b! \U0001f600 ﬁ"
    shadow = shadow_of(text)
    at = shadow.text.index("ea")
    start, end = shadow.to_raw(at, at + 2)
    assert text[start:end] == "e\u0301a\u200b"
    at = shadow.text.index("fi")
    assert text[slice(*shadow.to_raw(at, at + 1))] == "ﬁ"


def test_long_runs_are_blanked_and_reported():
    text = "a " + "x" * (LONG_RUN + 1) + " b"
    shadow = shadow_of(text)
    assert shadow.long_runs == ((2, 3 + LONG_RUN),)
    assert len(shadow.text) == len(text)


def test_words_of_another_script_are_seen_however_latin_they_look():
    text = "the \u0440\u043e\u0441 and x\u0436y"
    assert [text[a:b] for a, b in foreign_words(text)] == ["\u0440\u043e\u0441", "x\u0436y"]


@given(st.text(max_size=80))
def test_shadow_is_ascii_and_maps_into_the_text(text):
    shadow = shadow_of(text)
    assert shadow.text.isascii()
    for index in range(len(shadow.text)):
        start, end = shadow.to_raw(index, index + 1)
        assert 0 <= start < end <= len(text)


@given(st.text(alphabet=st.characters(categories=["Ll", "Lu"], max_codepoint=0x17F), max_size=30))
def test_composed_and_decomposed_spellings_fold_alike(text):
    assert fold(text) == fold(unicodedata.normalize("NFD", text))


def test_a_shadow_prints_nothing():
    assert "Anna" not in repr(shadow_of("Anna"))
