"""Every documented example of an identifier, alone and in sentences, is hidden; ordinary numbers are not."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources

import pytest

from streams.redact.detect.detector import build_detector
from topology.policies import Mode

ORDINARY = [
    "The price is $19.99, down from $24.50.",
    "We sold 1,250 units last month, 3.75 percent more.",
    "Please upgrade to version 10.15.7 of the app.",
    "See section 3.2.1 and table 4.5 for details.",
    "The match ended 21-14 and the second one 3:2.",
    "The train leaves at 10:30 and arrives at 14:05.",
    "Add 250 g of flour, 2 eggs and 1/2 cup of milk.",
    "It was rebuilt in 2005-2007, as chapter 12 on page 345 says.",
    "He ran 42.195 km in 3:21:10.",
    "Use 3/4 of it, at a ratio of 16:9.",
    "It is 100% safe and 50% cheaper.",
    "I have 3 children and 2 dogs.",
]


def examples() -> list[dict]:
    source = resources.files("streams.redact.quality").joinpath("data", "identifiers.jsonl")
    return [json.loads(line) for line in source.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("mode", "most"), [(Mode.FAST, 0.01), (Mode.STRICT, 0.005), (Mode.MAX, 0.002)])
def test_examples_with_valid_checksums_leak_no_more_than_the_mode_allows(text_policy, mode, most):
    detector = build_detector(replace(text_policy, detection=replace(text_policy.detection, mode=mode)))
    rows = [row for row in examples() if row["valid"]]
    gold = leaked = 0
    for row, searched in zip(rows, detector.search([row["text"] for row in rows]), strict=True):
        hidden = {place for find in searched.finds for place in range(find.start, find.end)}
        wanted = {place for span in row["spans"] for place in range(span["start"], span["end"])}
        gold += len(wanted)
        leaked += len(wanted - hidden)
    assert leaked / gold <= most


def test_the_examples_reach_every_type_that_a_pattern_can_give(scanner):
    kinds = {one.entity_type for one in scanner._recognizers}
    untested = kinds - {row["entity_type"] for row in examples()}
    assert untested <= {"NUMBER", "UNUSUAL"}


@pytest.mark.parametrize("text", ORDINARY)
def test_the_rules_alone_leave_ordinary_numbers(scanner, text):
    kinds = {find.entity_type for find in scanner.find(text)} - {"DATE_TIME"}
    assert kinds == set()


def test_examples_are_annotated_inside_their_texts():
    for row in examples():
        assert row["valid"] == bool(row["spans"])
        assert all(0 <= span["start"] < span["end"] <= len(row["text"]) for span in row["spans"])
