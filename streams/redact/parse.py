"""From bytes on the wire to a raw record. What is wrong becomes `Unparseable` or `Undecodable` with a reason."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import NoReturn

from schemas.errors import Reason, Unparseable
from schemas.hidden import RawRecord
from streams.redact.avro import Schema, decode_avro
from streams.redact.csv_table import rows_of

JSON = "application/json"
TEXT = "text/plain"
CSV = "text/csv"
AVRO = "avro/binary"
MAX_BYTES = 1024 * 1024  # the contract of raw.P
MAX_DEPTH = 32
_SURROGATE = re.compile("[\ud800-\udfff]")
# A string that never ends counts as one to the end: looking for its end again from every quote in it is quadratic.
_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def parse(payload: bytes, media_type: str, schema: Schema | None = None) -> RawRecord:
    """The record in `payload`. Plain text becomes the field `text`, a CSV table with a header line the fields
    `rows[].column`; Avro needs its writer's `schema`.

    Raises `Unparseable` or `Undecodable`; the message never holds anything of the payload.
    """
    if len(payload) > MAX_BYTES:
        raise Unparseable(Reason.TOO_LARGE)
    kind = media_type.partition(";")[0].strip().lower()
    if kind == JSON:
        return RawRecord(parse_json_object(payload))
    if kind == TEXT:
        return RawRecord({"text": _text(payload)})
    if kind == CSV:
        return RawRecord({"rows": rows_of(_text(payload))})
    if kind == AVRO:
        if schema is None:
            raise Unparseable(Reason.UNKNOWN_SCHEMA)
        return decode_avro(payload, schema)
    raise Unparseable(Reason.UNKNOWN_MEDIA_TYPE)


def parse_json_object(payload: bytes) -> Mapping[str, object]:
    """A JSON object (RFC 8259) without what readers disagree about: duplicate keys, NaN, lone surrogates, NUL."""
    value = _json(_text(payload), payload)
    if not isinstance(value, dict):
        raise Unparseable(Reason.NOT_AN_OBJECT)
    return value


def nested_json(text: str) -> dict[str, object] | list[object] | None:
    """The JSON object or array that a text field holds; None for no such, or one that readers disagree about."""
    start = text.lstrip()[:1]
    if start not in {"{", "["}:
        return None
    try:
        value = _json(text, text.encode())
    except (Unparseable, UnicodeEncodeError):
        return None
    return value if isinstance(value, (dict, list)) else None


def _json(text: str, payload: bytes) -> object:
    if _depth(payload) > MAX_DEPTH:
        raise Unparseable(Reason.TOO_DEEP)
    try:
        value: object = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite
        )
    except (json.JSONDecodeError, ValueError):  # ValueError: an integer of more than 4,300 digits
        raise Unparseable(Reason.BAD_JSON) from None
    if "\\u" in text:
        _check_strings(value)
    return value


def _text(payload: bytes) -> str:
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise Unparseable(Reason.BAD_UTF8) from None
    if "\0" in text:
        raise Unparseable(Reason.NUL_BYTE)
    return text.removeprefix("\ufeff")


def _depth(payload: bytes) -> int:
    """Deepest nesting, found before the parser recurses. Strings are skipped."""
    depth = deepest = 0
    for match in _BRACKET.finditer(payload):
        token = match.group()
        if token in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
        elif token in (b"}", b"]"):
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Unparseable(Reason.DUPLICATE_KEY)
    return result


def _no_constant(_name: str) -> NoReturn:
    raise Unparseable(Reason.BAD_JSON)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Unparseable(Reason.BAD_JSON)
    return value


def _check_strings(value: object) -> None:
    """Escapes can smuggle in what UTF-8 forbids."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack += [*item, *item.values()]
        elif isinstance(item, list):
            stack += item
        elif isinstance(item, str):
            if _SURROGATE.search(item):
                raise Unparseable(Reason.BAD_JSON)
            if "\0" in item:
                raise Unparseable(Reason.NUL_BYTE)
