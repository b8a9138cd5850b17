from __future__ import annotations

import dataclasses
import json
import types
import typing
from enum import Enum
from importlib import resources
from typing import Any

import pytest

from schemas import audit, catalog
from schemas.registry import subject
from tests.schemas.making import MODULES, record_type

PRIMITIVES = {str: "string", int: "long", float: "double", bytes: "bytes", bool: "boolean", types.NoneType: "null"}
NOT_ON_A_TOPIC = {audit.Event}
"""An argument between stage and engine."""
every_name = pytest.mark.parametrize("name", catalog.NAMES)


def avro(hint: Any, seen: set[str]) -> Any:
    """The Avro type that an annotation must have. A named type is spelled out once."""
    if hint in PRIMITIVES:
        return PRIMITIVES[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "string"  # an Avro enum could never get another symbol under FULL_TRANSITIVE
    if dataclasses.is_dataclass(hint):
        return record(hint, seen)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return {"type": "array", "items": avro(arguments[0], seen)}
    if origin is dict:
        return {"type": "map", "values": avro(arguments[1], seen)}
    assert origin is types.UnionType
    assert types.NoneType in arguments
    return ["null", *(avro(it, seen) for it in arguments if it is not types.NoneType)]


def record(hint: type, seen: set[str]) -> Any:
    if hint.__name__ in seen:
        return hint.__name__
    seen.add(hint.__name__)
    hints = typing.get_type_hints(hint)
    fields = [{"name": it.name, "type": avro(hints[it.name], seen)} for it in dataclasses.fields(hint)]
    return {"type": "record", "name": hint.__name__, "fields": fields}


def bare(schema: Any) -> Any:
    """A schema without docs, defaults and namespaces; references by short name."""
    if isinstance(schema, str):
        return schema.removeprefix("io.veilstream.")
    if isinstance(schema, list):
        return [bare(it) for it in schema]
    if schema["type"] == "record":
        fields = [{"name": it["name"], "type": bare(it["type"])} for it in schema["fields"]]
        return {"type": "record", "name": schema["name"], "fields": fields}
    return {key: bare(value) for key, value in schema.items() if key != "doc"}


def dataclasses_of(module: types.ModuleType) -> set[type]:
    found = {it for it in vars(module).values() if isinstance(it, type) and dataclasses.is_dataclass(it)}
    return {it for it in found if it.__module__ == module.__name__}


def nested(hint: Any) -> set[type]:
    inner = set().union(*(nested(it) for it in typing.get_args(hint)))
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return inner | {typing.cast("type", hint)}.union(*(nested(it) for it in hints.values()))
    return inner


@every_name
def test_schema_has_the_fields_of_its_record_type_in_their_order(name):
    assert bare(json.loads(catalog.text(name))) == record(record_type(name), set())


@every_name
def test_schema_says_what_its_record_is_and_is_in_our_namespace(name):
    schema = json.loads(catalog.text(name))
    assert schema["namespace"] == "io.veilstream"
    assert schema["doc"]
    assert subject(name) == f"io.veilstream.{name}"


@every_name
def test_optional_field_defaults_to_null(name):
    unions = [it for it in json.loads(catalog.text(name))["fields"] if isinstance(it["type"], list)]
    assert [it["name"] for it in unions if it.get("default", "none") is not None] == []


def test_every_schema_file_is_in_the_catalog_and_the_other_way_round():
    files = {it.name.removesuffix(".avsc") for it in resources.files("schemas").joinpath("avro").iterdir()}
    assert files == set(catalog.NAMES)
    assert len(set(catalog.NAMES)) == len(catalog.NAMES)


@pytest.mark.parametrize("module", MODULES, ids=lambda it: it.__name__)
def test_every_record_type_has_a_schema_or_is_part_of_one(module):
    covered = set().union(*(nested(record_type(name)) for name in catalog.NAMES))
    assert dataclasses_of(module) - covered - NOT_ON_A_TOPIC == set()


def test_no_record_type_can_hold_a_hidden_value():
    names = {it.__module__ for name in catalog.NAMES for it in nested(record_type(name))}
    assert names == {module.__name__ for module in MODULES}
