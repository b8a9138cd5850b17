from __future__ import annotations

import numpy as np
import pytest

from schemas.errors import ConfigError
from streams.redact.detect import lexicon as known
from streams.redact.detect.lexicon import (
    FULLEST,
    add_slots,
    find_slot,
    find_slots,
    lexicon_for,
    load_lexicon,
)
from streams.redact.detect.tokens import hash_word


def row(word: str, language: str = "en") -> np.ndarray:
    lexicon = lexicon_for(language)
    return lexicon.rows[find_slot(lexicon.slots, np.uint64(hash_word(word)))]


def test_common_words_names_and_places_are_known_as_such():
    assert row("table")[known.COMMON] >= 8
    assert row("table")[known.GIVEN] == 0
    assert row("john")[known.GIVEN] > row("oswin")[known.GIVEN]
    assert row("schmidt")[known.FAMILY] > 0
    assert row("rotterdam")[known.CITY] > 100
    assert row("germany")[known.GEO] == 1
    assert row("belgians")[known.GEO] == 2
    assert row("los angeles")[known.PHRASE] == 5


def test_a_word_of_no_list_has_an_empty_row():
    assert not row("qzxqzvkw").any()


def test_groups_that_code_knows_by_number_are_those_of_the_list():
    assert row("mr")[known.CUE] == known.TITLES
    assert row("gmbh")[known.CUE] == known.COMPANY_ENDINGS
    assert row("borrower")[known.CUE] == known.PARTIES


def test_everyday_words_are_no_names_or_nations():
    everyday = load_lexicon().everyday
    assert {"will", "new", "the", "people"} <= everyday
    assert everyday.isdisjoint({"french", "john", "london", "smith"})
    assert 500 < len(everyday) < 2000


def test_another_language_has_its_own_common_words():
    assert row("zwischen", "de")[known.COMMON] >= 8
    assert row("between", "de")[known.COMMON] < row("between")[known.COMMON]
    assert "zwischen" in lexicon_for("de").everyday


def test_a_language_without_a_list_is_refused():
    with pytest.raises(ConfigError, match="language xx"):
        lexicon_for("xx")


def test_slots_are_found_again_when_many_keys_share_them():
    slots = np.zeros(64, np.uint32)
    keys = np.array([(tag << 32) | 5 for tag in range(2, 60, 2)], np.uint64)
    places = add_slots(slots, keys)
    assert len(set(places.tolist())) == keys.size
    assert find_slots(slots, keys).tolist() == places.tolist()


@pytest.mark.parametrize(("language", "frequent"), [("fi", "kanssa"), ("de", "zwischen"), ("cs", "protoze")])
def test_a_language_with_more_words_than_there_is_room_for_keeps_the_frequent_ones(language, frequent):
    slots = lexicon_for(language).slots
    assert np.count_nonzero(slots) / slots.size <= FULLEST
    assert row(frequent, language)[known.COMMON] == 9
    assert not row("qzxqzvkw", language).any()


def test_a_listed_name_keeps_its_row_and_its_frequency_in_a_full_table():
    assert row("virtanen", "fi")[known.FAMILY] > 0
    assert row("virtanen", "fi")[known.ZIPF] > 0


def test_a_table_without_room_refuses_more_words():
    slots = np.zeros(8, np.uint32)
    add_slots(slots, np.array([tag << 32 for tag in range(2, 16, 2)], np.uint64))
    with pytest.raises(ConfigError, match="full"):
        add_slots(slots, np.array([99 << 32], np.uint64))
    assert find_slot(slots, np.uint64(99 << 32)) == np.flatnonzero(slots == 0)[0]
