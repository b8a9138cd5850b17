"""The order to redact again, and where a copy says that it comes from: written and read back, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Unparseable
from schemas.reredaction import (
    MAX_NUMBER,
    MAX_SINCE,
    Origin,
    Reredaction,
    origin_headers,
    read_origin,
    read_reredaction,
    reredaction_body,
    without_origin,
)

ORDERS = st.builds(Reredaction, st.integers(1, MAX_NUMBER), st.integers(1, MAX_NUMBER), st.integers(0, MAX_SINCE))
ORIGINS = st.builds(
    Origin,
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**63 - 2),
    st.integers(2, 2**31),
    st.integers(1, MAX_NUMBER),
    st.booleans(),
)


@given(ORDERS)
def test_an_order_is_read_as_it_was_written(order):
    assert read_reredaction(reredaction_body(order)) == order


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"number":1,"policy":2}',
        b'{"number":1,"policy":2,"since":0,"why":"x"}',
        b'{"number":0,"policy":2,"since":0}',
        b'{"number":1,"policy":0,"since":0}',
        b'{"number":1,"policy":2,"since":-1}',
        b'{"number":true,"policy":2,"since":0}',
        b'{"number":1,"policy":2,"since":0.0}',
        b'{"number":1000001,"policy":2,"since":0}',
        b'{"policy":2,"number":1,"since":0}',  # the same in another order would be another order
        b'{"number": 1,"policy":2,"since":0}',
        b'{"number":1,"policy":2,"since":' + b"9" * 200 + b"}",
        b"[" * 100,
    ],
)
def test_what_is_no_order_is_none(body):
    assert read_reredaction(body) is None


@given(ORIGINS)
def test_an_origin_is_read_as_it_was_written_and_taken_off_again(origin):
    headers = {"veil-version": b"1", **dict(origin_headers(origin))}
    assert read_origin(headers) == origin
    assert without_origin(headers) == {"veil-version": b"1"}


@pytest.mark.parametrize("name", [name for name, _ in origin_headers(Origin(0, 0, 2, 1))])
@pytest.mark.parametrize("value", [None, b"", b"-1", b"01", b"1.0", b" 2", "²".encode(), b"9" * 20, b"9" * 5000])
def test_a_copy_that_does_not_say_exactly_where_it_comes_from_is_refused(name, value):
    headers = dict(origin_headers(Origin(3, 7, 2, 1)))
    headers.pop(name)
    if value is not None:
        headers[name] = value
    with pytest.raises(Unparseable, match=name):
        read_origin(headers)


@pytest.mark.parametrize("value", [b"", b"too_deep", b"TOO_LARGE", b"9" * 5000])
def test_a_copy_that_leaves_its_content_out_for_no_known_reason_is_refused(value):
    headers = dict(origin_headers(Origin(0, 0, 2, 1))) | {"veil-left-out": value}
    with pytest.raises(Unparseable, match="veil-left-out"):
        read_origin(headers)


def test_a_first_revision_is_never_a_copy():
    headers = dict(origin_headers(Origin(0, 0, 2, 1))) | {"veil-revision": b"1"}
    with pytest.raises(Unparseable):
        read_origin(headers)
