"""An erasure: in force for ever when two people have signed the same subject hash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import ControlKind, control_message
from schemas.erasure import ErasureReason, erasure_body, erasure_concern, erasure_key
from schemas.errors import Reason
from schemas.records import ControlState
from tests.topology.test_control import apply_all, new_book, private_key
from topology.control import Applied, Rejected

ANN, BEN = "a1" * 32, "be" * 32
BODY = erasure_body(ErasureReason.SUBJECT_REQUEST)


def order(signer: str, subject: str = ANN, version: int = 1, body: bytes = BODY) -> ControlState:
    key = erasure_key("demo", subject, signer)
    signature = private_key(signer).sign(control_message(key, version, ControlKind.ERASE, body))
    return ControlState(key, version, ControlKind.ERASE, body, signer, signature, version)


def test_it_takes_an_operator_and_an_approver():
    book, first, second = new_book(), order("olga"), order("grace", version=2)
    assert book.apply(first.key, first) == Applied(first.key, ControlKind.ERASE, ())
    erasures = book.erasures("demo")
    assert (erasures.in_force, erasures.hashes, erasures.waiting()) == ((), frozenset(), (ANN,))
    concern = erasure_concern("demo", ANN)
    assert book.apply(second.key, second) == Applied(second.key, ControlKind.ERASE, (concern,))
    assert (erasures.in_force, erasures.hashes) == ((ANN,), {bytes.fromhex(ANN)})
    assert (erasures.waiting(), erasures.signers(ANN)) == ((), {"olga": 1, "grace": 2})
    assert book.erasures("alpha").in_force == ()


@pytest.mark.parametrize("signer", ["ada", "contain.demo", "label.demo", "keeper.demo", "redact.demo"])
def test_nobody_else_may_sign_it(signer):
    one = order(signer)
    assert new_book().apply(one.key, one) == Rejected(one.key, Reason.SIGNER_NOT_ALLOWED)


def test_one_person_twice_is_not_two():
    assert apply_all([order("olga"), order("olga", version=2)]).erasures("demo").in_force == ()


def test_the_two_may_give_reasons_of_their_own():
    other = erasure_body(ErasureReason.LEGAL_ORDER)
    assert apply_all([order("olga"), order("grace", body=other)]).erasures("demo").in_force == (ANN,)


def test_a_tombstone_an_old_record_and_a_forged_one_change_nothing():
    book = apply_all([order("olga", version=2), order("grace")])
    old, forged = order("olga"), order("olga", BEN)
    moved = ControlState(erasure_key("demo", BEN, "grace"), *(getattr(order("grace"), it) for it in REST))
    assert book.apply(old.key, old) == Rejected(old.key, Reason.STALE_VERSION)
    assert book.apply(old.key, None) == Rejected(old.key, Reason.TOMBSTONE_IGNORED)
    assert book.apply(moved.key, moved) == Rejected(moved.key, Reason.BAD_SIGNATURE)
    book.apply(forged.key, forged)
    assert book.erasures("demo").in_force == (ANN,)


REST = ("version", "kind", "body", "signer", "signature", "signed_at")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"reason":"Ann"}'])
def test_a_body_that_is_no_order_is_refused(body):
    bad = order("olga", body=body)
    assert new_book().apply(bad.key, bad) == Rejected(bad.key, Reason.BAD_REQUEST)


STATES = [order(signer, subject) for signer in ("olga", "grace") for subject in (ANN, BEN)]


@given(st.lists(st.sampled_from(STATES), max_size=12))
def test_in_force_is_who_both_have_signed_and_it_only_grows(states):
    book, before = new_book(), ()
    for state in states:
        book.apply(state.key, state)
        now = book.erasures("demo").in_force
        assert now[: len(before)] == before, "a slot that has taken up n has taken up the first n"
        before = now
    signed = {(state.signer, state.key.split("/")[2]) for state in states}
    assert set(before) == {who for who in (ANN, BEN) if {("olga", who), ("grace", who)} <= signed}
    assert book.erasures("demo").hashes == {bytes.fromhex(who) for who in before}
