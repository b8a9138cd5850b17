from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.decide.dawid_skene import LIMIT, Prior, estimate

CLASSES = ("1", "2", "3", "4")
ANAESTHETISTS = (
    "111 1 1 1 1, 333 4 3 3 4, 112 2 1 2 2, 222 3 1 2 1, 222 3 2 2 2, 222 3 3 2 2, 122 2 1 1 1, 333 3 4 3 3, "
    "222 2 2 2 3, 232 2 2 2 3, 444 4 4 4 4, 222 3 3 4 3, 111 1 1 1 1, 222 3 2 1 2, 121 1 1 1 1, 111 2 1 1 1, "
    "111 1 1 1 1, 111 1 1 1 1, 222 2 2 2 1, 222 1 3 2 2, 222 2 2 2 2, 222 2 2 2 1, 222 3 2 2 2, 221 2 2 2 2, "
    "111 1 1 1 1, 111 1 1 1 1, 232 2 2 2 2, 111 1 1 1 1, 111 1 1 1 1, 112 1 1 2 1, 111 1 1 1 1, 333 3 2 3 3, "
    "111 1 1 1 1, 222 2 2 2 2, 222 3 2 3 2, 433 4 3 4 3, 221 2 2 3 2, 232 3 2 3 3, 333 3 4 3 2, 111 1 1 1 1, "
    "111 1 1 1 1, 121 2 1 1 1, 232 2 2 2 2, 121 1 1 1 1, 222 2 2 2 2"
)
"""Dawid and Skene (1979), table 1: the fitness of 45 patients as five anaesthetists saw it, the first of them
three times. One patient between commas, one anaesthetist between spaces.
"""


def patients() -> list[dict[str, tuple[str, ...]]]:
    rows = [row.split() for row in ANAESTHETISTS.split(",")]
    return [{str(number): tuple(answers) for number, answers in enumerate(row, start=1)} for row in rows]


def asked(*answers: str) -> dict[str, tuple[str, ...]]:
    """One item: what a, b, c and so on said; a dot for nothing."""
    return {person: (answer,) for person, answer in zip("abcdefg", answers, strict=False) if answer != "."}


def test_the_anaesthetists_come_out_as_published():
    found = estimate(patients(), CLASSES)
    assert len(found.items) == 45
    assert [round(found.model.classes[one], 2) for one in CLASSES] == [0.40, 0.42, 0.11, 0.07]
    first = found.model.rates["1"]
    assert [round(first["1"][answer], 2) for answer in CLASSES] == [0.89, 0.11, 0.00, 0.00]
    assert [round(first["2"][answer], 2) for answer in CLASSES] == [0.07, 0.88, 0.05, 0.00]


def test_it_ends_by_itself_on_the_published_data_and_at_the_limit_where_it_would_not():
    assert estimate(patients(), CLASSES).rounds < LIMIT
    assert estimate(patients(), CLASSES, limit=3).rounds == 3


def test_somebody_who_is_always_wrong_is_found_out():
    # d says the opposite of what three others agree on, ten times; then d is right to say no.
    items = [asked("y", "y", "y", "n"), asked("n", "n", "n", "y")] * 5
    found = estimate(items, ("n", "y"))
    assert found.model.rates["d"]["y"]["y"] < 0.01
    assert found.items[0]["y"] > 0.99


def test_what_is_known_beforehand_outweighs_a_majority():
    known = {person: {("y", "y"): 9.0, ("y", "n"): 1.0, ("n", "n"): 9.0, ("n", "y"): 1.0} for person in "a"}
    unsure = {(truth, answer): 5.0 for truth in "yn" for answer in "yn"}
    prior = Prior({"y": 10.0, "n": 10.0}, {**known, "b": unsure, "c": unsure})
    (chances,) = estimate([asked("y", "n", "n")], ("n", "y"), prior).items
    assert chances["y"] > 0.6


def test_an_item_without_an_answer_and_an_answer_outside_the_classes_are_refused():
    for items in ([{}], [asked("z")], []):
        with pytest.raises(ValueError, match="one of the classes"):
            estimate(items, ("y", "n"))


def test_answers_in_the_thousands_do_not_run_out_of_digits():
    items = [{"a": ("y",) * 3_000 + ("n",) * 1_000}, {"a": ("n",) * 3_000 + ("y",) * 1_000}]
    found = estimate(items, ("n", "y"))
    assert all(sum(chances.values()) == pytest.approx(1.0) for chances in found.items)


table = st.lists(
    st.lists(st.sampled_from("yn."), min_size=3, max_size=4).filter(lambda it: set(it) != {"."}),
    min_size=1,
    max_size=6,
)


@given(table)
def test_chances_and_rates_are_probabilities(rows):
    found = estimate([asked(*row) for row in rows], ("n", "y"))
    assert 1 <= found.rounds <= LIMIT
    for chances in (*found.items, found.model.classes):
        assert sum(chances.values()) == pytest.approx(1.0)
        assert all(0.0 <= chance <= 1.0 for chance in chances.values())


@given(table)
def test_the_same_answers_give_the_same_to_the_last_digit(rows):
    items = [asked(*row) for row in rows]
    turned = [dict(reversed(item.items())) for item in items]
    assert estimate(items, ("n", "y")) == estimate(turned, ("n", "y"))
