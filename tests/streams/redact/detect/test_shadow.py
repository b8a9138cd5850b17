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


DISGUISES = {
    "a": "a\u0430\u0251ａ\u00e1𝐚ⓐ",
    "c": "c\u0441ｃ\u00e7𝓬",
    "e": "e\u0435\u03b5ｅ\u00e9𝖾",
    "o": "o\u043e\u03bf\u0585ｏ\u00f6𝚘",
    "4": "4４٤۴४𝟜④",
    "7": "7７٧۷७𝟕⑦",
}
INVISIBLE = ["", "", "", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u0301", "\ufe0f"]


@given(st.data(), st.text(alphabet="aceo47", min_size=1, max_size=20))
def test_however_a_value_is_disguised_its_shadow_is_the_value_and_leads_back_to_it(data, value):
    before, after = (data.draw(st.text(alphabet=" .é\u200bß", max_size=5)) for _ in range(2))
    disguised = "".join(
        data.draw(st.sampled_from(DISGUISES[char])) + data.draw(st.sampled_from(INVISIBLE)) for char in value
    )
    shadow = shadow_of(f"{before}|{disguised}|{after}")
    at = shadow.text.index(f"|{value}|")
    start, end = shadow.to_raw(at + 1, at + 1 + len(value))
    assert f"{before}|{disguised}|{after}"[start:end] == disguised


@given(st.text(max_size=60), st.data())
def test_offsets_of_neighbours_meet_and_cover_the_text(text, data):
    shadow = shadow_of(text)
    if not shadow.text:
        return
    cut = data.draw(st.integers(1, len(shadow.text)))
    start, end = shadow.to_raw(0, cut)
    assert shadow.to_raw(0, len(shadow.text))[1] == len(text)
    assert cut == len(shadow.text) or shadow.to_raw(cut, len(shadow.text))[0] <= end
    assert start <= end


@given(st.text(max_size=60))
def test_a_text_in_which_nothing_moved_keeps_its_offsets(text):
    shadow = shadow_of(text)
    if shadow.origin is None:
        assert [fold(char) for char in text] == list(fold(text))


def test_half_a_character_is_no_reason_to_fail():
    assert shadow_of("a\ud800b").text == "a~b"
