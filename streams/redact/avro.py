"""Avro payloads: the record, and the `confluent:tags` of its schema by field path."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import io
import json
import math
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import fastavro

from schemas.errors import Reason, Undecodable, Unparseable
from schemas.hidden import RawRecord
from streams.redact.avro_bounds import check_bounds
from streams.redact.avro_width import weightless_items

Schema = Mapping[str, Any] | list[Any] | str
TAGS = "confluent:tags"
_KEPT = 64  # schemas; a project has a few
_SURROGATE_OR_NUL = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A schema as fastavro takes it, the types that it names, and its tags by field path."""

    parsed: Any
    named: Mapping[str, Any]
    tags: Mapping[str, frozenset[str]]


def decode_avro(payload: bytes, schema: Schema) -> RawRecord:
    """The record in schemaless Avro `payload`, all of it. Dates, decimals, bytes become text (ISO 8601, base64).

    Raises `Undecodable` for foreign or truncated bytes and `Unparseable` for a schema that is none.
    """
    prepared = _prepared(_text_of(schema))
    check_bounds(payload, prepared.parsed, prepared.named)
    stream = io.BytesIO(payload)
    try:
        value = fastavro.schemaless_reader(stream, prepared.parsed, None)
    except Exception:  # noqa: BLE001 - fastavro raises whatever it stumbles over
        raise Undecodable(Reason.UNDECODABLE) from None
    if stream.tell() != len(payload):
        raise Undecodable(Reason.UNDECODABLE)
    if not isinstance(value, dict):
        raise Undecodable(Reason.NOT_AN_OBJECT)
    fields = _plain(value)
    assert isinstance(fields, dict)
    return RawRecord(fields, prepared.tags)


def _text_of(schema: Schema) -> str:
    try:
        return json.dumps(schema)
    except (TypeError, ValueError, RecursionError):
        raise Unparseable(Reason.UNKNOWN_SCHEMA) from None


@lru_cache(_KEPT)
def _prepared(text: str) -> _Prepared:
    """Once a schema and process: it takes longer than reading a record."""
    named: dict[str, Any] = {}
    try:
        schema = json.loads(text)
        prepared = _Prepared(fastavro.parse_schema(json.loads(text), named), named, tags_of(schema))
    except Exception:  # noqa: BLE001 - fastavro raises whatever it stumbles over
        raise Unparseable(Reason.UNKNOWN_SCHEMA) from None
    if weightless_items(schema):
        raise Unparseable(Reason.UNKNOWN_SCHEMA, "a schema with arrays of items that take no byte")
    return prepared


def tags_of(schema: Schema) -> dict[str, frozenset[str]]:
    """Tags by field path, `notes[].text` for what is in arrays.

    A union's branches count together, so that a tag on any raises the field. Below a map the path holds data, not
    schema: tags from there stand at the map's own path and are inherited by what is in it. Recursive types are
    followed once; what is deeper has no tags of its own and inherits those above.
    """
    found: dict[str, frozenset[str]] = {}
    for path, tags in _tags(schema, "", {}, ()):
        found[path] = found.get(path, frozenset()) | tags
    return {path: tags for path, tags in found.items() if tags}


def _tags(
    schema: Any,  # noqa: ANN401 - a schema is any JSON
    path: str,
    named: dict[str, Any],
    above: tuple[str, ...],
) -> Iterator[tuple[str, frozenset[str]]]:
    if isinstance(schema, list):
        for branch in schema:
            yield from _tags(branch, path, named, above)
        return
    if isinstance(schema, str):
        if schema in named and schema not in above:
            yield from _tags(named[schema], path, named, above)
        return
    yield path, _own_tags(schema)
    kind = schema.get("type")
    if kind in {"record", "error"}:
        yield from _record_tags(schema, path, named, above)
    elif kind == "array":
        yield from _tags(schema["items"], f"{path}[]", named, above)
    elif kind == "map":
        for _, tags in _tags(schema["values"], path, named, above):
            yield path, tags
    elif isinstance(kind, (dict, list)):
        yield from _tags(kind, path, named, above)


def _record_tags(
    schema: Mapping[str, Any], path: str, named: dict[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[str, frozenset[str]]]:
    names = _names(schema)
    named.update(dict.fromkeys(names, schema))
    for field in schema.get("fields", ()):
        child = f"{path}.{field['name']}" if path else str(field["name"])
        yield child, _own_tags(field)
        yield from _tags(field["type"], child, named, (*above, *names))


def _names(schema: Mapping[str, Any]) -> tuple[str, ...]:
    name, space = str(schema["name"]), schema.get("namespace")
    return (name, f"{space}.{name}") if space else (name,)


def _own_tags(schema: Mapping[str, Any]) -> frozenset[str]:
    """Raises Unparseable for what is no tag, nor a list: nobody knows what it was to raise."""
    tags = schema.get(TAGS, ())
    if not isinstance(tags, (str, list, tuple)):
        raise Unparseable(Reason.UNKNOWN_SCHEMA)
    return frozenset(str(tag) for tag in ([tags] if isinstance(tags, str) else tags))


def _plain(value: object) -> object:  # noqa: PLR0911 - one return per type
    """The value in JSON's types. Raises `Undecodable` for what JSON has no form for."""
    if isinstance(value, dict):
        return {_clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise Undecodable(Reason.UNDECODABLE)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    raise Undecodable(Reason.UNDECODABLE)


def _clean(text: str) -> str:
    if _SURROGATE_OR_NUL.search(text):
        raise Undecodable(Reason.NUL_BYTE if "\0" in text else Reason.BAD_UTF8)
    return text
