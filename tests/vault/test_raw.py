from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, RecordError, Refused, Undecryptable, Unparseable
from schemas.hidden import SecretBytes
from schemas.routing import ROUTINE, routing
from vault.interface import DataKey
from vault.raw import (
    CONTEXT_HEADER,
    HEADERS,
    KEY_HEADER,
    MAX_PAYLOAD_BYTES,
    MEDIA_HEADER,
    ROUTING_HEADER,
    SCHEMA_HEADER,
    VERSION_HEADER,
    Media,
    open_raw,
    parse_raw,
    seal_raw,
)

KEY = DataKey(SecretBytes(bytes(range(32))), "vault:v1:abc", "publisher.demo.1/5")
PLACE = {"project": "demo", "topic": "raw.demo", "key": b"k"}


def sealed(payload=b'{"a":1}', media=Media.JSON, schema_id=None):
    value, headers = seal_raw(KEY, payload, media=media, schema_id=schema_id, **PLACE)
    return value, dict(headers)


@given(st.binary(max_size=200), st.sampled_from(Media))
def test_what_a_producer_sealed_the_redactor_opens(payload, media):
    schema_id = 7 if media is Media.AVRO else None
    value, headers = sealed(payload, media, schema_id)
    envelope = parse_raw(headers, value)
    assert (envelope.media, envelope.schema_id) == (media, schema_id)
    assert (envelope.wrapped.wrapped, envelope.wrapped.context) == (KEY.wrapped, KEY.context)
    assert open_raw(KEY.secret, envelope, **PLACE) == payload


@pytest.mark.parametrize("changed", [{"project": "other"}, {"topic": "raw.other"}, {"key": b"x"}, {"key": None}])
def test_a_ciphertext_moved_elsewhere_does_not_open(changed):
    value, headers = sealed()
    with pytest.raises(Undecryptable):
        open_raw(KEY.secret, parse_raw(headers, value), **{**PLACE, **changed})


@pytest.mark.parametrize(("header", "text"), [(MEDIA_HEADER, b"application/json"), (SCHEMA_HEADER, b"8")])
def test_a_changed_media_type_or_schema_does_not_open(header, text):
    value, headers = sealed(media=Media.AVRO, schema_id=7)
    headers[header] = text
    if header == MEDIA_HEADER:
        headers[SCHEMA_HEADER] = b""
    with pytest.raises(Undecryptable):
        open_raw(KEY.secret, parse_raw(headers, value), **PLACE)


@pytest.mark.parametrize("name", HEADERS)
def test_a_missing_or_foreign_header_is_named(name):
    value, headers = sealed()
    for bad in (None, b"\xff", b"x" * 5000):
        with pytest.raises(Unparseable, match=name):
            parse_raw({**headers, name: bad}, value)


@pytest.mark.parametrize(
    ("header", "text", "reason"),
    [
        (VERSION_HEADER, b"2", Reason.MISSING_HEADER),
        (MEDIA_HEADER, b"image/png", Reason.UNKNOWN_MEDIA_TYPE),
        (SCHEMA_HEADER, b"7", Reason.UNKNOWN_SCHEMA),
    ],
)
def test_a_header_with_an_unknown_value_gives_its_reason(header, text, reason):
    value, headers = sealed()
    with pytest.raises(Unparseable) as caught:
        parse_raw({**headers, header: text}, value)
    assert caught.value.reason is reason


@pytest.mark.parametrize("schema", [b"", b"-1", b"07", b"x", b"99999999999", b"4294967296"])
def test_an_avro_payload_needs_a_schema_id(schema):
    value, headers = sealed(media=Media.AVRO, schema_id=7)
    with pytest.raises(Unparseable) as caught:
        parse_raw({**headers, SCHEMA_HEADER: schema}, value)
    assert caught.value.reason is Reason.UNKNOWN_SCHEMA


def test_a_payload_over_a_mebibyte_is_refused_on_both_sides():
    sealed(bytes(MAX_PAYLOAD_BYTES))
    with pytest.raises(Refused) as caught:
        sealed(bytes(MAX_PAYLOAD_BYTES + 1))
    assert caught.value.reason is Reason.TOO_LARGE
    with pytest.raises(Refused):
        parse_raw(sealed()[1], bytes(MAX_PAYLOAD_BYTES + 29))


def test_a_tombstone_is_no_raw_record():
    with pytest.raises(Unparseable):
        parse_raw(sealed()[1], None)


@given(st.dictionaries(st.sampled_from(HEADERS), st.binary(max_size=20)), st.binary(max_size=40))
def test_whatever_comes_gives_a_typed_error(headers, value):
    try:
        open_raw(KEY.secret, parse_raw(headers, value), **PLACE)
    except RecordError:
        return
    raise AssertionError("random bytes opened")


def test_key_headers_hold_the_wrapped_form_only():
    _, headers = sealed()
    assert headers[KEY_HEADER] == b"vault:v1:abc"
    assert headers[CONTEXT_HEADER] == b"publisher.demo.1/5"
    assert KEY.secret.data not in b"".join(headers.values())


def test_a_routing_travels_in_a_header_that_is_bound_and_left_out_where_nothing_is_said():
    made = routing(7, "week-48", ["de"])
    value, headers = seal_raw(KEY, b"{}", media=Media.JSON, routing=made, **PLACE)
    envelope = parse_raw(dict(headers), value)
    assert envelope.routing == made
    assert open_raw(KEY.secret, envelope, **PLACE) == b"{}"
    for other in (b"8;week-48;de", b"5;;"):
        with pytest.raises(Undecryptable):
            open_raw(KEY.secret, parse_raw({**dict(headers), ROUTING_HEADER: other}, value), **PLACE)
    del (sent := dict(headers))[ROUTING_HEADER]
    with pytest.raises(Undecryptable):
        open_raw(KEY.secret, parse_raw(sent, value), **PLACE)
    assert ROUTING_HEADER not in sealed()[1]
    assert parse_raw(sealed()[1], b"x" * 40).routing == ROUTINE
