"""What a producer hands over, as bytes. Errors say what is wrong, never what was in it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping

from fastavro import schemaless_writer
from fastavro.types import Schema

from schemas.errors import Reason, Unparseable


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
    """The Avro body (the schema's id travels in a header). Raises Unparseable where it does not fit."""
    out = io.BytesIO()
    try:
        schemaless_writer(out, schema, dict(record), strict=True)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        raise Unparseable(Reason.UNDECODABLE, "the record does not fit its Avro schema") from None
    return out.getvalue()


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
