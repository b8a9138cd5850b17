from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.redact.detect.classifier import Classifier
from streams.redact.detect.find import Find
from streams.redact.detect.lexicon import load_lexicon
from streams.redact.detect.model import load_model
from streams.redact.detect.shadow import fold
from topology.policies import Mode


def classifier(mode: Mode = Mode.STRICT, permille: int | None = None, allow: tuple[str, ...] = ()) -> Classifier:
    return Classifier(load_lexicon(), load_model(), mode, permille, allow)


def found(text: str, one: Classifier | None = None) -> list[tuple[str, str]]:
    [finds], _ = (one or classifier()).search([text], [[]])
    return [(text[find.start : find.end], find.entity_type) for find in finds]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("Yesterday I spoke with Maria Kowalczyk about it.", "Maria Kowalczyk", "PERSON"),
        ("yesterday i spoke with maria kowalczyk about it", "maria kowalczyk", "PERSON"),
        ("We flew to Rotterdam last week.", "Rotterdam", "LOCATION"),
    ],
)
def test_names_are_found_in_every_mode_and_case(mode, text, name, kind):
    assert (name, kind) in found(text, classifier(mode))


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("text", ["The delivery was late and the box was broken.", "What should I do now?", ""])
def test_plain_sentences_stay(mode, text):
    assert found(text, classifier(mode)) == []


@pytest.mark.parametrize("mode", list(Mode))
def test_a_word_of_no_list_is_denied(mode):
    assert found("the word zqxvka is here", classifier(mode)) != []


def test_an_allowed_word_is_shown():
    assert found("We asked Zqxvka for it") != []
    assert found("We asked Zqxvka for it", classifier(allow=("zqxvka",))) == []


def test_long_numbers_and_other_scripts_are_denied_whatever_the_threshold():
    least = classifier(permille=999)
    assert [text for text, _ in found(fold("the 48213 of 李小龍 then"), least)] == ["48213", fold("李小龍")]


def test_parties_of_a_contract_are_hidden_where_they_stand_for_somebody():
    assert [text for text, _ in found("The Borrower shall repay the loan.")] == ["Borrower"]
    assert found("he was the borrower of a book") == []


def test_a_lower_threshold_hides_more_and_leaves_less():
    text = "Summer came to Grace Church Street and Baker met Hope there, near the Old Mill Bakery."
    lenient, strict = (classifier(permille=permille).search([text], [[]]) for permille in (400, 5))
    hidden = [sum(find.end - find.start for find in finds[0]) for finds, _ in (lenient, strict)]
    assert hidden[0] < hidden[1]
    assert lenient[1][0] > strict[1][0]


def test_numbers_beside_a_name_are_no_part_of_it():
    assert ("48213", "NUMBER") in found("We told Maria Kowalczyk 48213 about it")


def test_a_rule_of_another_kind_is_not_swallowed_by_a_name():
    text = "Maria Kowalczyk 12 March 1984"
    [finds], _ = classifier().search([text], [[Find(16, len(text), "DATE_TIME")]])
    assert [text[find.start : find.end] for find in finds] == ["Maria Kowalczyk"]


@settings(max_examples=30)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=4), st.sampled_from(list(Mode)))
def test_a_text_is_judged_the_same_alone_and_in_a_batch(texts, mode):
    folded = [fold(text) for text in texts]
    one = classifier(mode)
    finds, masses = one.search(folded, [[] for _ in folded])
    alone = [one.search([text], [[]]) for text in folded]
    assert finds == [found for [found], _ in alone]
    assert masses == [mass for _, [mass] in alone]


@settings(max_examples=30)
@given(st.text(max_size=200))
def test_finds_are_ascending_disjoint_and_inside(text):
    folded = fold(text)
    [finds], [mass] = classifier().search([folded], [[]])
    edges = [edge for find in finds for edge in (find.start, find.end)]
    assert edges == sorted(edges)
    assert all(0 <= find.start < find.end <= len(folded) for find in finds)
    assert mass >= 0
