"""What a producer hands over, as bytes. Errors say what is wrong, never what was in it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, ValuesView

from fastavro import schemaless_writer
from fastavro.types import Schema

from schemas.errors import Reason, Unparseable

MAX_DEPTH = 1000
"""Levels of an Avro record. Deeper ones, and one that holds itself, would end the process in fastavro's C code."""
_WHOLES = (dict, list, tuple, Mapping)
_SCALARS = frozenset({str, int, float, bool, bytes, type(None)})  # told by type: asking for a Mapping takes longer


def of_json(record: Mapping[str, object]) -> bytes:
    """A JSON object in UTF-8. Raises Unparseable for what JSON can't hold (NaN, sets, lone surrogates)."""
    if not isinstance(record, Mapping):
        raise Unparseable(Reason.NOT_AN_OBJECT, "a record is a JSON object")
    try:
        return json.dumps(dict(record), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise Unparseable(Reason.BAD_UTF8, "the record holds text that has no UTF-8 form") from None
    except (TypeError, ValueError, RecursionError):
        raise Unparseable(Reason.BAD_JSON, "the record has no JSON form") from None


def of_text(text: str) -> bytes:
    """Plain text in UTF-8. Raises Unparseable for lone surrogates."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Unparseable(Reason.BAD_UTF8, "the text has no UTF-8 form") from None


def of_avro(record: Mapping[str, object], schema: Schema) -> bytes:
    """The Avro body (the schema's id travels in a header). Raises Unparseable (`undecodable`, `too_deep`)."""
    if _is_too_deep(record):
        raise Unparseable(Reason.TOO_DEEP, f"the record has more than {MAX_DEPTH} levels")
    out = io.BytesIO()
    try:
        schemaless_writer(out, schema, dict(record), strict=True)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        raise Unparseable(Reason.UNDECODABLE, "the record does not fit its Avro schema") from None
    return out.getvalue()


def _is_too_deep(record: Mapping[str, object]) -> bool:
    """Level by level, each object once a level: neither depth nor what holds itself twice must become our time."""
    level: list[object] = [record]
    for _ in range(MAX_DEPTH):
        level = list({id(part): part for whole in level for part in _parts(whole)}.values())
        if not level:
            return False
    return True


def _parts(whole: object) -> Iterator[object]:
    """What of a mapping or a list has parts itself; a value that names its branch is a pair."""
    within = whole.values() if isinstance(whole, Mapping) else whole
    if isinstance(within, (list, tuple, ValuesView)):
        yield from (part for part in within if type(part) not in _SCALARS and isinstance(part, _WHOLES))


def json_object(line: bytes) -> Mapping[str, object]:
    """The object in a line. Raises Unparseable (`bad_utf8`, `bad_json`, `not_an_object`)."""
    text = check_utf8(line)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Unparseable(Reason.BAD_JSON, "not JSON") from None
    if not isinstance(content, dict):
        raise Unparseable(Reason.NOT_AN_OBJECT, "JSON, but not an object")
    return content


def check_utf8(data: bytes) -> str:
    """The text. Raises Unparseable (`bad_utf8`)."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Unparseable(Reason.BAD_UTF8, "not UTF-8") from None
