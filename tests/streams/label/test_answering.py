from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas.records import FieldShape, LabelSpan
from streams.label.answering import PERFECT, ChoiceRule, ErrorRates, Lexicon, answer, find_spans
from streams.label.forms import LabelsView, LeaseView, PlaceholderView
from streams.label.results import check_result
from streams.label.settings import ResultLimits
from topology.policies.model import Choice, LabelSchema

LEXICON = Lexicon({"card": "PRODUCT", "card lost": "COMPLAINT", "late": "UNKNOWN"}, {"PERSON": "NAME"})
RULES = (ChoiceRule("tone", "calm", {"angry": "angry"}), ChoiceRule("other", "x"))
SCHEMA = LabelSchema(("NAME", "PRODUCT", "COMPLAINT"), (Choice("tone", ("calm", "angry")),))


def view(text: str, *placeholders: PlaceholderView) -> LeaseView:
    labels = LabelsView(spans=list(SCHEMA.spans), choices={"tone": ["calm", "angry"]})
    return LeaseView(
        lease_id="x-1",
        fencing_token=1,
        expires_at=1,
        task_id="x",
        fields={"text": text},
        placeholders={"text": list(placeholders)},
        labels=labels,
    )


def test_whole_words_the_longest_phrase_and_placeholders_are_found():
    task = view("[PERSON_1]: Card Lost, cards, card. late", PlaceholderView(start=0, end=10, category="PERSON"))
    assert find_spans(task, LEXICON) == [
        LabelSpan("text", 0, 10, "NAME"),
        LabelSpan("text", 12, 21, "COMPLAINT"),
        LabelSpan("text", 30, 34, "PRODUCT"),
    ]


def test_offsets_are_code_points():
    assert find_spans(view("🎉İ card"), LEXICON) == [LabelSpan("text", 3, 7, "PRODUCT")]


def test_choices_follow_the_rules_that_the_schema_knows():
    assert answer(view("so ANGRY"), LEXICON, RULES, PERFECT, Random(0)).choices == {"tone": "angry"}
    assert answer(view("fine"), LEXICON, RULES, PERFECT, Random(0)).choices == {"tone": "calm"}


@given(st.integers(), st.text(alphabet="card lost angry🎉", max_size=60))
def test_answers_with_every_error_still_fit_the_task(seed, text):
    rates = ErrorRates(miss=0.3, shift=0.5, wrong_label=0.5, wrong_choice=0.5)
    result = answer(view(text), LEXICON, RULES, rates, Random(seed))
    check_result(result, (FieldShape("text", len(text)),), SCHEMA, ResultLimits())


def test_same_seed_gives_the_same_answer():
    task, rates = view("card lost card angry"), ErrorRates(0.5, 0.5, 0.5, 0.5)
    first, second = (answer(task, LEXICON, RULES, rates, Random("seed")) for _ in range(2))
    assert first == second
