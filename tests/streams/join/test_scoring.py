"""What people answered on gold and what the redactor left, against the truth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, Refused
from schemas.geometry import FieldGeometry, Span
from schemas.geometry_codec import Geometry
from schemas.gold import GoldTruth, KnownWord
from schemas.records import Contribution, LabelSpan, RawReference
from streams.join.scoring import Scored, score
from tests.streams.join.making import GEOMETRY, TEXT, verdict

RAW = RawReference("raw.demo", 2, 17)
NAME = KnownWord("text", 3, 15, "PERSON", 9)


def contribution(*spans: tuple[int, int, str], person: str = "ann-1", **choices: str) -> Contribution:
    return Contribution(person, f"label-{person}", tuple(LabelSpan("text", *it) for it in spans), choices)


def scored(
    *people: Contribution,
    spans: tuple[tuple[int, int, str], ...] = (),
    values: tuple[KnownWord, ...] = (),
    geometry: Geometry = GEOMETRY,
    **choices: str,
) -> Scored:
    truth = GoldTruth(RAW, values, tuple(LabelSpan("text", *it) for it in spans), choices)
    return score(verdict(contributions=people), geometry, truth, 5)


def asked(result: Scored) -> list[tuple[str, str, str]]:
    (person,) = result.people
    return [(it.question, it.truth, it.answer) for it in person.questions]


def test_a_right_answer_a_missed_one_and_one_too_many():
    result = scored(
        contribution((15, 18, "GREETING"), (0, 2, "NAME"), tone="glad"),
        spans=((17, 20, "GREETING"), (0, 2, "REQUEST")),
        tone="sad",
    )
    assert asked(result) == [
        ("span/GREETING", "set", "set"),
        ("span/REQUEST", "set", "not"),
        ("span/NAME", "not", "set"),
        ("choice/tone", "sad", "glad"),
    ]
    assert (result.questions, result.matched) == (4, 1)


@pytest.mark.parametrize("answer", [(3, 13), (4, 13), (3, 9), (5, 8)])
@pytest.mark.parametrize("truth", [(3, 15), (3, 6), (7, 15)])
def test_a_placeholder_is_one_place_however_it_is_cut_on_either_side(answer, truth):
    """Of `[PERSON_1]` nobody can say where the surname begins; of `Ada Lovelace` the truth may."""
    result = scored(contribution((*answer, "NAME")), spans=((*truth, "NAME"),))
    assert asked(result) == [("span/NAME", "set", "set")]


def test_a_span_that_reaches_beyond_its_placeholder_is_compared_with_all_of_it():
    """`Hi [PERSON_1]` is 13 characters, `[PERSON_1]` 10 of them: the same by more than half. `H` is not."""
    near = scored(contribution((0, 13, "NAME")), spans=((3, 15, "NAME"),))
    assert asked(near) == [("span/NAME", "set", "set")]
    far = scored(contribution((0, 1, "NAME")), spans=((3, 15, "NAME"),))
    assert asked(far) == [("span/NAME", "set", "not"), ("span/NAME", "not", "set")]


def test_another_label_for_the_same_place_is_wrong_twice():
    result = scored(contribution((3, 13, "PLACE")), spans=((3, 15, "NAME"),))
    assert asked(result) == [("span/NAME", "set", "not"), ("span/PLACE", "not", "set")]


def test_each_answer_counts_for_one_truth_and_each_truth_once():
    twice = scored(contribution((3, 13, "NAME"), (3, 12, "NAME")), spans=((3, 15, "NAME"),))
    assert asked(twice) == [("span/NAME", "set", "set"), ("span/NAME", "not", "set")]


def test_what_was_dropped_or_is_in_a_field_not_shown_was_not_asked():
    dropped = FieldGeometry("text", 20, 8, (Span("text", 3, 15, 3, 3, "PERSON", "", "drop"),))
    result = scored(contribution(), spans=((3, 15, "NAME"),), geometry=Geometry(RAW, (dropped,)))
    assert asked(result) == []
    truth = GoldTruth(RAW, (KnownWord("hidden", 0, 4, "PERSON", 0),), (LabelSpan("hidden", 0, 4, "NAME"),), {})
    other = score(verdict(contributions=(contribution(),)), GEOMETRY, truth, 5)
    assert (asked(other), other.redaction.values, other.redaction.leaked) == ([], 0, 0)


def test_everybody_is_scored_alone_and_no_score_names_the_task():
    result = scored(contribution((0, 2, "A")), contribution(person="ann-2"), spans=((0, 2, "A"),))
    assert [(it.person, it.questions[0].right, it.policy) for it in result.people] == [
        ("ann-1", True, "policy"),
        ("ann-2", False, "policy"),
    ]
    assert "task-1" not in repr(result.people)


@pytest.mark.parametrize(
    ("value", "leaked", "characters"),
    [
        ((3, 15), 0, 0),  # as replaced
        ((5, 9), 0, 0),  # within
        ((2, 15), 1, 1),  # a character before it is shown: the value has leaked
        ((0, 20), 1, 8),
        ((16, 20), 1, 4),  # nothing of it is covered
    ],
)
def test_a_value_leaks_when_a_character_of_it_is_not_covered(value, leaked, characters):
    found = scored(values=(KnownWord("text", *value, "PERSON", 0), NAME)).redaction
    assert (found.values, found.leaked, found.leaked_characters) == (2, leaked, characters)
    assert (found.task_id, found.segment_id, found.characters) == (
        "task-1",
        "redact.demo.0/1/0",
        value[1] - value[0] + 12,
    )


def test_the_words_of_one_value_are_one_value_and_what_stands_between_them_tells_nothing():
    """`Ada` and `Lovelace` replaced one by one: the space between them is shown, and is no leak."""
    ada = Span("text", 3, 6, 3, 13, "PERSON", "[PERSON_1]", "placeholder")
    lovelace = Span("text", 7, 15, 14, 24, "PERSON", "[PERSON_2]", "placeholder")
    words = (KnownWord("text", 3, 6, "PERSON", 0), KnownWord("text", 7, 15, "PERSON", 0))
    field = FieldGeometry("text", 20, 29, (ada, lovelace))
    found = scored(values=words, geometry=Geometry(RAW, (field,))).redaction
    assert (found.values, found.leaked, found.characters, found.leaked_characters) == (1, 0, 11, 0)
    half = FieldGeometry("text", 20, 20, (ada,))
    found = scored(values=words, geometry=Geometry(RAW, (half,))).redaction
    assert (found.values, found.leaked, found.leaked_characters) == (1, 1, 8)


def test_what_is_hidden_by_the_name_of_its_field_counts_only_if_it_leaks():
    replaced = Span("email", 0, 9, 0, 17, "EMAIL_ADDRESS", "[EMAIL_ADDRESS_1]", "placeholder")
    whole, as_it_is = FieldGeometry("email", 9, 17, (replaced,)), FieldGeometry("email", 9, 9, ())
    value = KnownWord("email", 0, 9, "EMAIL_ADDRESS", 0)
    hidden = scored(values=(value, NAME), geometry=Geometry(RAW, (TEXT, whole))).redaction
    assert (hidden.values, hidden.leaked, hidden.characters) == (1, 0, 12)
    shown = scored(values=(value, NAME), geometry=Geometry(RAW, (TEXT, as_it_is))).redaction
    assert (shown.values, shown.leaked, shown.leaked_characters) == (2, 1, 9)


@pytest.mark.parametrize(
    "words",
    [
        ((1, 3), (4, 15)),  # `+49 …`: a sign before its first word
        ((0, 3), (5, 14)),  # `(0) 55 …)`: one after its last
        ((6, 9),),  # a sentence with a value in it, in a field that the policy names
    ],
)
def test_what_is_replaced_whole_by_the_name_of_its_field_counts_only_if_it_leaks(words):
    replaced = Span("phone", 0, 15, 0, 9, "PHONE_NUMBER", "[PHONE_1]", "placeholder")
    values = tuple(KnownWord("phone", start, end, "PHONE_NUMBER", 0) for start, end in words)
    named = FieldGeometry("phone", 15, 9, (replaced,))
    hidden = scored(values=(*values, NAME), geometry=Geometry(RAW, (TEXT, named))).redaction
    assert (hidden.values, hidden.leaked, hidden.characters) == (1, 0, 12)
    shown = scored(values=(*values, NAME), geometry=Geometry(RAW, (TEXT, FieldGeometry("phone", 15, 15, ()))))
    assert (shown.redaction.values, shown.redaction.leaked) == (2, 1)
    found = Span("phone", 0, 14, 0, 9, "PHONE_NUMBER", "[PHONE_1]", "placeholder")
    partly = Geometry(RAW, (TEXT, FieldGeometry("phone", 15, 10, (found,))))
    had_to_be_found = scored(
        values=(KnownWord("phone", 1, 14, "PHONE_NUMBER", 0), NAME), geometry=partly
    ).redaction
    assert (had_to_be_found.values, had_to_be_found.leaked) == (2, 0)


@pytest.mark.parametrize("bounds", [(3, 21), (4, 4), (-1, 3)])
def test_a_truth_that_does_not_fit_its_record_is_refused(bounds):
    with pytest.raises(Refused) as refusal:
        scored(values=(KnownWord("text", *bounds, "PERSON", 0),))
    assert refusal.value.reason is Reason.GEOMETRY_MISMATCH
    with pytest.raises(Refused):
        scored(contribution(), spans=((*bounds, "NAME"),))


spans_of = st.lists(
    st.tuples(st.integers(0, 17), st.integers(1, 18), st.sampled_from("AB")).filter(lambda it: it[0] < it[1]),
    max_size=6,
)


@given(spans_of, st.lists(st.tuples(st.integers(0, 19), st.integers(1, 20), st.sampled_from("AB")), max_size=6))
def test_no_answer_is_counted_twice_and_no_truth_left_out(answers, true):
    true = [it for it in true if it[0] < it[1]]
    result = scored(contribution(*answers), spans=tuple(true))
    (person,) = result.people
    assert sum(it.truth == "set" for it in person.questions) == len(true)
    assert sum(it.answer == "set" for it in person.questions) == len(answers)
