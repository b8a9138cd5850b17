"""When a front ends: whatever comes in whatever order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from streams.label.front.batch import Batch
from streams.label.front.settings import BatchSettings

SETTINGS = BatchSettings(
    idle_ms=100, age_ms=1_000, age_spread=0.25, least_ms=0, spread_ms=0, leave_ms=10, longest_ms=50
)
APART = replace(SETTINGS, least_ms=300, spread_ms=200)
ANN, BOB = b"ann", b"bob"


def batch(luck: float = 0.0, settings: BatchSettings = SETTINGS) -> Batch:
    return Batch(settings, 0, luck)


def test_a_new_front_waits_for_its_first_session() -> None:
    front = batch()
    assert not front.drains(999)
    assert front.comes(None, 999)


def test_it_takes_no_one_new_once_all_its_sessions_have_ended_and_ends_when_everybody_has_heard() -> None:
    front = batch()
    front.taken(ANN, 1)
    front.taken(BOB, 2)
    front.ended(ANN)
    assert not front.drains(3)
    front.ended(BOB)
    assert front.drains(4)
    assert not front.comes(None, 5)
    assert not front.comes(ANN, 5)
    assert not front.is_over(13)
    assert front.is_over(14)


def test_a_session_that_asks_for_nothing_has_ended_here() -> None:
    front = batch()
    front.taken(ANN, 0)
    front.taken(ANN, 50)
    assert not front.drains(149)
    assert front.drains(150)


def test_an_old_front_serves_those_it_has_and_nobody_else_while_others_hear_of_it() -> None:
    front = batch()
    front.taken(ANN, 990)
    assert front.drains(1_000)
    assert front.comes(ANN, 1_001)
    assert not front.comes(BOB, 1_001)
    assert not front.comes(None, 1_001)
    assert not front.is_over(1_049)  # a call of ann's is under way
    front.goes()
    assert front.is_over(1_049)


def test_a_call_that_takes_longer_than_any_answer_holds_nobody() -> None:
    front = batch()
    assert front.comes(None, 0)
    front.leave(1)
    assert not front.is_over(50)
    assert front.is_over(51)


def test_a_cookie_that_label_does_not_know_ends_no_front() -> None:
    front = batch()
    assert front.comes(b"made up", 0)
    front.ended(b"made up")
    front.goes()
    assert not front.drains(1)


def test_a_session_that_begins_while_it_drains_is_another_s() -> None:
    front = batch()
    front.leave(0)
    front.taken(ANN, 1)
    assert not front.comes(ANN, 2)


def test_it_does_not_end_as_young_as_kubernetes_would_hold_the_next_one_back_for() -> None:
    front = batch(settings=APART)
    front.taken(ANN, 1)
    front.ended(ANN)
    assert not front.drains(2)
    assert not front.drains(299)
    assert front.drains(300)


def test_fronts_of_which_a_session_ends_at_the_same_moment_do_not_end_at_the_same_moment() -> None:
    fronts = [batch(0.0, APART), batch(0.5, APART)]
    for front in fronts:
        front.taken(ANN, 400)
        front.ended(ANN)
        assert front.drains(400) == (front is fronts[0])
    assert fronts[0].is_over(410)
    assert not fronts[1].drains(499)
    assert fronts[1].drains(500)


def test_until_then_it_serves_whoever_comes_and_whoever_is_there_then_goes_on_elsewhere() -> None:
    front = batch(0.5, APART)
    front.taken(ANN, 0)
    front.ended(ANN)
    assert not front.drains(0)
    assert front.comes(BOB, 390)
    front.taken(BOB, 391)
    front.goes()
    assert front.drains(400)
    assert front.comes(BOB, 401)
    assert not front.comes(None, 401)


def test_nobody_is_served_any_more_once_it_is_over() -> None:
    front = batch()
    front.taken(ANN, 0)
    front.leave(1)
    assert front.comes(ANN, 2)
    front.goes()
    assert front.is_over(11)
    assert not front.comes(ANN, 11)


def test_an_answer_that_comes_after_the_session_has_ended_does_not_begin_it_again() -> None:
    front = batch()
    front.taken(ANN, 1)
    front.ended(ANN)
    front.taken(ANN, 2)
    assert front.drains(3)


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 2_000))
def test_no_front_takes_anybody_new_beyond_its_age_and_none_is_spared_more_than_a_quarter(luck, now) -> None:
    drains = batch(luck).drains(now)
    assert drains or now < 1_000
    assert not drains or now >= 750


class Life(RuleBasedStateMachine):
    """Anything in any order; time only goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.batch = batch(0.5, replace(APART, least_ms=100))
        self.under_way = 0
        self.served: set[bytes] = set()
        self.drained = False
        self.drained_at = 0

    @rule(ms=st.integers(0, 60))
    def time_goes_on(self, ms: int) -> None:
        self.now += ms

    @rule(session=st.sampled_from([None, ANN, BOB, b"zoe"]))
    def a_call_comes(self, session: bytes | None) -> None:
        was_draining = self.batch.drains(self.now)
        if self.batch.comes(session, self.now):
            self.under_way += 1
            assert not was_draining or session in self.served
        else:
            assert was_draining

    @rule(session=st.sampled_from([ANN, BOB, b"zoe"]))
    def a_call_is_answered(self, session: bytes) -> None:
        if self.under_way:
            if not self.batch.drains(self.now):
                self.served.add(session)  # of one that has ended before, too: then it is refused, which may be
            self.batch.taken(session, self.now)
            self.batch.goes()
            self.under_way -= 1

    @rule(session=st.sampled_from([ANN, BOB, b"zoe"]))
    def a_session_ends(self, session: bytes) -> None:
        self.batch.ended(session)

    @rule()
    def somebody_wants_it_to_end(self) -> None:
        self.batch.leave(self.now)

    @invariant()
    def it_drains_for_good_ends_in_time_and_cuts_nobody_off(self) -> None:
        drains = self.batch.drains(self.now)
        assert drains or not self.drained
        if drains and not self.drained:
            self.drained, self.drained_at = True, self.now
        over, since = self.batch.is_over(self.now), self.now - self.drained_at
        if over:
            assert self.drained
            assert since >= SETTINGS.leave_ms
            assert not self.under_way or since >= SETTINGS.longest_ms
        if self.drained and (since >= SETTINGS.longest_ms or (since >= SETTINGS.leave_ms and not self.under_way)):
            assert over
        assert self.now < SETTINGS.age_ms or self.drained


TestLife = Life.TestCase
