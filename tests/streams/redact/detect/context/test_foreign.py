from __future__ import annotations

from functools import partial

import pytest

from streams.redact.detect.context.foreign import Foreign
from streams.redact.detect.context.words import Words
from tests.support.growth import repeated, require_linear


def foreign(*values: str) -> Foreign:
    return Foreign([(value, "PERSON") for value in values], {"the"}.__contains__)


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("Sergey Petrov", "Сергей и Петров", ["Сергей", "Петров"]),
        ("Сергей Петров", "Сергею Петрову", ["Сергею", "Петрову"]),
        ("李小龍", "我是李小龍。", ["李小龍"]),
        ("משה כהן", "שלום משה כהן!", ["משה כהן"]),
        ("Sergey Petrov", "Ирина", []),
        ("Sergey Petrov", "é", []),
    ],
)
def test_values_are_found_across_scripts(value, text, found):
    assert [text[find.start : find.end] for find in foreign(value).find(text)] == found


def test_the_last_of_many_values_is_looked_for_like_the_first():
    many = [f"李{chr(0x4E00 + number)}龍" for number in range(400)]
    assert [find.entity_type for find in foreign(*many, "王老五").find("我是王老五和" + many[0])] == ["PERSON"] * 2


def test_values_of_other_scripts_are_found_in_latin():
    text = "ask the Petrova or Julija"
    finds = foreign("Юлия Петрова").find_romanized(Words(text))
    assert {text[find.start : find.end] for find in finds} == {"Petrova", "Julija"}


def test_nothing_is_done_where_all_is_ascii():
    assert not foreign("Anna").is_known
    assert list(foreign("Anna").find("Anna")) == []


@pytest.mark.parametrize("unit", ["a", "\u00e9", "\u0436", "\u0436a", "e\u0301"])
def test_time_grows_with_the_length_of_a_word_only(unit):
    require_linear(
        lambda text: list(Foreign([("Ivan", "X")], str.isdigit).find(f"{text}\u00e9")), partial(repeated, unit)
    )
