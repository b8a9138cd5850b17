from __future__ import annotations

import json
from typing import Any

import pytest

from schemas import catalog
from schemas.avro_sameness import is_same, normal


def record(*fields: dict[str, Any], **more: Any) -> str:
    return json.dumps({"type": "record", "name": "n.A", "fields": list(fields), **more})


def same(one: str, other: str) -> bool:
    return is_same(one, normal(other))


PLAIN = record({"name": "x", "type": "string"})


@pytest.mark.parametrize(
    "printed",
    [
        record({"name": "x", "type": {"type": "string"}}),
        record({"name": "x", "type": "string", "order": "ascending", "aliases": []}),
        record({"name": "x", "type": "string"}, aliases=[]),
        json.dumps({"type": "record", "name": "A", "namespace": "n", "fields": [{"name": "x", "type": "string"}]}),
        json.dumps(json.loads(PLAIN), indent=4),
    ],
)
def test_what_goes_without_saying_makes_no_other_schema(printed: str) -> None:
    assert same(printed, PLAIN)
    assert same(PLAIN, printed)


def test_so_it_is_at_every_depth() -> None:
    def deep(text: object) -> str:
        union = ["null", {"type": "map", "values": {"type": "array", "items": text}}]
        return record(
            {"name": "x", "type": {"type": "record", "name": "B", "fields": [{"name": "y", "type": union}]}}
        )

    assert same(deep({"type": "string"}), deep("string"))


@pytest.mark.parametrize(
    "other",
    [
        record({"name": "x", "type": "bytes"}),
        record({"name": "x", "type": "string", "order": "ignore"}),
        record({"name": "x", "type": "string", "aliases": ["y"]}),
        record({"name": "x", "type": "string", "doc": "an x"}),
        record({"name": "x", "type": "string", "default": ""}),
        record({"name": "x", "type": "string", "confluent:tags": ["PII"]}),
        record({"name": "x", "type": {"type": "string", "confluent:tags": ["PII"]}}),
        record({"name": "x", "type": {"type": "string", "logicalType": "uuid"}}),
        record({"name": "x", "type": "string"}, **{"confluent:tags": ["PII"]}),
        "",
        "[",
        '{"type": "record"}',
        '{"message": "not Avro"}',
    ],
)
def test_what_says_something_else_is_another_one(other: str) -> None:
    assert not is_same(other, normal(PLAIN))


@pytest.mark.parametrize("name", catalog.NAMES)
def test_each_of_ours_is_itself_and_none_of_the_others(name: str) -> None:
    wanted = normal(catalog.text(name))
    assert [it for it in catalog.NAMES if is_same(catalog.text(it), wanted)] == [name]
