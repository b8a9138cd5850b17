from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.states import OwnerState
from streams.label.owner import Doubt, Instance, Probe, succession
from streams.label.settings import StandbySettings

SETTINGS = StandbySettings()
NOW = 1_700_000_000_000
OWNER = OwnerState("label.demo.0/a", "http://127.0.0.1:1", "", NOW, 0)


def doubt_of(owner, number=0):
    doubt = Doubt(SETTINGS, number)
    doubt.look(owner, 0.0)
    return doubt


def test_owner_whose_process_is_gone_is_given_up_at_the_second_look():
    doubt = doubt_of(OWNER)
    doubt.note(Probe.GONE, 0.1)
    assert not doubt.sure(0.1)
    doubt.note(Probe.GONE, 0.2)
    assert doubt.sure(0.2)


@given(probes=st.lists(st.sampled_from([*Probe]), max_size=50), number=st.integers(0, 9))
def test_owner_that_answers_is_never_challenged(probes, number):
    doubt = doubt_of(OWNER, number)
    for at, probe in enumerate(probes):
        doubt.note(probe, float(at))
    doubt.note(Probe.ANSWERS, 100.0)
    doubt.look(OWNER, 100.0)
    assert not doubt.sure(1e9)


@pytest.mark.parametrize(("probe", "limit"), [(Probe.SILENT, SETTINGS.silent_s), (Probe.BUSY, SETTINGS.busy_s)])
def test_silent_and_busy_owners_have_their_time(probe, limit):
    doubt = doubt_of(OWNER)
    doubt.note(Probe.ANSWERS, 1.0)
    for tenths in range(1, int(10 * limit)):
        doubt.note(probe, 1.0 + tenths / 10)
    doubt.note(probe, 1.0 + limit - 0.01)
    assert not doubt.sure(1.0 + limit)
    doubt.note(probe, 1.0 + limit)
    assert doubt.sure(1.0 + limit)


@pytest.mark.parametrize("probe", [Probe.SILENT, Probe.BUSY, Probe.GONE])
def test_time_in_which_nobody_asked_does_not_count(probe):
    """Who was blocked, or asleep, has not heard an owner that may have answered all the while."""
    doubt = doubt_of(OWNER)
    doubt.note(Probe.ANSWERS, 0.1)
    doubt.note(Probe.GONE, 0.2)
    for at in (20.6, 60.6):
        doubt.note(probe, at)
        assert not doubt.sure(at)
        doubt.look(OWNER, at + 20.0)
        doubt.note(probe, at + 20.0)
        assert not doubt.sure(at + 20.0)


def test_who_slept_while_it_waited_for_its_turn_asks_again():
    gone, left = doubt_of(OWNER), doubt_of(OWNER, 1)
    for _ in range(2):
        gone.note(Probe.GONE, 0.1)
    left.look(None, 0.1)
    for doubt, owner in ((gone, OWNER), (left, None)):
        doubt.look(owner, 20.0)
        assert not doubt.sure(20.0)
    gone.note(Probe.GONE, 20.1)
    gone.note(Probe.GONE, 20.2)
    assert gone.sure(20.2)
    assert left.sure(20.0 + 2 * SETTINGS.turn_s)


def test_the_next_number_comes_later_and_not_at_all_where_another_has_come():
    doubts = [doubt_of(OWNER, number) for number in range(3)]
    for doubt in doubts:
        doubt.note(Probe.GONE, 0.0)
        doubt.note(Probe.GONE, 0.0)
    assert [doubt.sure(0.0) for doubt in doubts] == [True, False, False]
    assert [doubt.sure(SETTINGS.turn_s) for doubt in doubts] == [True, True, False]
    doubts[2].look(replace(OWNER, instance="label.demo.0/b"), 0.1)
    assert not doubts[2].sure(2 * SETTINGS.turn_s)


def test_even_the_last_of_many_comes_within_five_seconds():
    assert SETTINGS.turns * SETTINGS.turn_s + SETTINGS.probe_every_s + SETTINGS.probe_limit_s < 4


def test_where_an_owner_left_the_turns_are_short_and_where_there_was_none_they_are_long():
    left, none = doubt_of(OWNER, 1), doubt_of(None, 1)
    left.look(None, 1.0)
    assert left.sure(1.0 + SETTINGS.turn_s)
    assert not none.sure(SETTINGS.turn_s)
    assert none.sure(SETTINGS.first_turn_s)


def test_two_that_cannot_reach_each_other_do_not_chase_each_other():
    """Each comes up, hears nothing of the owner, and takes over: the longer this goes on, the longer it waits."""
    now, record, takeovers = 0.0, OWNER, []
    while now < 3_600:
        doubt = Doubt(SETTINGS, 0)
        doubt.look(record, now)
        while not doubt.sure(now):
            now += 0.5
            doubt.note(Probe.SILENT, now)
        takeovers.append(now)
        at = NOW + int(1000 * now)
        record = succession(record, Instance("x", "y"), at, SETTINGS, silent=doubt.silent)
    assert len([at for at in takeovers if at < 600]) < 15
    assert min(late - early for early, late in pairwise(takeovers[10:])) > 90


def test_succession_counts_owners_replaced_for_silence_and_forgets_them():
    instance = Instance("label.demo.1/b", "http://127.0.0.1:2", "PEM")
    first = OwnerState("label.demo.1/b", "http://127.0.0.1:2", "PEM", NOW, 0)
    assert succession(None, instance, NOW, SETTINGS, silent=False) == first
    after = SETTINGS.unrest_ms - 1
    hasty = succession(OWNER, instance, NOW + after, SETTINGS, silent=True)
    assert hasty.unrest == 1
    assert succession(OWNER, instance, NOW + after, SETTINGS, silent=False).unrest == 0
    assert (
        succession(hasty, instance, hasty.taken_at + 2 * SETTINGS.unrest_ms - 1, SETTINGS, silent=True).unrest == 2
    )
    assert succession(hasty, instance, hasty.taken_at + 2 * SETTINGS.unrest_ms, SETTINGS, silent=True).unrest == 0


def test_who_was_seen_to_be_gone_was_not_silent():
    gone, silent, none = doubt_of(OWNER), doubt_of(OWNER), doubt_of(None)
    for at in (1.0, 2.0):
        gone.note(Probe.GONE, at)
        silent.note(Probe.SILENT, at)
    assert [one.sure(2.0) for one in (gone, silent, none)] == [True] * 3
    assert [one.silent for one in (gone, silent, none)] == [False, True, False]
