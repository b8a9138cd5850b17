"""An order to redact again: in force when two people have signed the very same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import ControlKind, control_message
from schemas.errors import Reason
from schemas.records import ControlState
from schemas.reredaction import MAX_NUMBER, Reredaction, reredaction_body
from tests.topology.test_control import apply_all, new_book, private_key
from topology.control import Applied, Rejected

ORDER = Reredaction(1, 2, 0)


def order(signer: str, what: Reredaction = ORDER, version: int = 1) -> ControlState:
    return signed_body(signer, reredaction_body(what), version)


def signed_body(signer: str, body: bytes, version: int = 1) -> ControlState:
    key = f"reredact/demo/{signer}"
    signature = private_key(signer).sign(control_message(key, version, ControlKind.REREDACT, body))
    return ControlState(key, version, ControlKind.REREDACT, body, signer, signature, 1)


def test_it_takes_an_operator_and_an_approver():
    book, first, second = new_book(), order("olga"), order("grace")
    assert book.apply(first.key, first) == Applied(first.key, ControlKind.REREDACT, ())
    assert book.reredactions("demo").in_force == ()
    assert book.reredactions("demo").waiting() == (ORDER,)
    assert book.apply(second.key, second) == Applied(second.key, ControlKind.REREDACT, ("reredact/demo",))
    assert book.reredactions("demo").in_force == (ORDER,)
    assert book.reredactions("demo").waiting() == ()
    assert book.reredactions("demo").signers(ORDER) == {"olga", "grace"}
    assert book.reredactions("alpha").in_force == ()


@pytest.mark.parametrize("signer", ["ada", "contain.demo", "label.demo", "keeper.demo"])
def test_nobody_else_may_sign_it(signer):
    one = order(signer)
    assert new_book().apply(one.key, one) == Rejected(one.key, Reason.SIGNER_NOT_ALLOWED)


@pytest.mark.parametrize("other", [Reredaction(2, 2, 0), Reredaction(1, 3, 0), Reredaction(1, 2, 1)])
def test_two_who_have_signed_different_orders_have_ordered_nothing(other):
    book = apply_all([order("olga"), order("grace", other)])
    assert book.reredactions("demo").in_force == ()
    assert book.reredactions("demo").next_number() == 1 + max(1, other.number)


def test_one_person_alone_uses_no_numbers_up():
    high = Reredaction(MAX_NUMBER, 1, 0)
    book = apply_all([order("olga", high), order("olga", ORDER, 2)])
    assert book.reredactions("demo").next_number() == 2
    assert book.reredactions("demo").waiting() == (ORDER, high)


def test_an_order_that_a_later_one_has_overtaken_waits_for_nobody():
    later = Reredaction(2, 3, 0)
    book = apply_all([order("olga"), order("olga", later, 2), order("grace", later)])
    assert book.reredactions("demo").in_force == (later,)
    assert book.reredactions("demo").waiting() == ()
    assert book.reredactions("demo").next_number() == 3


def test_an_order_stays_when_its_signer_orders_another():
    later = Reredaction(2, 3, 0)
    book = apply_all([order("olga"), order("olga", later, 2), order("grace"), order("grace", later, 2)])
    assert book.reredactions("demo").in_force == (ORDER, later)


@given(st.permutations([order("olga"), order("grace"), order("olga", Reredaction(2, 9, 5), 2)]))
def test_it_does_not_matter_in_which_order_people_sign(states):
    own = [one for one in states if one.signer == "olga"]
    if [one.version for one in own] != [1, 2]:
        return  # a signer's own versions rise
    assert apply_all(states).reredactions("demo").in_force == (ORDER,)


def test_a_body_that_is_no_order_is_refused():
    bad = signed_body("olga", b'{"number":1}')
    assert new_book().apply(bad.key, bad) == Rejected(bad.key, Reason.BAD_REQUEST)
