from __future__ import annotations

from schemas.durations import read
from schemas.geometry import FieldGeometry, Span
from streams.redact.amounts import Amounts, amounts, details

SPAN = Span("text", 3, 8, 3, 13, "PERSON", "[PERSON_1]", "placeholder")


def test_fields_and_characters_are_those_of_the_raw_record():
    shown = [FieldGeometry("text", 20, 25, (SPAN,)), FieldGeometry("tone", 7, 7, ())]
    assert amounts(shown) == Amounts(fields=2, fields_redacted=1, characters=27, characters_redacted=5)


def test_a_batch_says_the_sum_and_how_long_its_tasks_waited():
    said = details([Amounts(2, 1, 27, 5), Amounts(1, 0, 10, 0)], [5, 5_000])
    assert {name: said[name] for name in said if name != "waited"} == {
        "fields": "3",
        "fields_redacted": "1",
        "characters": "37",
        "characters_redacted": "5",
    }
    assert sum(read(said["waited"]).values()) == 2


def test_a_batch_without_a_task_says_nothing():
    assert details([], []) == {}
