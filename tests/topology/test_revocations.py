"""Who is revoked: by one signature, until two people have seen it and signed that it is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import ControlKind, RevocationReason, lift_body, revocation_body
from schemas.errors import Reason
from schemas.records import ControlState
from tests.topology.test_control import apply_all, new_book, signed
from topology.control import Applied, Rejected
from topology.revocations import Revocations


def revoke(signer: str, who: str = "ann", version: int = 1) -> ControlState:
    return signed("revoke", "demo", who, signer, revocation_body(RevocationReason.REHEARSAL), version)


def reinstate(signer: str, who: str = "ann", up_to: int = 1, version: int = 1) -> ControlState:
    return signed("reinstate", "demo", who, signer, lift_body(up_to), version)


@pytest.mark.parametrize("signer", ["olga", "grace"])
def test_one_signature_of_who_may_revokes_in_that_project_alone(signer):
    book, order = new_book(), revoke(signer)
    assert book.apply(order.key, order) == Applied(order.key, ControlKind.REVOKE, ("revoke/demo/ann",))
    assert book.revoked("demo", "ann")
    assert not book.revoked("demo", "ben")
    assert not book.revoked("alpha", "ann")
    assert book.revocations("demo").by("ann") == {signer: 1}


@pytest.mark.parametrize("who", ["ada", "grace", "olga"])
def test_contain_shuts_out_who_labels_but_nobody_who_could_undo_it(who):
    assert apply_all([revoke("contain.demo")]).revoked("demo", "ann")
    order = revoke("contain.demo", who)
    assert new_book().apply(order.key, order) == Rejected(order.key, Reason.SIGNER_NOT_ALLOWED)
    assert apply_all([revoke("olga", who)]).revoked("demo", who), "a person may"


def test_each_order_that_holds_is_acknowledged_whoever_else_has_revoked_them():
    book, again = apply_all([revoke("olga")]), revoke("grace")
    assert book.apply(again.key, again) == Applied(again.key, ControlKind.REVOKE, ("revoke/demo/ann",))
    assert book.apply(again.key, again) == Applied(again.key, ControlKind.REVOKE, ())


@pytest.mark.parametrize("order", [revoke("ada"), revoke("label.demo"), reinstate("ada")])
def test_nobody_else_revokes_or_reinstates(order):
    assert new_book().apply(order.key, order) == Rejected(order.key, Reason.SIGNER_NOT_ALLOWED)


def test_it_takes_an_operator_and_an_approver_to_end_it():
    book = apply_all([revoke("olga"), reinstate("olga")])
    assert book.revoked("demo", "ann")
    assert book.revocations("demo").signers("ann") == {"olga"}
    assert apply_all([revoke("olga"), reinstate("grace")]).revoked("demo", "ann")
    second = reinstate("grace")
    assert book.apply(second.key, second) == Applied(second.key, ControlKind.REINSTATE, ("reinstate/demo/ann",))
    assert not book.revoked("demo", "ann")


def test_nobody_signs_for_themselves():
    book = apply_all([revoke("olga", "grace"), reinstate("olga", "grace")])
    own = reinstate("grace", "grace")
    assert book.apply(own.key, own) == Rejected(own.key, Reason.SIGNER_NOT_ALLOWED)
    assert book.revoked("demo", "grace")


def test_a_revocation_that_the_two_have_not_seen_holds():
    book = apply_all([revoke("olga"), reinstate("olga"), reinstate("grace"), revoke("grace", version=2)])
    assert book.revoked("demo", "ann")
    assert book.revocations("demo").signers("ann") == frozenset()
    assert book.revocations("demo").next_version("ann") == 2


def test_what_two_signed_up_to_different_versions_is_over_up_to_the_lower_one():
    book = apply_all([revoke("olga", version=3), revoke("grace", version=5), reinstate("olga", up_to=5)])
    again = reinstate("grace", up_to=3)
    book.apply(again.key, again)
    assert book.revocations("demo").over("ann") == 3
    assert book.revocations("demo").by("ann") == {"grace": 5}
    assert book.revoked("demo", "ann")


@pytest.mark.parametrize(
    "order",
    [
        signed("revoke", "demo", "ann", "olga", b"{}"),
        signed("revoke", "demo", "ann", "olga", b'{"reason":"Jane Doe did it"}'),
        signed("reinstate", "demo", "ann", "olga", b"{}"),
        signed("reinstate", "demo", "ann", "olga", lift_body(2**63)),
    ],
)
def test_other_bodies_count_for_nothing(order):
    assert new_book().apply(order.key, order) == Rejected(order.key, Reason.BAD_REQUEST)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["revoke", "reinstate"]), st.sampled_from(["olga", "otto", "grace"]), st.integers(1, 6)
    ),
    max_size=12,
)


def both(signers: object) -> bool:
    """One operator and one approver."""
    return "grace" in signers and bool({"olga", "otto"} & signers)


@given(STEPS, st.randoms(use_true_random=False))
def test_who_is_revoked_does_not_depend_on_the_order_of_orders(steps, random):
    def held(those):
        found = Revocations(both)
        for kind, signer, version in those:
            (found.revoke if kind == "revoke" else found.reinstate)("ann", signer, version)
        return found.held, found.by("ann"), found.over("ann")

    shuffled = list(steps)
    random.shuffle(shuffled)
    assert held(shuffled) == held(steps)


@given(STEPS)
def test_a_revocation_is_over_only_up_to_what_one_of_each_role_has_signed(steps):
    found = Revocations(both)
    for kind, signer, version in steps:
        before = found.by("ann")
        changed = (found.revoke if kind == "revoke" else found.reinstate)("ann", signer, version)
        assert changed == (found.by("ann") != before)
    ends = {
        who: max((v for k, w, v in steps if (k, w) == ("reinstate", who)), default=0)
        for who in ("olga", "otto", "grace")
    }
    over = min(ends["grace"], max(ends["olga"], ends["otto"]))
    assert found.held == ({"ann"} if any(k == "revoke" and v > over for k, _, v in steps) else set())
