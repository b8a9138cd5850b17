from __future__ import annotations

import datetime as dt
import decimal
import io
import time
import uuid

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, RecordError
from streams.redact.avro import tags_of
from streams.redact.parse import AVRO, JSON, MAX_BYTES, TEXT, parse

SCHEMA = {
    "type": "record",
    "name": "Order",
    "namespace": "org.example",
    "fields": [
        {"name": "email", "type": ["null", "string"], "confluent:tags": ["PII.EMAIL"]},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "blob", "type": "bytes"},
        {
            "name": "notes",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Note",
                    "fields": [{"name": "text", "type": "string", "confluent:tags": ["FREE_TEXT"]}],
                },
            },
        },
        {
            "name": "people",
            "type": {
                "type": "map",
                "values": {
                    "type": "record",
                    "name": "Person",
                    "fields": [
                        {"name": "name", "type": "string", "confluent:tags": ["PII"]},
                        {"name": "boss", "type": ["null", "Person"], "default": None},
                    ],
                },
            },
        },
    ],
}
VALUE = {
    "email": "a@b.org",
    "day": dt.date(2020, 5, 17),
    "blob": b"\xff\x00",
    "notes": [{"text": "hi"}],
    "people": {"x": {"name": "Ann", "boss": None}},
}


def avro(value=VALUE) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(dict(SCHEMA)), value)
    return stream.getvalue()


def reason(payload: bytes, media_type: str = JSON, schema=None) -> Reason:
    with pytest.raises(RecordError) as error:
        parse(payload, media_type, schema)
    assert str(error.value) == error.value.reason.value  # a reason and nothing of the payload
    return error.value.reason


def test_json_object_becomes_a_record():
    record = parse(b'{"a": [1, 2.5, null, true, {"b": "\\ud83d\\ude00"}]}', "application/json; charset=utf-8")
    assert record.fields == {"a": [1, 2.5, None, True, {"b": "\U0001f600"}]}


def test_plain_text_becomes_the_field_text():
    assert parse("grüße".encode(), TEXT).fields == {"text": "grüße"}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", Reason.BAD_JSON),
        (b"{", Reason.BAD_JSON),
        (b'{"a": 1}x', Reason.BAD_JSON),
        (b'{"a": NaN}', Reason.BAD_JSON),
        (b'{"a": -Infinity}', Reason.BAD_JSON),
        (b'{"a": 1e999}', Reason.BAD_JSON),
        (b'{"a": ' + b"9" * 5000 + b"}", Reason.BAD_JSON),
        (b'{"a": "\\ud800"}', Reason.BAD_JSON),
        (b'{"\\udc00": 1}', Reason.BAD_JSON),
        (b'{"a": 1, "a": 2}', Reason.DUPLICATE_KEY),
        (b'{"x": {"a": 1, "\\u0061": 2}}', Reason.DUPLICATE_KEY),
        (b"[1]", Reason.NOT_AN_OBJECT),
        (b'"x"', Reason.NOT_AN_OBJECT),
        (b'{"a": "\xff"}', Reason.BAD_UTF8),
        (b'{"a": "\xed\xa0\x80"}', Reason.BAD_UTF8),
        (b'{"a": "\x00"}', Reason.NUL_BYTE),
        (b'{"a": "\\u0000"}', Reason.NUL_BYTE),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", Reason.TOO_DEEP),
        (b"[" * 900_000, Reason.TOO_DEEP),
        (b'{"a":' * 200_000, Reason.TOO_DEEP),
        (b"x" * (MAX_BYTES + 1), Reason.TOO_LARGE),
    ],
)
def test_bad_json_has_a_reason(payload, expected):
    assert reason(payload) is expected


def test_brackets_inside_strings_are_no_depth():
    assert parse(b'{"a": "' + b"[" * 100 + b'\\"["}', JSON).fields["a"].startswith("[[[")


def test_unknown_media_type_and_missing_schema_are_refused():
    assert reason(b"x", "image/png") is Reason.UNKNOWN_MEDIA_TYPE
    assert reason(b"x", AVRO) is Reason.UNKNOWN_SCHEMA
    assert reason(b"x", AVRO, {"type": "no such"}) is Reason.UNKNOWN_SCHEMA


def test_avro_becomes_plain_values_and_tags_by_path():
    record = parse(avro(), AVRO, SCHEMA)
    assert record.fields["day"] == "2020-05-17"
    assert record.fields["blob"] == "/wA="
    assert record.fields["notes"] == [{"text": "hi"}]
    assert record.tags == {
        "email": frozenset({"PII.EMAIL"}),
        "notes[].text": frozenset({"FREE_TEXT"}),
        "people": frozenset({"PII"}),
    }


@pytest.mark.parametrize("tags", [None, 7, {"PII": True}])
def test_a_schema_with_tags_that_are_none_is_refused(tags):
    fields = [{"name": "email", "type": "string", "confluent:tags": tags}]
    assert reason(b"\x02x", AVRO, {"type": "record", "name": "R", "fields": fields}) is Reason.UNKNOWN_SCHEMA


def test_tags_of_all_branches_of_a_union_count():
    branches = [
        {"type": "record", "name": n, "fields": [{"name": "x", "type": "string", "confluent:tags": [n]}]}
        for n in "AB"
    ]
    schema = {"type": "record", "name": "R", "fields": [{"name": "u", "type": branches}]}
    assert tags_of(schema) == {"u.x": frozenset({"A", "B"})}


@pytest.mark.parametrize("cut", [0, 1, 5, -1])
def test_truncated_avro_is_undecodable(cut):
    assert reason(avro()[:cut], AVRO, SCHEMA) is Reason.UNDECODABLE


def test_trailing_bytes_are_undecodable():
    assert reason(avro() + b"\0", AVRO, SCHEMA) is Reason.UNDECODABLE


def test_nul_in_an_avro_string_is_refused():
    assert reason(avro(VALUE | {"email": "a\0b"}), AVRO, SCHEMA) is Reason.NUL_BYTE


@given(st.binary(max_size=300), st.sampled_from([JSON, TEXT, AVRO]))
def test_any_bytes_give_a_record_or_a_reason(payload, media_type):
    try:
        parse(payload, media_type, SCHEMA)
    except RecordError as error:
        assert isinstance(error.reason, Reason)  # noqa: PT017 - a record is as good an answer


def test_a_string_of_escaped_quotes_that_never_ends_is_refused_at_once() -> None:
    payload = b'{"text": "' + b'\\"' * 500_000
    begun = time.process_time()
    with pytest.raises(RecordError) as refused:
        parse(payload, JSON)
    assert refused.value.reason is Reason.BAD_JSON
    assert time.process_time() - begun < 5  # takes 0.3 s; looking again from each quote took hours


LOGICAL = {
    "type": "record",
    "name": "Logical",
    "fields": [
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "local", "type": {"type": "long", "logicalType": "local-timestamp-millis"}},
        {"name": "clock", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
        {"name": "code", "type": {"type": "fixed", "name": "Code", "size": 2}},
        {"name": "any", "type": ["null", "int", {"type": "map", "values": ["string", "double"]}]},
        {"name": "tree", "type": {"type": "array", "items": {"type": "array", "items": ["null", "Kind"]}}},
    ],
}


def test_unions_maps_arrays_and_logical_types_become_json_values():
    value = {
        "at": dt.datetime(2020, 5, 17, 8, 30, tzinfo=dt.UTC),
        "local": dt.datetime(2020, 5, 17, 8, 30),  # noqa: DTZ001 - local by its type
        "clock": dt.time(8, 30),
        "price": decimal.Decimal("12.50"),
        "id": uuid.UUID(int=7),
        "kind": "B",
        "code": b"\xff\x00",
        "any": {"a": "x", "b": 1.5},
        "tree": [["A", None], []],
    }
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(dict(LOGICAL)), value)
    assert parse(stream.getvalue(), AVRO, LOGICAL).fields == {
        "at": "2020-05-17T08:30:00+00:00",
        "local": "2020-05-17T08:30:00",
        "clock": "08:30:00",
        "price": "12.50",
        "id": "00000000-0000-0000-0000-000000000007",
        "kind": "B",
        "code": "/wA=",
        "any": {"a": "x", "b": 1.5},
        "tree": [["A", None], []],
    }
