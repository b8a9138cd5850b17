from __future__ import annotations

from functools import partial

import pytest

from streams.redact.detect.context.names import Initials, run_together, with_initials
from streams.redact.detect.context.words import Words
from tests.support.growth import repeated, require_linear


def found(text: str, *names: str) -> list[str]:
    initials = Initials()
    for name in names:
        initials.add(name.split(), "PERSON")
    return [text[find.start : find.end] for find in initials.find(Words(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("J.S. called", ["J.S."]),
        ("J. S. called", ["J. S."]),
        ("j.s. called", ["j.s."]),
        ("J.Q.S. called", []),
        ("signed: JS", ["JS"]),
        ("initials JS, please", ["JS"]),
        ("call (JS) back", ["JS"]),
        ("ok then\nJS", ["JS"]),
        ("the JS file is here", []),
        ("js", []),
        ("B.S. called", []),
    ],
)
def test_initials_count_with_points_or_a_cue(text, expected):
    assert found(text, "john smith") == expected


def test_three_initials_need_no_cue():
    assert found("the JQS file", "john quincy smith") == ["JQS"]


def test_abbreviations_of_everyday_are_no_initials():
    assert found("e.g. this, at 3 p.m. or so", "eve grant", "paul miller") == []


def test_log_ins_are_made_of_a_name():
    assert {"smithjohn", "jsmith", "smithj"} == set(run_together(["john", "smith"]))
    assert {"johnsmith", "jqsmith", "smithjohnquincy"} <= set(run_together(["john", "quincy", "smith"]))


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("ask J. Smith now", "J. Smith"),
        ("ask J.Q. Smith now", "J.Q. Smith"),
        ("ask Smith, J. now", "Smith, J. "),
        ("ask Smith J now", "Smith J"),
        ("ask Smith now", "Smith"),
        ("it's Smith now", "Smith"),
    ],
)
def test_initials_beside_a_name_belong_to_it(text, whole):
    start = text.index("Smith")
    left, right = with_initials(text, start, start + 5)
    assert text[left:right].strip() == whole.strip()


@pytest.mark.parametrize("unit", ["JS ", "J.S. ", "J. ", "js ", "JS.) "])
def test_time_grows_with_the_length_only(unit):
    require_linear(lambda text: found(f"{text} end", "john smith"), partial(repeated, unit))
