from collections import Counter
from itertools import islice, pairwise
from pathlib import Path
from random import Random

import pytest

from streams.redact.training.synthetic import ENTITY_TYPES, Annotated, assembled, generate
from streams.redact.training.synthetic.filling import Segment, fill
from streams.redact.training.synthetic.pools import Pools
from streams.redact.training.synthetic.slots import SLOTS
from streams.redact.training.synthetic.template import load_templates

IDENTITIES = '{"GivenName": "Marie", "Surname": "Hamanová"}\n{"GivenName": "Ana", "Surname": "Prieto"}\n'


@pytest.fixture(scope="module")
def identities(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("identities") / "identities.jsonl"
    path.write_text(IDENTITIES, "utf-8")
    return path


@pytest.fixture(scope="module")
def texts(identities) -> list[Annotated]:
    return list(generate(7, 4_000, identities))


@pytest.fixture
def random() -> Random:
    return Random(11)


def test_same_seed_gives_the_same_texts_and_a_larger_count_only_adds(texts, identities):
    assert list(generate(7, 300, identities)) == texts[:300]


def test_another_seed_gives_other_texts(texts, identities):
    assert next(generate(8, 1, identities)) != texts[0]


def test_spans_are_ascending_disjoint_within_the_text_and_without_space_around(texts):
    for annotated in texts:
        assert all(left.end <= right.start for left, right in pairwise(annotated.spans))
        for start, end, _ in annotated.spans:
            value = annotated.text[start:end]
            assert 0 <= start < end <= len(annotated.text)
            assert value == value.strip()


def test_types_of_spans_are_the_published_ones(texts):
    assert {span.entity_type for annotated in texts for span in annotated.spans} <= ENTITY_TYPES


def test_a_third_of_the_texts_or_less_holds_nothing_sensitive_and_every_genre_occurs(texts):
    without = sum(not annotated.spans for annotated in texts)
    assert len(texts) * 0.15 < without < len(texts) * 0.45
    assert len(Counter(annotated.family for annotated in texts)) >= 30


def test_identities_of_the_file_are_used(texts):
    assert any("Hamanov" in annotated.text for annotated in texts)


def test_spans_of_a_filled_template_cover_exactly_the_filled_values(random):
    pools = Pools(3, ())
    for template in load_templates(frozenset(SLOTS))[::40]:
        segments = fill(template, pools, random)
        text, spans = assembled(segments)
        values = " ".join(segment.text.strip() for segment in segments if segment.entity_type)
        assert " ".join(text[start:end] for start, end, _ in spans) == values


def test_given_and_family_name_side_by_side_are_one_span():
    parts = [Segment("Ana", "PERSON"), Segment(" ", None), Segment("Prieto", "PERSON"), Segment(".", None)]
    assert assembled(parts) == ("Ana Prieto.", ((0, 10, "PERSON"),))


def test_names_in_a_list_stay_apart():
    parts = [Segment("Ana", "PERSON"), Segment(", ", None), Segment("Eva", "PERSON")]
    assert assembled(parts)[1] == ((0, 3, "PERSON"), (5, 8, "PERSON"))


def test_space_around_a_value_is_outside_its_span():
    assert assembled([Segment("Hi", None), Segment(" Ana ", "PERSON")])[1] == ((3, 6, "PERSON"),)


def test_texts_are_drawn_only_as_far_as_they_are_read(identities):
    assert len(list(islice(generate(1, 10**9, identities), 3))) == 3
