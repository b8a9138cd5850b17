"""A payload is measured before C code reads it: what is nested too deep must not end the process."""

from __future__ import annotations

import io
import time

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, RecordError, Undecodable
from streams.redact.avro import decode_avro
from streams.redact.avro_bounds import MAX_DECIMAL_BYTES, MAX_DEPTH, check_bounds

DEEP = 300_000
NESTED = {
    "records": ({"type": ["null", "R"]}, b"\x02" * DEEP + b"\0"),
    "arrays": ({"type": {"type": "array", "items": "R"}}, b"\x02" * DEEP + b"\0" * DEEP),
    "maps": ({"type": {"type": "map", "values": "R"}}, b"\x02\0" * DEEP + b"\0" * DEEP),
    "a record without end": ({"type": "R"}, b""),
}
ANY = {
    "type": "record",
    "name": "Any",
    "fields": [
        {"name": "n", "type": ["null", "long"]},
        {"name": "text", "type": "string"},
        {"name": "flags", "type": {"type": "map", "values": ["boolean", "double", "float", "bytes"]}},
        {"name": "rows", "type": {"type": "array", "items": {"type": "array", "items": "int"}}},
        {"name": "next", "type": ["null", "Any"]},
    ],
}


def record_of(field):
    return {"type": "record", "name": "R", "fields": [{"name": "f", **field}]}


def written(value, schema) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), value)
    return stream.getvalue()


def reason(payload: bytes, schema) -> Reason:
    with pytest.raises(RecordError) as refused:
        decode_avro(payload, schema)
    return refused.value.reason


@pytest.mark.parametrize("how", NESTED)
def test_a_payload_nested_without_end_is_refused_and_the_process_lives(how):
    field, payload = NESTED[how]
    assert reason(payload, record_of(field)) is Reason.TOO_DEEP


def test_what_is_as_deep_as_json_may_be_is_read():
    schema = record_of({"type": ["null", "R"]})
    levels = MAX_DEPTH - 1
    fields = decode_avro(b"\x02" * levels + b"\0", schema).fields
    for _ in range(levels):
        fields = fields["f"]
    assert fields == {"f": None}
    assert reason(b"\x02" * (levels + 1) + b"\0", schema) is Reason.TOO_DEEP


@pytest.mark.parametrize("kind", ["bytes", "fixed"])
def test_a_decimal_of_half_a_megabyte_is_refused_at_once(kind):
    decimal = {"type": kind, "logicalType": "decimal", "precision": 38, "scale": 2}
    size = 500_000
    fixed = {"name": "F", "size": size} if kind == "fixed" else {}
    plain = record_of({"type": {"type": kind, **fixed}})
    payload = written({"f": b"\x7f" * size}, plain)
    begun = time.process_time()
    assert reason(payload, record_of({"type": {**decimal, **fixed}})) is Reason.UNDECODABLE
    assert time.process_time() - begun < 5  # its digits took half a minute


def test_a_decimal_as_large_as_one_may_be_is_read():
    schema = record_of({"type": {"type": "bytes", "logicalType": "decimal", "precision": 2000, "scale": 0}})
    payload = written({"f": b"\x7f" * MAX_DECIMAL_BYTES}, record_of({"type": "bytes"}))
    assert decode_avro(payload, schema).fields["f"] == str(int.from_bytes(b"\x7f" * MAX_DECIMAL_BYTES))


def test_blocks_that_say_their_size_are_read():
    schema = record_of({"type": {"type": "array", "items": "int"}})
    assert decode_avro(b"\x03\x04\x02\x04\x02\x06\0", schema).fields == {"f": [1, 2, 3]}


@pytest.mark.parametrize("payload", [b"", b"\x04a", b"\x01", b"\x80" * 11])
def test_a_text_without_an_end_in_the_payload_is_undecodable(payload):
    assert reason(payload, record_of({"type": "string"})) is Reason.UNDECODABLE


@given(
    st.recursive(
        st.none(),
        lambda below: st.fixed_dictionaries(
            {
                "n": st.none() | st.integers(-(2**63), 2**63 - 1),
                "text": st.text(),
                "flags": st.dictionaries(st.text(), st.booleans() | st.floats(allow_nan=False) | st.binary()),
                "rows": st.lists(st.lists(st.integers(-(2**31), 2**31 - 1))),
                "next": below,
            }
        ),
        max_leaves=5,
    ).filter(bool)
)
def test_whatever_fastavro_writes_is_measured_to_its_end(value):
    named = {}
    parsed = fastavro.parse_schema(ANY, named)
    payload = written(value, ANY)
    check_bounds(payload, parsed, named)
    with pytest.raises(Undecodable):
        check_bounds(payload[:-1], parsed, named)
