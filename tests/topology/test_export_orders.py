"""An order to take out sanitized texts: in force for a while when two people have signed the same bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import ControlKind, control_message
from schemas.errors import Reason
from schemas.export_order import (
    MAX_EXPORT_MS,
    ExportForm,
    ExportOrder,
    export_key,
    order_body,
    order_id,
    read_order,
)
from schemas.records import ControlState
from tests.topology.test_control import apply_all, new_book, private_key
from topology.control import Applied, Rejected

ORDER = ExportOrder("olga", ExportForm.SPACY, 1_000, 2_000)
NAME = order_id(ORDER)


def signed(signer: str, order: ExportOrder = ORDER, name: str = "", version: int = 1) -> ControlState:
    key, body = export_key("demo", name or order_id(order), signer), order_body(order)
    signature = private_key(signer).sign(control_message(key, version, ControlKind.EXPORT, body))
    return ControlState(key, version, ControlKind.EXPORT, body, signer, signature, version)


def test_it_takes_an_operator_and_an_approver():
    book, first, second = new_book(), signed("olga"), signed("grace")
    assert book.apply(first.key, first) == Applied(first.key, ControlKind.EXPORT, ())
    assert not book.export_orders("demo").is_signed(NAME)
    assert book.apply(second.key, second) == Applied(
        second.key, ControlKind.EXPORT, (f"{ControlKind.EXPORT}/demo/{NAME}",)
    )
    orders = book.export_orders("demo")
    assert (orders.is_signed(NAME), orders.every[NAME]) == (True, ORDER)
    assert not book.export_orders("alpha").every


@pytest.mark.parametrize("signer", ["ada", "contain.demo", "label.demo", "redact.demo"])
def test_nobody_else_may_sign_it(signer):
    one = signed(signer)
    assert new_book().apply(one.key, one) == Rejected(one.key, Reason.SIGNER_NOT_ALLOWED)


def test_one_person_twice_or_two_who_signed_something_else_are_not_enough():
    longer = replace(ORDER, until=3_000)
    orders = apply_all([signed("olga"), signed("olga", version=2), signed("grace", longer)]).export_orders("demo")
    assert not any(orders.is_signed(name) for name in orders.every)


def test_whom_it_names_must_have_signed_it_and_who_was_revoked_since_counts_no_more():
    other = replace(ORDER, person="grace")
    orders = apply_all([signed(it, which) for it in ("olga", "grace") for which in (ORDER, other)]).export_orders(
        "demo"
    )
    assert orders.is_signed(NAME)
    assert not orders.is_signed(NAME, {"grace"})
    assert not orders.is_signed(NAME, {"olga"})
    others = replace(ORDER, person="ann")
    orders = apply_all([signed("olga", others), signed("grace", others)]).export_orders("demo")
    assert not orders.is_signed(order_id(others))


def test_a_body_under_another_name_is_refused():
    moved = signed("olga", name="0" * 64)
    assert new_book().apply(moved.key, moved) == Rejected(moved.key, Reason.BAD_REQUEST)


@given(st.integers(1, 2**50), st.integers(1, MAX_EXPORT_MS), st.sampled_from(ExportForm))
def test_what_is_written_is_read_back_and_holds_for_its_time(since, lasting, form):
    order = ExportOrder("olga", form, since, since + lasting)
    assert read_order(order_id(order), order_body(order)) == order
    assert [order.in_time(at) for at in (since - 1, since, since + lasting - 1, since + lasting)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "changed",
    [{"until": 1_000}, {"until": 1_001 + MAX_EXPORT_MS}, {"since": 0}, {"person": "Olga"}, {"since": True}],
)
def test_an_order_that_cannot_be_is_not_written(changed):
    with pytest.raises(ValueError, match="no order of an export"):
        order_body(replace(ORDER, **changed))
