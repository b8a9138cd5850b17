from __future__ import annotations

import pytest

from streams.redact.detect.model import CLASSES
from streams.redact.training.corpus import DEV, TEST, TRAIN, Example, class_of, read, split, template

NAMES = ["presidio_generated", "wikigold_a", "btc_a"]


@pytest.mark.parametrize("name", NAMES)
def test_each_text_is_in_exactly_one_part(name):
    texts = read(name)
    sizes = [len(split(texts, part)) for part in (TRAIN, DEV, TEST)]
    assert sum(sizes) == len(texts)
    assert sizes[0] > sizes[2] > sizes[1] > 0


def test_no_template_is_in_two_parts():
    texts = read("presidio_generated")
    templates = [{template(one) for one in split(texts, part)} for part in (TRAIN, DEV, TEST)]
    assert templates[0].isdisjoint(templates[1] | templates[2])
    assert templates[1].isdisjoint(templates[2])


def test_texts_that_differ_in_values_only_have_one_template():
    one = Example("Call Anna on 3", ((5, 9, "PERSON"),), "x")
    two = Example("call Bartholomew on 9", ((5, 16, "PERSON"),), "x")
    assert template(one) == template(two) == "call {person} on 0"


@pytest.mark.parametrize("name", NAMES)
def test_spans_are_ascending_inside_and_of_known_classes(name):
    for one in read(name):
        edges = [edge for start, end, _ in one.spans for edge in (start, end)]
        assert edges == sorted(edges)
        assert all(0 <= edge <= len(one.text) for edge in edges)
        assert {kind for _, _, kind in one.spans} <= set(CLASSES[1:])


def test_types_that_are_not_named_are_identifiers():
    assert class_of("US_SSN") == class_of("PASSPORT") == "NUMBER"
    assert class_of("GPE") == "LOCATION"
