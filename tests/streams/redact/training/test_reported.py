"""What is reported on was seen by no training, as far as the corpora let one tell."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from streams.redact.quality import sets
from streams.redact.training.corpus import CORPORA, TEMPLATED, TEST, TRAIN, parts_of, read, split, template
from streams.redact.training.reported import all_reported, kin_of, reported

RUNNING = [name for name in CORPORA if name != TEMPLATED]


def identities() -> list[dict[str, str]]:
    source = resources.files("streams.redact.training").joinpath("data", "identities_a.jsonl")
    return [json.loads(line) for line in source.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", RUNNING)
def test_four_texts_beside_another_part_are_left_out_and_no_more(name):
    examples, left = read(name), reported(name)
    is_test = [part == TEST for part in parts_of(examples)]
    apart = [all(is_test[max(0, at - 4) : at + 5]) for at in range(len(examples))]
    assert left == [one for one, wanted in zip(examples, apart, strict=True) if wanted]
    assert 0 < len(left) < len(split(examples, TEST))


def test_no_template_of_training_is_reported():
    trained = {template(one) for one in split(read(TEMPLATED), TRAIN)}
    assert trained.isdisjoint(map(template, reported(TEMPLATED)))


def test_no_address_of_an_identity_of_training_is_reported():
    streets = {one["StreetAddress"] for one in identities() if len(one["StreetAddress"]) >= 8}
    test, left = split(read(TEMPLATED), TEST), reported(TEMPLATED)
    assert sum(any(street in one.text for street in streets) for one in test) == 61
    assert not any(street in one.text for one in left for street in streets)
    assert len(left) > 400


def test_texts_of_a_template_are_akin_and_running_texts_are_not():
    assert {kin_of(one) for name in RUNNING for one in reported(name)} == {None}
    assert {kin_of(one) for one in reported(TEMPLATED)} == {template(one) for one in reported(TEMPLATED)}


def test_the_table_is_measured_on_what_is_reported():
    rows = {"presidio_generated": "synthetic", "wikigold_a": "wikipedia", "btc_a": "tweets"}
    for name, row in rows.items():
        measured = sets.SETS[row]()
        assert [(one.text, one.kin) for one in measured] == [(one.text, kin_of(one)) for one in reported(name)]
    assert {one.kin for one in sets.SETS["lower"]()} == {one.kin for one in sets.SETS["synthetic"]()} != {None}
    assert len(list(all_reported())) == sum(len(sets.SETS[row]()) for row in rows.values())
