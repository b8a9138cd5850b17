"""Avro schemas that refer to types of other subjects, made whole: decoding by them needs no registry any more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fastavro.schema import parse_schema
from fastavro.types import Schema


def combined(main: str, references: Iterable[str]) -> Schema:
    """The schema `main`, each type it refers to spelled out where it is first named. `references`: deepest first.

    Raises whatever fastavro raises for what is no schema.
    """
    known: dict[str, Any] = {}
    for text in references:
        parse_schema(json.loads(text), named_schemas=known, _write_hint=False)
    definitions = dict(known)  # of every named type in them, nested ones and branches of unions too
    whole: Any = parse_schema(json.loads(main), named_schemas=known, _write_hint=False)
    return parse_schema(_filled(whole, definitions, set()))


def _filled(schema: Any, definitions: Mapping[str, Any], defined: set[str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(schema, str) and schema in definitions and schema not in defined:
        return _filled(definitions[schema], definitions, defined)
    if isinstance(schema, list):
        return [_filled(branch, definitions, defined) for branch in schema]
    if not isinstance(schema, Mapping):
        return schema
    filled = dict(schema)
    if "name" in filled:
        if filled["name"] in defined:
            return filled["name"]
        defined.add(filled["name"])
    if "fields" in filled:
        filled["fields"] = [
            {**field, "type": _filled(field["type"], definitions, defined)} for field in filled["fields"]
        ]
    for key in ("type", "items", "values"):
        if key in filled:
            filled[key] = _filled(filled[key], definitions, defined)
    return filled
