from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.training.corpus import Example
from streams.redact.training.refill import copies, noisy, rebuild, recased, refilled

TEXT = "Dear Anna Schmidt , we met ( in Oslo ) . Bye !"
EXAMPLE = Example(TEXT, ((5, 17, "PERSON"), (32, 36, "LOCATION")), "x")
VALUES = {"PERSON": ["Bo Li", "Ibrahim al Hassan"], "LOCATION": ["Rome"]}


def values(example: Example) -> list[str]:
    return [example.text[start:end] for start, end, _ in example.spans]


def test_refilled_values_are_of_the_pool_and_spans_cover_them():
    changed = refilled(EXAMPLE, VALUES, Random(1), 1.0)
    assert values(changed) == ["Bo Li", "Rome"]
    assert changed.text == "Dear Bo Li , we met ( in Rome ) . Bye !"


def test_nothing_is_refilled_without_a_share():
    assert refilled(EXAMPLE, VALUES, Random(1), 0.0) == EXAMPLE


@given(st.integers(0, 2000))
def test_noise_moves_spans_with_their_values(seed):
    changed = noisy(EXAMPLE, Random(seed))
    assert [kind for _, _, kind in changed.spans] == ["PERSON", "LOCATION"]
    person, place = values(changed)
    assert abs(len(person) - len("Anna Schmidt")) <= 1
    assert person[:1].lower() == "a"
    assert place.lower() == "oslo"


@pytest.mark.parametrize(("case", "text"), [(str.lower, "straße"), (str.upper, "Straße")])
def test_case_is_left_when_it_would_move_offsets(case, text):
    changed = recased(Example(text, (), "x"), case)
    assert len(changed.text) == len(text)


def test_rebuild_changes_only_what_it_is_told():
    assert rebuild(EXAMPLE, Random(1), lambda _, value: value, lambda gap, _: gap) == EXAMPLE


def test_copies_keep_the_originals_and_repeat_for_a_seed():
    made = [copies([EXAMPLE], VALUES, Random(7), {"x": 3}, 0.5) for _ in range(2)]
    assert made[0] == made[1]
    assert len(made[0]) == 4
    assert made[0][0] == EXAMPLE
