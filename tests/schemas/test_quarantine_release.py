"""The order to release a quarantined record: written and read back, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, Unparseable
from schemas.quarantine_release import (
    IN_SPITE,
    RELEASABLE,
    QuarantineRelease,
    ReleaseReason,
    read_release,
    read_release_target,
    release_body,
)
from schemas.reredaction import MAX_NUMBER, Origin, origin_headers, read_origin, without_origin

ORDERS = st.builds(
    QuarantineRelease,
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**63 - 2),
    st.integers(1, 999_999),
    st.integers(1, MAX_NUMBER),
    st.sampled_from(ReleaseReason),
)


@given(ORDERS)
def test_an_order_is_read_as_it_was_written(order):
    assert read_release(order.target, release_body(order)) == order
    assert read_release_target(order.target) == (order.partition, order.offset, order.revision)


@given(ORDERS, ORDERS)
def test_two_orders_are_never_written_alike(one, other):
    assert (one == other) == ((one.target, release_body(one)) == (other.target, release_body(other)))


def test_a_threshold_is_set_aside_for_what_is_over_it_and_nothing_else():
    assert {reason for reason, may in RELEASABLE.items() if may & IN_SPITE} == {Reason.RISK_TOO_HIGH}
    assert all(RELEASABLE.values())


@pytest.mark.parametrize("reason", [Reason.BAD_JSON, Reason.MISSING_HEADER, Reason.NUL_BYTE, Reason.DUPLICATE_KEY])
def test_what_nothing_mends_is_released_for_no_reason(reason):
    assert reason not in RELEASABLE


def test_a_released_copy_says_so_and_any_other_word_is_refused():
    origin = Origin(0, 17, 2, 3, released=True)
    headers = {"veil-version": b"1", **dict(origin_headers(origin))}
    assert read_origin(headers) == origin
    assert without_origin(headers) == {"veil-version": b"1"}
    with pytest.raises(Unparseable, match="veil-origin"):
        read_origin(headers | {"veil-origin": b"raw"})
