"""What is frozen: by one signature, until two people have seen it and signed that it is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import ControlKind, Freezable, Freeze
from tests.topology.test_control import apply_all, freeze, lift, new_book
from topology.control import Applied
from topology.freezes import Freezes

FREEZERS = ["olga", "grace", "keeper.demo", "contain.demo"]


@pytest.mark.parametrize("who", FREEZERS)
def test_a_freeze_stops_the_stages_it_names_until_an_operator_and_an_approver_have_signed(who):
    book, state = new_book(), freeze(who, Freezable.REDACT, version=7)
    assert book.apply(state.key, state) == Applied(state.key, ControlKind.FREEZE, ("freeze/demo",))
    assert book.frozen_by("demo", Freezable.REDACT) == (who,)
    assert book.frozen_by("demo", Freezable.LABEL) == ()
    assert book.frozen_by("alpha", Freezable.REDACT) == ()
    first, second = lift("olga", who, 7), lift("grace", who, 7)
    assert book.apply(first.key, first) == Applied(first.key, ControlKind.LIFT, ())
    assert book.frozen_by("demo", Freezable.REDACT) == (who,)
    assert (book.frozen("demo").signers(who), book.lifted("demo", who)) == ({"olga"}, 0)
    assert book.apply(second.key, second) == Applied(second.key, ControlKind.LIFT, (f"lift/demo/{who}",))
    assert (book.freezes("demo"), book.lifted("demo", who)) == ({}, 7)


@pytest.mark.parametrize("who", FREEZERS)
def test_one_person_alone_ends_no_freeze_not_even_their_own(who):
    book = apply_all([freeze(who, *Freezable), lift("olga", who, 1), lift("olga", who, 9, version=2)])
    assert list(book.freezes("demo")) == [who]


def test_a_later_order_for_fewer_stages_lets_none_go_on_and_no_earlier_one_hides_behind_it():
    first, second = freeze("olga", *Freezable), freeze("olga", Freezable.LABEL, version=2)
    for order in ([first, second], [second, first], [second, first, second, first]):
        book = apply_all(order)
        assert book.frozen_by("demo", Freezable.REDACT) == ("olga",)
        assert book.next_version(first.key) == 3
        for signer in ("olga", "grace"):
            state = lift(signer, "olga", 1)
            book.apply(state.key, state)
        assert book.freezes("demo") == {"olga": Freeze(frozenset({"label"}), "rehearsal")}


def test_a_freeze_that_the_two_have_not_seen_holds_and_an_old_one_written_again_does_not():
    old, new = freeze("olga", *Freezable, version=5), freeze("olga", Freezable.REDACT, version=6)
    over = [lift("olga", "olga", 5), lift("grace", "olga", 5)]
    assert apply_all([old, *over]).freezes("demo") == {}
    assert apply_all([old, *over, old]).freezes("demo") == {}
    assert apply_all([old, new, *over, old]).frozen_by("demo", Freezable.LABEL) == ()
    assert apply_all([old, *over, new]).frozen_by("demo", Freezable.REDACT) == ("olga",)


def test_two_freezes_hold_each_by_itself():
    book = apply_all([freeze("olga", *Freezable), freeze("grace", Freezable.REDACT)])
    for state in (lift("olga", "olga", 1), lift("grace", "olga", 1)):
        book.apply(state.key, state)
    assert book.frozen_by("demo", Freezable.REDACT) == ("grace",)
    assert book.frozen_by("demo", Freezable.LABEL) == ()


def test_each_order_that_holds_is_acknowledged_whoever_has_frozen_the_same():
    book = apply_all([freeze("olga", Freezable.REDACT)])
    again = freeze("olga", Freezable.REDACT, version=2)
    assert book.apply(again.key, again) == Applied(again.key, ControlKind.FREEZE, ("freeze/demo",))
    assert book.apply(again.key, again) == Applied(again.key, ControlKind.FREEZE, ())


def test_a_freeze_by_a_newer_version_holds_with_stages_and_reasons_unknown_here():
    book = apply_all([freeze("olga", body=b'{"reason":"eclipse","stages":["join","redact"]}')])
    assert book.frozen_by("demo", Freezable.REDACT) == ("olga",)
    assert book.freezes("demo") == {"olga": Freeze(frozenset({"join", "redact"}), "eclipse")}


def test_freezes_that_another_thread_is_reading_do_not_change_under_its_hands():
    """Else a call that comes to label's API with a freeze would fail."""
    book = apply_all([freeze("olga", Freezable.LABEL)])
    reading = iter(book.freezes("demo").items())
    state = freeze("grace", Freezable.LABEL)
    book.apply(state.key, state)
    assert [signer for signer, _ in reading] == ["olga"]
    assert book.frozen_by("demo", Freezable.LABEL) == ("grace", "olga")


PEOPLE = ("olga", "otto", "grace")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("freeze"), st.sets(st.sampled_from(["redact", "label"]), min_size=1), st.integers(1, 6)),
        st.tuples(st.just("lift"), st.sampled_from(PEOPLE), st.integers(1, 6)),
    ),
    max_size=12,
)


def both(signers: object) -> bool:
    """One operator and one approver."""
    return "grace" in signers and bool({"olga", "otto"} & signers)


def given_all(steps) -> Freezes:
    found = Freezes(both)
    for kind, what, version in steps:
        if kind == "freeze":
            found.freeze("keeper.demo", version, Freeze(frozenset(what), "leak"))
        else:
            found.lift("keeper.demo", what, version)
    return found


@given(STEPS, st.randoms(use_true_random=False))
def test_a_stage_is_frozen_by_any_order_above_what_one_of_each_role_has_signed_in_whatever_order(steps, random):
    ends = {who: max((v for kind, w, v in steps if (kind, w) == ("lift", who)), default=0) for who in PEOPLE}
    over = min(ends["grace"], max(ends["olga"], ends["otto"]))
    wanted = {stage for kind, stages, v in steps if kind == "freeze" and v > over for stage in stages}
    shuffled = list(steps)
    random.shuffle(shuffled)
    for order in (steps, shuffled):
        held = given_all(order).held
        assert (held["keeper.demo"].stages if held else set()) == wanted
