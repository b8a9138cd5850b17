from __future__ import annotations

import numpy as np
import pytest

from streams.redact.detect.features import describe
from streams.redact.detect.find import Find
from streams.redact.detect.lexicon import load_lexicon
from streams.redact.detect.model import CLASSES
from streams.redact.detect.rule_groups import mark
from streams.redact.detect.spans import join
from streams.redact.detect.tokens import tokenize


def joined(text: str, kinds: dict[str, str], rules: list[Find] | None = None) -> list[tuple[str, str]]:
    """Finds of `text` when the words that are keys of `kinds` are hidden, and surely of that class."""
    tokens = tokenize([text])
    rows = describe(tokens, load_lexicon(), mark(tokens, [rules or []]))
    words = [text[start:end] for start, end in zip(tokens.start.tolist(), tokens.end.tolist(), strict=True)]
    hidden = np.array([place for place, word in enumerate(words) if word in kinds], np.int64)
    scores = np.zeros((len(CLASSES) - 1, hidden.size), np.float32)
    for place, word in enumerate(hidden):
        scores[CLASSES.index(kinds[words[word]]) - 1, place] = 9
    [finds] = join(tokens, rows, hidden, scores)
    return [(text[find.start : find.end], find.entity_type) for find in finds]


@pytest.mark.parametrize(
    ("text", "hidden", "kind", "found"),
    [
        ("so Ann-Marie O'Neil said", ["Ann", "Marie", "O'Neil"], "PERSON", ["Ann-Marie O'Neil"]),
        ("so J. Smith said", ["J", "Smith"], "PERSON", ["J. Smith"]),
        ("met Ann, Bo", ["Ann", "Bo"], "PERSON", ["Ann", "Bo"]),
        ("5 Elm Road,\nOslo", ["5", "Elm", "Road", "Oslo"], "ADDRESS", ["5 Elm Road,\nOslo"]),
        ("the Bank of England rose", ["Bank", "England"], "ORGANIZATION", ["Bank of England"]),
        ("so Ann went with Bo", ["Ann", "Bo"], "PERSON", ["Ann", "Bo"]),
        ("Ann Lee 48213", ["Ann", "Lee", "48213"], "PERSON", ["Ann Lee", "48213"]),
    ],
)
def test_neighbours_become_one_find_where_only_signs_of_names_lie_between(text, hidden, kind, found):
    assert [one for one, _ in joined(text, dict.fromkeys(hidden, kind))] == found


@pytest.mark.parametrize("kind", ["ADDRESS", "PERSON"])
def test_a_run_of_hidden_words_without_end_is_cut_into_finds_of_bounded_length(kind):
    found = [one for one, _ in joined("Elm " * 300, {"Elm": kind})]
    assert [len(one) for one in found] == [399, 399, 399]


def test_a_find_is_of_the_kind_its_words_are_most_like_together():
    assert joined(
        "at Mill Bay Trust now", {"Mill": "LOCATION", "Bay": "ORGANIZATION", "Trust": "ORGANIZATION"}
    ) == [("Mill Bay Trust", "ORGANIZATION")]


def test_a_find_of_two_kinds_alike_is_unusual():
    assert joined("at Mill Bay now", {"Mill": "LOCATION", "Bay": "ORGANIZATION"}) == [("Mill Bay", "UNUSUAL")]


def test_a_place_that_rules_found_is_joined_to_the_city_beside_it():
    text = "to 5 Elm Road, Oslo"
    assert joined(text, {"Oslo": "ADDRESS"}, [Find(3, 13, "ADDRESS")]) == [("5 Elm Road, Oslo", "ADDRESS")]


def test_what_rules_hide_under_a_name_of_its_own_is_left_to_them():
    text = "Ann 12 March"
    assert joined(text, dict.fromkeys(["Ann", "12", "March"], "PERSON"), [Find(4, 12, "DATE_TIME")]) == [
        ("Ann", "PERSON")
    ]
