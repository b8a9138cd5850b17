"""Whether keeper has ended what it has to, as it looks from outside."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.records import SegmentEntry, SegmentIndex
from streams.engine.messages import Message
from streams.keeper.lifetimes import Lifetimes
from streams.keeper.overdue import (
    REPLACED_WITHIN_MS,
    SWEPT_WITHIN_MS,
    halves_place,
    layer_place,
    replaced_place,
)
from topology.retained import Fault
from vault.segments.halves import HOUR_MS

LIFETIMES = Lifetimes()
NOW = 1_700_000_000_000
DAY_MS = 24 * HOUR_MS
SLOT = "redact.demo.0"


def index(number: int, created: int, expires: int) -> SegmentIndex:
    return SegmentIndex(f"{SLOT}/1/{number}", SLOT, 1, number, "b", created, expires, (SegmentEntry("t"),))


AGES = st.integers(0, 60 * DAY_MS)
LASTING = st.integers(1, 60 * DAY_MS)


@given(st.lists(st.tuples(AGES, LASTING), max_size=6), st.integers(0, 3))
def test_a_layer_is_overdue_exactly_where_a_segment_has_ended_and_is_still_there(
    made: list[tuple[int, int]], without: int
) -> None:
    every = {
        it.segment_id: it
        for n, (age, lasting) in enumerate(made)
        if (it := index(n, NOW - age, NOW - age + lasting))
    }
    listed = {*every, *(f"{SLOT}/2/{n}" for n in range(without))}
    found = layer_place("view", listed, every, LIFETIMES, NOW)
    late = [age for age, lasting in made if age - min(lasting, LIFETIMES.hard_ttl_ms) > SWEPT_WITHIN_MS]
    assert (found.fault is Fault.OVERDUE) == bool(late)
    assert found.held == len(made) + without
    assert found.oldest == (NOW - max(age for age, _ in made) if made else 0)
    assert ("without an index" in found.why) == bool(without)
    gone = layer_place("view", set(), every, LIFETIMES, NOW)
    assert (gone.fault, gone.held) == (None, 0), "what is out of Vault is not held, whatever the index says"


def test_what_is_overdue_is_named_and_of_many_a_few() -> None:
    every = {it.segment_id: it for it in (index(n, NOW - 40 * DAY_MS, NOW - DAY_MS) for n in range(5))}
    why = layer_place("view", set(every), every, LIFETIMES, NOW).why
    assert why == f"{SLOT}/1/0, {SLOT}/1/1, {SLOT}/1/2 and 2 more"


def half(hour: int) -> str:
    return f"half-a/{SLOT}/{hour}/tag"


@given(st.integers(1, 90 * 24), st.booleans())
def test_a_half_is_overdue_a_hard_ttl_after_its_hour_unless_a_segment_needs_it(
    age_hours: int, needed: bool
) -> None:
    hour = NOW // HOUR_MS - age_hours
    living = [index(1, hour * HOUR_MS + 5, NOW + DAY_MS)] if needed else []
    found = halves_place("half-a", [half(hour)], living, LIFETIMES, NOW)
    due = (hour + 1) * HOUR_MS + LIFETIMES.hard_ttl_ms <= NOW - SWEPT_WITHIN_MS
    assert (found.fault is Fault.OVERDUE) == (due and not needed)
    assert (found.held, found.oldest) == (1, hour * HOUR_MS)


def test_a_path_that_is_no_half_is_counted_and_not_judged() -> None:
    found = halves_place("half-a", ["half-a/strange"], [], LIFETIMES, NOW)
    assert (found.held, found.fault, found.oldest) == (1, None, 0)


def message(offset: int, key: str, value: bytes | None, age: int) -> Message:
    return Message("segments.demo", 0, offset, key.encode(), value, {}, NOW - age)


OLD, YOUNG = REPLACED_WITHIN_MS + 1, REPLACED_WITHIN_MS


def test_a_replaced_index_is_overdue_once_compaction_should_have_taken_it() -> None:
    def judged(age: int, last: bytes | None) -> Fault | None:
        return replaced_place("s", [message(1, "a", b"x", age), message(2, "a", last, 1)], NOW).fault

    assert [judged(YOUNG, b"y"), judged(OLD, b"y"), judged(OLD, None)] == [None, Fault.OVERDUE, Fault.OVERDUE]


def test_the_last_of_a_key_and_tombstones_and_epochs_of_slots_may_stay() -> None:
    found = replaced_place(
        "s",
        [
            message(1, "a", b"x", OLD),
            message(2, "b", None, OLD),
            message(3, "b", None, OLD),
            message(4, "epoch/redact.demo.0", b"1", OLD),
            message(5, "epoch/redact.demo.0", b"2", OLD),
        ],
        NOW,
    )
    assert (found.fault, found.held) == (None, 0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.just(b"x")), max_size=8))
def test_so_many_are_replaced_as_values_have_a_later_record(written: list[tuple[str, bytes | None]]) -> None:
    messages = [message(n, key, value, OLD) for n, (key, value) in enumerate(written)]
    replaced = [
        n
        for n, (key, value) in enumerate(written)
        if value is not None and key in {it for it, _ in written[n + 1 :]}
    ]
    found = replaced_place("s", messages, NOW)
    assert found.held == len(replaced)
    assert (found.fault is Fault.OVERDUE) == bool(replaced)
