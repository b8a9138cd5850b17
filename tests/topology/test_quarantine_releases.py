"""A release from quarantine: in force when two people have signed the very same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import ControlKind, control_message
from schemas.errors import Reason
from schemas.quarantine_release import QuarantineRelease, ReleaseReason, release_body
from schemas.records import ControlState
from tests.topology.test_control import apply_all, new_book, private_key
from topology.control import Applied, Rejected

ORDER = QuarantineRelease(0, 17, 1, 2, ReleaseReason.ACCEPTED_RISK)
CONCERN = "release/demo/0.17.1"


def order(signer: str, what: QuarantineRelease = ORDER, version: int = 1) -> ControlState:
    return signed_body(signer, release_body(what), version, what.target)


def signed_body(signer: str, body: bytes, version: int = 1, target: str = ORDER.target) -> ControlState:
    key = f"release/demo/{target}/{signer}"
    signature = private_key(signer).sign(control_message(key, version, ControlKind.RELEASE, body))
    return ControlState(key, version, ControlKind.RELEASE, body, signer, signature, 1)


def test_it_takes_an_operator_and_an_approver():
    book, first, second = new_book(), order("olga"), order("grace")
    assert book.apply(first.key, first) == Applied(first.key, ControlKind.RELEASE, ())
    releases = book.quarantine_releases("demo")
    assert (releases.of(ORDER.target), releases.waiting()) == ((), (ORDER,))
    assert book.apply(second.key, second) == Applied(second.key, ControlKind.RELEASE, (CONCERN,))
    assert (releases.of(ORDER.target), releases.waiting()) == ((ORDER,), ())
    assert releases.in_force == {ORDER}
    assert releases.signers(ORDER) == {"olga": 1, "grace": 1}
    assert book.quarantine_releases("alpha").in_force == frozenset()


@pytest.mark.parametrize("signer", ["ada", "contain.demo", "label.demo", "keeper.demo"])
def test_nobody_else_may_sign_it(signer):
    one = order(signer)
    assert new_book().apply(one.key, one) == Rejected(one.key, Reason.SIGNER_NOT_ALLOWED)


@pytest.mark.parametrize(
    "other",
    [
        replace(ORDER, reason=ReleaseReason.FALSE_ALARM),
        replace(ORDER, policy=3),
        replace(ORDER, offset=18),
        replace(ORDER, revision=2),
    ],
)
def test_two_who_have_signed_different_orders_have_released_nothing(other):
    book = apply_all([order("olga"), order("grace", other)])
    assert book.quarantine_releases("demo").in_force == frozenset()
    assert book.quarantine_releases("demo").waiting() == tuple(sorted((ORDER, other)))


def test_once_in_force_it_stays_whatever_its_signers_sign_later():
    later = replace(ORDER, reason=ReleaseReason.MENDED)
    book = apply_all([order("olga"), order("grace"), order("olga", later, 2)])
    assert book.quarantine_releases("demo").of(ORDER.target) == (ORDER,)
    assert book.quarantine_releases("demo").waiting() == (), "the record has its order"


def test_an_old_record_written_again_and_a_tombstone_change_nothing():
    later = replace(ORDER, reason=ReleaseReason.MENDED)
    book = apply_all([order("olga"), order("olga", later, 2)])
    old = order("olga")
    assert book.apply(old.key, old) == Rejected(old.key, Reason.STALE_VERSION)
    assert book.apply(old.key, None) == Rejected(old.key, Reason.TOMBSTONE_IGNORED)
    assert book.quarantine_releases("demo").waiting() == tuple(sorted((ORDER, later)))


STATES = [
    order("olga"),
    order("olga", replace(ORDER, reason=ReleaseReason.MENDED), 2),
    order("grace"),
    order("grace", replace(ORDER, offset=18)),
    order("olga", replace(ORDER, offset=18)),
]


@given(st.permutations(STATES))
def test_it_does_not_matter_in_which_order_people_sign(states):
    own = [one.version for one in states if one.key == STATES[0].key]
    if own != [1, 2]:
        return  # a signer's own versions rise
    assert apply_all(states).quarantine_releases("demo").in_force == {ORDER, replace(ORDER, offset=18)}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"policy":2}',
        b'{"policy":2,"reason":"because"}',
        b'{"policy":0,"reason":"mended"}',
        b'{"policy":true,"reason":"mended"}',
        b'{"policy":2,"reason":["mended"]}',
        b'{"policy": 2,"reason":"mended"}',
        b'{"reason":"mended","policy":2}',
        b'{"policy":2,"reason":"mended","why":"text"}',
        b"[" * 79,
    ],
)
def test_a_body_that_is_no_order_is_refused(body):
    bad = signed_body("olga", body)
    assert new_book().apply(bad.key, bad) == Rejected(bad.key, Reason.BAD_REQUEST)


@pytest.mark.parametrize(
    "target", ["0.017.1", "0.17", "0.17.0", "4294967296.1.1", "0.9999999999999999999.1", "a.b.c"]
)
def test_a_target_that_is_no_record_is_refused(target):
    bad = signed_body("olga", release_body(ORDER), target=target)
    assert new_book().apply(bad.key, bad) == Rejected(bad.key, Reason.BAD_REQUEST)
