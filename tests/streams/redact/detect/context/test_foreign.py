from __future__ import annotations

import pytest

from streams.redact.detect.context.foreign import Foreign
from streams.redact.detect.context.words import Words


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


def test_values_of_other_scripts_are_found_in_latin():
    text = "ask the Petrova or Julija"
    finds = foreign("Юлия Петрова").find_romanized(Words(text))
    assert {text[find.start : find.end] for find in finds} == {"Petrova", "Julija"}


def test_nothing_is_done_where_all_is_ascii():
    assert not foreign("Anna").is_known
    assert list(foreign("Anna").find("Anna")) == []
