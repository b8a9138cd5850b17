from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import catalog
from schemas.codec import PREFIX, Codec, FixedIds, body
from schemas.errors import Reason, Undecodable
from schemas.records import Order, Task, WorkOrder
from tests.schemas.making import all_records, record_type, records_of

CODEC = Codec(FixedIds())
unhurried = settings(deadline=None)  # the first example of a type compiles its schema


@pytest.mark.parametrize("name", catalog.NAMES)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_record_of_every_type_comes_back_as_it_was(name, data):
    record = data.draw(records_of(name))
    assert CODEC.decode(CODEC.encode(record), record_type(name)) == record


@unhurried
@given(all_records(), st.data())
def test_record_cut_anywhere_is_undecodable(record, data):
    whole = CODEC.encode(record)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(Undecodable) as caught:
        CODEC.decode(cut, type(record))
    assert caught.value.reason is Reason.UNDECODABLE


@unhurried
@given(all_records(), st.binary(min_size=1, max_size=20))
def test_record_followed_by_more_bytes_is_undecodable(record, more):
    with pytest.raises(Undecodable):
        CODEC.decode(CODEC.encode(record) + more, type(record))


@unhurried
@given(st.sampled_from(catalog.NAMES), st.binary(max_size=200))
def test_foreign_bytes_are_a_record_or_undecodable_and_nothing_else(name, foreign):
    schema_id = FixedIds().id_of(name)
    try:
        record = CODEC.decode(PREFIX.pack(0, schema_id) + foreign, record_type(name))
    except Undecodable:
        return
    assert isinstance(record, record_type(name))


@unhurried
@given(all_records(), st.data())
def test_flipped_byte_is_a_record_or_undecodable_and_nothing_else(record, data):
    damaged = bytearray(CODEC.encode(record))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = CODEC.decode(bytes(damaged), type(record))
    except Undecodable:
        return
    assert isinstance(found, type(record))


@pytest.mark.parametrize("data", [None, b"", b"\x00", b"\x00\x00\x00\x00", b"\x01\x00\x00\x00\x01", b'{"a": 1}'])
def test_bytes_without_a_schema_id_are_undecodable(data):
    with pytest.raises(Undecodable) as caught:
        CODEC.decode(data, Task)
    assert caught.value.reason is Reason.UNDECODABLE


@pytest.mark.parametrize("schema_id", [0, len(catalog.NAMES) + 1, 2**32 - 1])
def test_unknown_schema_id_is_told_apart(schema_id):
    with pytest.raises(Undecodable) as caught:
        CODEC.decode(PREFIX.pack(0, schema_id) + b"\x00", Task)
    assert caught.value.reason is Reason.UNKNOWN_SCHEMA


@unhurried
@given(records_of("WorkOrder"))
def test_record_of_another_type_is_undecodable(order):
    with pytest.raises(Undecodable, match="schema id says otherwise"):
        CODEC.decode(CODEC.encode(order), Task)


@unhurried
@given(records_of("WorkOrder"), st.text(min_size=8, max_size=20))
def test_refusal_never_quotes_the_bytes(order, marker):
    damaged = CODEC.encode(order) + marker.encode()
    with pytest.raises(Undecodable) as caught:
        CODEC.decode(damaged, WorkOrder)
    assert str(caught.value) == "bytes left over after a WorkOrder"


def test_value_outside_its_enumeration_is_undecodable_and_not_quoted():
    plain = CODEC.encode(WorkOrder("t", Order.CLOSE))
    with pytest.raises(Undecodable) as caught:
        CODEC.decode(plain.replace(b"close", b"clOse"), WorkOrder)
    assert "clOse" not in str(caught.value)


@unhurried
@given(all_records())
def test_wire_format_is_a_zero_byte_the_id_and_the_avro_body(record):
    schema_id = FixedIds().id_of(type(record).__name__)
    assert CODEC.encode(record) == b"\x00" + schema_id.to_bytes(4, "big") + body(record)
