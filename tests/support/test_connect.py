"""What counts as the same record is no less than that."""

from __future__ import annotations

import pytest

from tests.support.connect import stands_for

SCHEMA = {
    "type": "record",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "seal", "type": "bytes"},
        {"name": "on", "type": ["null", {"type": "record", "fields": [{"name": "at", "type": "long"}]}]},
        {"name": "spans", "type": {"type": "array", "items": {"type": "array", "items": "double"}}},
        {"name": "more", "type": {"type": "map", "values": "string"}},
        {"name": "done", "type": "boolean"},
    ],
}
VALUE = {
    "id": "a, b",
    "seal": b"\1\2",
    "on": {"at": 7},
    "spans": [[0.5, 1.0], []],
    "more": {"b": "x=y", "a": "z"},
    "done": True,
}
LINE = "Struct{id=a, b,seal=AQI=,on=Struct{at=7},spans=[[0.5, 1.0], []],more={a=z, b=x=y},done=true}"


def test_a_line_is_its_record_whatever_the_order_of_a_map() -> None:
    assert stands_for(LINE, VALUE, SCHEMA, ["seal"])
    assert stands_for(LINE.replace("{a=z, b=x=y}", "{b=x=y, a=z}"), VALUE, SCHEMA, ["seal"])
    assert stands_for(LINE.replace("on=Struct{at=7},", ""), VALUE | {"on": None}, SCHEMA, ["seal"])
    assert stands_for(LINE.replace("{a=z, b=x=y}", "{}"), VALUE | {"more": {}}, SCHEMA, ["seal"])


@pytest.mark.parametrize(
    "value",
    [
        {"id": "a"},
        {"seal": b"\1\3"},
        {"on": None},
        {"on": {"at": 77}},
        {"spans": [[0.5], []]},
        {"spans": [[0.5, 1.0]]},
        {"more": {"a": "z"}},
        {"more": {"a": "z", "b": "x=y", "c": ""}},
        {"more": {"a": "z", "b": "x"}},
        {"done": False},
    ],
)
def test_a_line_is_no_record_that_differs_in_anything(value: dict[str, object]) -> None:
    assert not stands_for(LINE, VALUE | value, SCHEMA, ["seal"])


def test_what_follows_or_is_missing_at_the_end_counts() -> None:
    assert not stands_for(f"{LINE} ", VALUE, SCHEMA, ["seal"])
    assert not stands_for(LINE[:-1], VALUE, SCHEMA, ["seal"])
    assert not stands_for("", VALUE, SCHEMA, ["seal"])


def test_a_tombstone_is_none_of_them() -> None:
    assert stands_for("null", None, SCHEMA, [])
    assert not stands_for(LINE, None, SCHEMA, [])
    assert not stands_for("null", VALUE, SCHEMA, [])
