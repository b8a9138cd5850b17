"""Whoever reads the log, in whatever order, interrupted and repeated: the same metrics and alerts."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alerts import Severity
from schemas.audit import EventType
from schemas.durations import waited
from schemas.metrics import SUPPRESSED_BELOW, Cell, Metric
from schemas.resources import Kind
from streams.engine.generations import chunked, latest
from streams.watch.book import Book, Final
from streams.watch.recompute import recompute
from streams.watch.rules import Measure, Rule
from streams.watch.snapshot import restored, to_bytes
from streams.watch.suppression import PACE
from streams.watch.windows import Arrival, Windows
from tests.streams.audit.generate import PARTITIONS, PROJECT, random_world
from tests.streams.watch.month import HOUR, MINUTE, MONDAY, POLICY, Writing, month

WINDOWS = Windows(step_ms=2_000, steps=3, lateness_ms=400)
END = 10**15
RULES = (
    Rule("any-label", "t", "w", Kind.PERSON, Measure.LABELS_A_MINUTE, 4_000, 1, 0.0, Severity.NOTICE, "none"),
    Rule("any-view", "t", "w", Kind.PERSON, Measure.UNANSWERED_VIEWS, 4_000, 1, 0.3, Severity.NOTICE, "none"),
)


def log(seed: int) -> list[list[Arrival]]:
    """A project's log by partition; now and then an event is appended later than it may be."""
    random, world = Random(seed), random_world(seed, batches=12)
    partitions = []
    for partition in range(PARTITIONS):
        events, at, arrivals = world.partitions.get(partition, []), 0, []
        for offset, event in enumerate(events):
            at = max(at, event.time + random.choice([0, 3, 50, 200, 900]))
            arrivals.append(Arrival(partition, 2 * offset, at, event))
        partitions.append(arrivals)
    return partitions


def everything(partitions):
    arrivals = [it for partition in partitions for it in partition]
    times = dict.fromkeys(range(PARTITIONS), END)
    return list(recompute(PROJECT, arrivals, times, RULES, WINDOWS))


class Reading:
    """As the process reads: partitions in any order, final windows published at once, state kept now and then."""

    def __init__(self, partitions: list[list[Arrival]], random: Random) -> None:
        self.partitions, self.random = partitions, random
        self.book, self.state, self.published = Book(PROJECT, RULES, WINDOWS), None, []
        self.positions = [0] * PARTITIONS

    def whole(self, crashes: int):
        """All that was published, some of it repeatedly."""
        while not self.step():
            if self.random.random() < 0.3:
                self.state = to_bytes(self.book)
            if crashes and self.random.random() < 0.1:
                crashes -= 1
                self.crash()
        return self.published

    def step(self) -> bool:
        left = [at for at, part in enumerate(self.partitions) if self.positions[at] < len(part)]
        if left:
            self.read(self.random.choice(left), self.random.randint(1, 8))
        times = {at: self.time(at) for at in range(PARTITIONS)}
        for final in self.book.advance(times):
            self.published.append(final)
            if self.random.random() < 0.3:
                return False  # others are final, too, but what comes next is something else
        return min(times.values()) == END

    def read(self, at: int, count: int) -> None:
        for arrival in self.partitions[at][self.positions[at] :][:count]:
            self.book.take(arrival)
            self.positions[at] += 1

    def time(self, at: int) -> int:
        read = self.positions[at]
        if read == len(self.partitions[at]):
            return END
        return self.partitions[at][read - 1].appended if read else 0

    def crash(self) -> None:
        """Back to the state that was written last; sometimes from a little before it."""
        fresh = Book(PROJECT, RULES, WINDOWS)
        self.book = restored(self.state, PROJECT, RULES, WINDOWS) if self.state else fresh
        back = self.random.choice([0, 3])
        for at, part in enumerate(self.partitions):
            reading = self.book.readings.get(at)
            begin = reading.next if reading else 0
            place = next((n for n, it in enumerate(part) if it.offset >= begin), len(part))
            self.positions[at] = max(0, place - back)


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), crashes=st.integers(0, 6))
def test_reading_in_any_order_with_crashes_publishes_what_a_recomputation_does(seed, crashes):
    partitions = log(seed % 20)
    wanted = {final.step: final for final in everything(partitions)}
    published = Reading(partitions, Random(seed)).whole(crashes)
    assert {final.step for final in published} == set(wanted)
    assert all(final == wanted[final.step] for final in published)


def test_such_logs_have_metrics_of_both_lengths_and_alerts():
    finals = [final for seed in range(20) for final in everything(log(seed))]
    lengths = {metric.until - metric.since for final in finals for metric in final.metrics}
    assert lengths == {WINDOWS.step_ms, WINDOWS.long_ms}
    assert {alert.rule for final in finals for alert in final.alerts} == {"any-label", "any-view"}


def test_every_event_counts_in_one_window_however_late_it_is():
    partitions = log(3)
    events = [it.event for partition in partitions for it in partition]
    book = Book(PROJECT, (), WINDOWS)
    for partition in partitions:
        assert all(book.take(arrival) for arrival in partition)
    assert sum(map(len, book.waiting.values())) == len(events)


def test_a_window_waits_for_every_partition():
    arrival = next(part[0] for part in log(1) if part)
    book = Book(PROJECT, (), WINDOWS)
    book.take(arrival)
    late = arrival.appended + 2 * WINDOWS.step_ms
    assert list(book.advance({0: late, 1: arrival.event.time, 2: late})) == []
    assert [final.step for final in book.advance(dict.fromkeys(range(3), late))]


def test_what_was_published_is_published_no_second_time_by_a_book_that_cannot_read_the_last_ones_state(
    monkeypatch,
):
    partitions, everyone = log(3), range(PARTITIONS)
    whole = everything(partitions)
    book, half = Book(PROJECT, RULES, WINDOWS), whole[len(whole) // 2]
    for arrival in (it for partition in partitions for it in partition):
        book.take(arrival)
    told = list(book.advance(dict.fromkeys(everyone, WINDOWS.since(half.step) + WINDOWS.lateness_ms)))
    state = to_bytes(book)
    assert any(it.metrics for it in told)

    def anew(state: bytes, windows: Windows = WINDOWS) -> list[Final]:
        book = restored(state, PROJECT, RULES, windows)
        for partition in partitions:
            for arrival in partition[1:]:  # its beginning has expired
                book.take(arrival)
        first = list(book.advance(dict.fromkeys(everyone, WINDOWS.since(told[1].step) + WINDOWS.lateness_ms)))
        if first:  # another crash, soon after
            book = restored(to_bytes(book), PROJECT, RULES, windows)
            for arrival in (it for partition in partitions for it in partition):
                book.take(arrival)
        return [*first, *book.advance(dict.fromkeys(everyone, END))]

    monkeypatch.setattr("streams.watch.snapshot.FORM", 99)
    later = anew(state)
    assert {it.step for it in later} >= {it.step for it in whole[-3:]}
    assert not [it for it in later if it.step < half.step and (it.metrics or it.alerts)]
    assert [it.step for it in later if it.metrics] == [
        it.step for it in whole if it.metrics and it.step >= half.step
    ]
    others = replace(WINDOWS, step_ms=1_000)
    assert not [
        it for it in anew(state, others) if others.since(it.step) < WINDOWS.since(half.step) and it.metrics
    ]


def test_a_generation_that_is_not_whole_gives_way_to_the_one_before(monkeypatch):
    monkeypatch.setattr("streams.engine.generations.CHUNK_BYTES", 4)
    first, second = chunked(b"all of the first", "demo", 7), chunked(b"all of the second", "demo", 8)
    assert latest([*first, *second])["demo"] == (8, b"all of the second")
    assert latest([*first, *second[:-1]])["demo"] == (7, b"all of the first")
    assert {it.key for it in first}.isdisjoint(it.key for it in second)


@pytest.fixture(scope="module")
def office_hours():
    """Metrics of half a day of twelve people, by length."""
    arrivals = list(month(5, days=1))
    finals = recompute("demo", arrivals, dict.fromkeys(range(3), END), (), Windows())
    return [metric for final in finals for metric in final.metrics]


def test_short_windows_tell_the_pace_alone(office_hours):
    assert {cell for it in office_hours if it.until - it.since == 60_000 for cell in it.cells} <= PACE


def test_published_counts_are_never_small(office_hours):
    assert office_hours
    assert all(count >= SUPPRESSED_BELOW for metric in office_hours for count in metric.cells.values())


def test_metrics_say_how_long_it_takes_and_how_much_is_redacted(office_hours):
    hours = [it for it in office_hours if it.policy == POLICY and it.until - it.since == 3_600_000]
    best = max(hours, key=lambda it: len(it.figures))
    assert {"raw_to_task_p50", "task_to_label_p95", "label_to_joined_p50", "agreement"} <= set(best.figures)
    assert best.figures["label_to_joined_p50"] == pytest.approx(900, rel=0.025)
    assert 0.6 < best.figures["agreement"] < 1
    shown, untouched = best.cells[Cell.CHARACTERS_REDACTED], best.cells[Cell.CHARACTERS_UNTOUCHED]
    assert shown / (shown + untouched) == pytest.approx(31 / 200)


def test_by_linear_algebra_no_hidden_count_of_a_day_follows_from_all_that_is_published(office_hours):
    """Unknown are the sixty minutes of each hour; an hour that is published is one equation, and bounds are
    known.
    """
    hours = {(it.policy, it.since): it for it in office_hours if it.until - it.since == 3_600_000}
    minutes: dict[tuple[str, int], list] = {}
    for it in office_hours:
        if it.until - it.since == 60_000:
            minutes.setdefault((it.policy, it.since // 3_600_000 * 3_600_000), []).append(it)
    checked = 0
    for place, hour in hours.items():
        for cell in PACE & set(hour.cells):
            total = hour.cells[cell]
            known = [it.cells[cell] for it in minutes.get(place, []) if cell in it.cells]
            hidden, rest = 60 - len(known), total - sum(known)
            checked += 1
            assert hidden != 1
            assert hidden == 0 or SUPPRESSED_BELOW <= rest < hidden * (SUPPRESSED_BELOW - 1)
    assert checked > 20


def verdicts(minute: int, *agreements: str) -> list[tuple[EventType, int, dict[str, str]]]:
    """As many; those with an empty agreement have none."""
    said = ({"agreement": it} if it else {} for it in agreements)
    return [(EventType.VERDICT_REACHED, minute, it) for it in said]


def labels(minute: int, count: int, *waits: int) -> list[tuple[EventType, int, dict[str, str]]]:
    """Of the first ones it is said how long their tasks had waited, in seconds."""
    said = [waited(seconds * 1_000) for seconds in waits]
    return [(EventType.LABEL_SUBMITTED, minute, it) for it in (said + [{}] * count)[:count]]


def an_hour(*deeds: tuple[EventType, int, dict[str, str]]) -> tuple[list[Metric], Metric | None]:
    """The metrics of the minutes, and the hour's; restarted after each minute, from what was kept."""
    by = {EventType.VERDICT_REACHED: Writing("decide.demo"), EventType.LABEL_SUBMITTED: Writing("label.demo")}
    book, found, offset = Book("demo", (), Windows()), list[Metric](), 0
    for minute in range(60):
        for kind, _, details in (it for it in deeds if it[1] == minute):
            time = MONDAY + minute * MINUTE
            event = by[kind].event(kind, f"x/{offset}", time, bundle="", details=details)
            book.take(Arrival(0, offset, time, event))
            offset += 1
        for final in book.advance({0: MONDAY + (minute + 1) * MINUTE + 30_000}):
            found += final.metrics
        book = restored(to_bytes(book), "demo", (), Windows()) or book
    hours = [it for it in found if it.until - it.since == HOUR]
    return [it for it in found if it not in hours], hours[0] if hours else None


def test_one_verdict_beside_two_busy_minutes_is_told_neither_by_count_nor_by_agreement():
    busy = (*verdicts(5, *["0.9000"] * 12), *verdicts(40, *["0.8000"] * 12))
    minutes, hour = an_hour(*busy, *verdicts(17, "-0.3123"))
    assert [it.cells[Cell.VERDICTS] for it in minutes] == [12, 12]
    assert hour is None


def test_the_agreement_of_an_hour_is_left_out_where_it_would_tell_that_of_few_verdicts():
    busy = (*verdicts(5, *["0.9000"] * 12), *verdicts(40, *["0.8000"] * 12))
    few, enough = [""] * 5, ["0.5000"] * 5
    _, hour = an_hour(*busy, *verdicts(17, "-0.3123", *few), *verdicts(18, *few), *verdicts(19, *few))
    assert (hour.cells, hour.figures) == ({Cell.VERDICTS: 40}, {})
    _, hour = an_hour(*busy, *(it for minute in (17, 18, 19) for it in verdicts(minute, *enough)))
    assert (hour.cells, hour.figures) == ({Cell.VERDICTS: 39}, {"agreement": 0.72})


def test_durations_of_an_hour_are_left_out_where_they_would_tell_that_of_few_labels():
    minutes, hour = an_hour(*labels(5, 12, *[20] * 12), *labels(17, 6, 900), *labels(18, 6))
    assert [set(it.figures) for it in minutes] == [{"task_to_label_p50", "task_to_label_p95"}]
    assert (hour.cells, hour.figures) == ({Cell.LABELS: 24}, {})


def test_an_agreement_does_not_tell_on_how_many_verdicts_it_rests():
    (minute,), _ = an_hour(*verdicts(5, *["1.0000"] * 6, *["0.1234"] * 5, ""))
    assert minute.figures == {"agreement": 0.6}
