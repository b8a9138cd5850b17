"""What the opener announces, lays out and takes back, whatever comes in between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import EventType
from schemas.errors import VaultUnavailable
from schemas.records import FieldShape, PlaceholderSpan, SlotEpoch, Task
from streams.engine.messages import Message
from streams.opener import pending, processor, retracted
from streams.opener.processor import ANNOUNCED_MS
from streams.opener.retracted import AGAIN_MS
from tests.streams.opener.making import (
    CODEC,
    GONE,
    SEALED,
    SLOT_OF_OPENER,
    TEXT,
    UNKNOWN,
    WITHDRAWN,
    Bench,
    gone,
    ids,
    index,
    nothing_came_of_it,
    segment,
    task,
)

LARGE = 100_000
OPENING, OPENED, RETRACTED = EventType.TEXTS_OPENING, EventType.TEXTS_OPENED, EventType.TEXTS_RETRACTED


def large(name: str, sequence: int = 1) -> Task:
    """One that counts as `LARGE` bytes."""
    return task(name, sequence, sealed=bytes(LARGE - pending.size_of(task(name, sealed=b""))))


@pytest.fixture
def bench() -> Bench:
    """Begun, and what it said of that is over."""
    bench = Bench()
    bench.round()
    bench.texts.asked.clear()
    bench.events.clear()
    return bench


def test_who_begins_with_nothing_says_so_once_a_process():
    bench = Bench()
    bench.plan()  # is not committed
    bench.round()
    assert [(it.type, it.resource, it.reason) for it in bench.events] == [
        (RETRACTED, "project/demo", "nothing_there")
    ]
    bench.commit(bench.processor.restore(SLOT_OF_OPENER, []))
    bench.round()
    assert len(bench.events) == 1, "a setback is no new beginning"
    bench.through(task("a"))
    before = len(bench.events)
    bench.start()
    assert len(bench.events) == before


def test_a_task_of_an_open_policy_lies_in_clear_after_two_rounds(bench):
    bench.round(task("a", priority=7, skills=("french",)))
    assert (bench.laid, bench.texts.asked) == ({}, [[]])
    bench.round()
    (laid,) = bench.laid.values()
    assert (laid.task_id, laid.revision, laid.policy, laid.segment_id) == ("a", 1, "open-policy", segment(1))
    (field,) = laid.fields
    assert (field.path, field.text, field.placeholders) == ("note", TEXT, (PlaceholderSpan(14, 24, "PERSON"),))
    assert (laid.priority, laid.batch, laid.skills, laid.overlap) == (7, "letters", ("french",), 3)
    assert laid.opened_at == bench.now


def test_what_is_opened_was_announced_in_a_transaction_before(bench):
    bench.round(task("a"), task("b", 2))
    assert [(it.type, it.resource, it.details) for it in bench.events] == [
        (OPENING, f"segment/{segment(1)}", {"texts": "1"}),
        (OPENING, f"segment/{segment(2)}", {"texts": "1"}),
    ]
    assert bench.texts.asked == [[]]
    bench.round()
    assert bench.texts.asked == [[], [segment(1), segment(2)]]
    assert bench.said(OPENED) == ["a", "b"]


def test_a_segment_is_read_once_for_each_time_it_is_announced(bench):
    bench.round(task("a"), task("b"))
    bench.round(task("c"))
    bench.round()
    announced = [it.resource for it in bench.events if it.type is OPENING]
    assert announced == [f"segment/{segment(1)}"] * 2
    assert [asked for asked in bench.texts.asked if asked] == [[segment(1)]] * 2


def test_tasks_of_other_policies_stay_sealed(bench):
    bench.through(task("a", policy=SEALED))
    assert (bench.laid, bench.events, bench.changelog) == ({}, [], {})


def test_a_task_waits_for_what_control_says_of_its_policy(bench):
    bench.through(task("a", policy=UNKNOWN), task("b", policy="another"))
    assert (bench.laid, bench.events) == ({}, [])
    bench.policies |= {UNKNOWN: True, "another": False}
    bench.start()
    bench.through()
    assert set(bench.laid) == {"a"}
    assert bench.said(OPENING) == ["a"]


def test_a_withdrawn_task_is_taken_back_at_once(bench):
    bench.through(task("a"), task("b"))
    bench.withdraw("a")
    assert (set(bench.laid), bench.wrote) == ({"b"}, ["a", "b", "-a"])
    assert bench.said(RETRACTED) == ["a"]
    assert [it.reason for it in bench.events if it.type is RETRACTED] == ["withdrawn"]
    bench.withdraw("a")
    assert bench.wrote == ["a", "b", "-a"], "an order that is shown again changes nothing"


@pytest.mark.parametrize("rounds", [0, 1])
def test_a_task_that_is_withdrawn_before_it_is_opened_is_never_opened(bench, rounds):
    for _ in range(rounds):
        bench.round(task("a"))
    bench.withdraw("a")
    bench.through(*([] if rounds else [task("a")]))
    assert (bench.laid, bench.wrote, bench.changelog) == ({}, [], {})


def test_a_segment_that_ends_takes_its_texts_along(bench):
    bench.through(task("a"), task("b"), task("c", 2))
    bench.round(gone(1))
    assert set(bench.laid) == {"c"}
    assert ids(bench.said(RETRACTED)) == ["a", "b"]
    assert [it.reason for it in bench.events if it.type is RETRACTED] == ["mapping_ended"]


@pytest.mark.parametrize("restart", [False, True])
def test_an_hour_later_a_second_tombstone_closes_the_segment_of_kafka_that_the_text_lies_in(bench, restart):
    bench.through(task("a"), task("b"))
    bench.withdraw("a")
    bench.round(later_ms=AGAIN_MS - 1)
    assert bench.wrote == ["a", "b", "-a"]
    if restart:
        bench.start()
    before = len(bench.events)
    bench.round(later_ms=1)
    assert (bench.wrote[3:], bench.events[before:]) == (["-a"], []), "nothing is said of it: nothing has changed"
    bench.round(later_ms=AGAIN_MS)
    assert len(bench.wrote) == 4
    assert set(bench.laid) == {"b"}


def test_of_more_than_can_be_kept_the_last_ones_get_a_second_tombstone(bench, monkeypatch):
    monkeypatch.setattr(retracted, "MOST", 3)
    bench.through(*map(task, "abcde"))
    for name in "abcde":
        bench.withdraw(name)
        bench.round()
    bench.round(later_ms=AGAIN_MS)
    assert bench.wrote[10:] == ["-c", "-d", "-e"]


def test_of_many_taken_back_at_once_as_many_as_can_be_kept_get_a_second_tombstone_after_a_restart_too(
    bench, monkeypatch
):
    monkeypatch.setattr(retracted, "MOST", 3)
    bench.through(*map(task, "abcd"), task("e", 2))
    bench.withdraw("e")
    bench.round(gone(1))
    bench.start()
    bench.round(later_ms=AGAIN_MS)
    assert bench.wrote[-3:] == ["-b", "-c", "-d"]


def test_however_many_are_taken_back_in_a_round_what_waits_is_looked_through_once(bench, monkeypatch):
    """Each look takes as long as many wait; where a project is redacted again, all of its texts are taken back."""
    added, add = [], retracted.Retracted.add
    monkeypatch.setattr(
        retracted.Retracted, "add", lambda it, tasks, now: added.append(tuple(tasks)) or add(it, tasks, now)
    )
    bench.through(*map(task, "abc"))
    bench.round(*(task(f"{name}2", 2, SEALED, supersedes=name, revision=2) for name in "abc"))
    assert added == [("a", "b", "c")]
    bench.round(later_ms=AGAIN_MS)
    assert bench.wrote[-3:] == ["-a", "-b", "-c"]


def test_what_leaves_the_index_of_its_segment_is_taken_back(bench):
    bench.through(task("a"), task("b"))
    bench.round(index(1, "a", "b"))
    bench.round(index(1, "b"))
    assert set(bench.laid) == {"b"}


def test_a_later_revision_takes_back_the_one_before_whatever_its_own_policy_is(bench):
    bench.through(task("a"), task("b"))
    bench.through(task("a2", 2, supersedes="a", revision=2), task("b2", 2, SEALED, supersedes="b", revision=2))
    assert set(bench.laid) == {"a2"}
    assert [it.reason for it in bench.events if it.type is RETRACTED] == ["superseded"] * 2


def test_a_later_revision_that_comes_to_nothing_takes_it_back_too(bench):
    bench.through(task("a"))
    bench.round(nothing_came_of_it("a"))
    assert bench.laid == {}


@pytest.mark.parametrize("restart", [False, True])
def test_an_earlier_revision_that_comes_after_the_later_one_is_not_opened(bench, restart):
    bench.through(task("a2", 2, supersedes="a", revision=2))
    bench.round(nothing_came_of_it("b"))
    if restart:
        bench.start()
    bench.through(task("a"), task("b"))
    assert set(bench.laid) == {"a2"}


def test_while_label_is_frozen_nothing_is_opened_and_what_is_superseded_is_taken_back_all_the_same(bench):
    bench.through(task("old"))
    bench.round(task("a"))
    bench.frozen.append("olga")
    plan = bench.round(task("new", 2, supersedes="old", revision=2))
    assert (bench.laid, plan.notice) == ({}, "frozen by olga: no text is opened")
    bench.frozen.clear()
    assert bench.round().notice == ""
    bench.round()
    assert set(bench.laid) == {"a", "new"}


def test_where_too_many_wait_the_others_wait_on_their_topic(bench, monkeypatch):
    monkeypatch.setattr(pending, "MOST", 2)
    bench.frozen.append("olga")
    bench.round(task("a"))
    assert bench.processor.held == frozenset()
    bench.round(task("b"))
    assert bench.processor.held == {"tasks.demo"}
    bench.frozen.clear()
    bench.through()
    assert bench.processor.held == frozenset()


@pytest.mark.parametrize("restart", [False, True])
def test_where_too_many_bytes_wait_the_others_wait_on_their_topic(bench, monkeypatch, restart):
    monkeypatch.setattr(pending, "MOST_BYTES", 2 * LARGE)
    bench.frozen.append("olga")
    bench.round(large("a"))
    assert bench.processor.held == frozenset()
    bench.round(large("b"), large("c"))
    if restart:
        bench.start()
    assert bench.processor.held == {"tasks.demo"}, "what was read in one batch is kept, and no more is read"
    bench.withdraw("b", "c")
    assert bench.processor.held == frozenset(), "who is taken back makes room"
    bench.frozen.clear()
    bench.through()
    assert set(bench.laid) == {"a"}
    assert bench.processor.held == frozenset()


def test_no_more_bytes_are_opened_at_once_than_a_transaction_takes(bench, monkeypatch):
    monkeypatch.setattr(processor, "AT_ONCE_BYTES", 2 * LARGE)
    bench.frozen.append("olga")
    bench.round(*map(large, "abc"), large("d", 4), task("e", 2))
    bench.frozen.clear()
    bench.round()
    laid = []
    for _ in range(4):
        bench.round()
        laid.append(sorted(bench.laid))
    assert laid == [["a", "b"], ["a", "b", "c", "e"], ["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "e"]]
    assert len(bench.said(OPENING)) == 5, "each announced once"


SIZES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), min_size=1, max_size=12)


@given(SIZES, st.integers(1, 100_000))
def test_however_large_they_are_some_go_each_time_and_all_in_the_end(made, most):
    """`made`: of each task its size in kB, and its segment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processor, "AT_ONCE_BYTES", most)
        bench = Bench()
        tasks = [task(f"t{n}", which, sealed=bytes(kb * 1_000)) for n, (kb, which) in enumerate(made)]
        bench.round(*tasks)
        sizes = {it.task_id: pending.size_of(it) for it in tasks}
        before = frozenset[str]()
        while len(before) < len(tasks):
            bench.round()
            fresh = bench.laid.keys() - before
            assert len(fresh) == 1 or (fresh and sum(sizes[name] for name in fresh) <= most)
            before |= fresh


def test_placeholders_and_fields_count_as_what_they_take_in_memory():
    bare = FieldShape("note", 10, ())
    full = FieldShape("note", 10, (PlaceholderSpan(0, 10, "PERSON"),))
    one, two, masked = (task("a", fields=fields) for fields in ((bare,), (bare, bare), (full,)))
    assert pending.size_of(two) - pending.size_of(one) == pending.FIELD_BYTES
    assert pending.size_of(masked) - pending.size_of(one) == pending.SPAN_BYTES


def test_no_more_segments_are_announced_at_once_than_can_be_read_in_time(bench, monkeypatch):
    monkeypatch.setattr(processor, "SEGMENTS_AT_ONCE", 1)
    bench.round(task("a"), task("b", 2))
    assert bench.said(OPENING) == ["a"]
    bench.round()
    bench.round()
    assert set(bench.laid) == {"a", "b"}


def test_what_ended_while_opener_was_away_is_taken_back_at_its_start_though_nobody_tells_of_it_any_more(bench):
    """Kafka has compacted the tombstone of the first segment away, the index of the second is shorter by now."""
    bench.through(task("a"), task("b", 2), task("c", 2))
    bench.indexes = {segment(2): ("c",)}
    bench.start()
    bench.round()
    assert set(bench.laid) == {"c"}
    assert ids(bench.said(RETRACTED)) == ["a", "b"]


def test_switched_off_everything_is_taken_back_at_the_start_and_nothing_is_opened(bench):
    bench.through(task("a"), task("b", 2))
    bench.round(task("announced"))
    bench.switched_on = False
    bench.start()
    bench.round()
    assert bench.laid == {}
    assert [it.reason for it in bench.events if it.type is RETRACTED] == ["switched_off"] * 2
    bench.through(task("c"))
    assert (bench.laid, bench.said(OPENING)) == ({}, ["a", "b", "announced"])
    assert {key.partition(b"/")[0] for key in bench.changelog} == {b"retracted"}
    bench.switched_on = True
    bench.start()
    bench.through(task("d"))
    assert set(bench.laid) == {"d"}, "what was read meanwhile stays sealed"


def test_what_is_left_over_at_a_start_is_taken_back_in_transactions_that_are_not_too_large(bench, monkeypatch):
    bench.through(*map(task, "abcde"))
    monkeypatch.setattr(processor, "AT_ONCE", 2)
    bench.switched_on = False
    bench.start()
    bench.round()
    assert set(bench.laid) == {"c", "d", "e"}
    bench.start()  # a crash in between
    for _ in range(2):
        bench.round()
    assert bench.laid == {}
    assert ids(bench.said(RETRACTED)) == ["a", "b", "c", "d", "e"], "each once"


def test_an_announcement_that_is_too_old_is_made_again_before_anything_is_opened(bench):
    bench.round(task("a"))
    bench.round(later_ms=ANNOUNCED_MS + 1)
    assert (bench.laid, bench.texts.asked[-1]) == ({}, [])
    bench.round()
    assert set(bench.laid) == {"a"}
    assert bench.said(OPENING) == ["a", "a"]


def test_what_no_longer_opens_is_said_and_let_go(bench):
    bench.texts.found |= {"a": WITHDRAWN, "b": GONE, "c": "shorter"}
    bench.through(task("a"), task("b", 2), task("c", 3), task("d"))
    assert set(bench.laid) == {"d"}
    assert ids(bench.said(OPENED, "refused")) == ["a", "b", "c"]
    reasons = {it.resource: it.reason for it in bench.events if it.outcome == "refused"}
    assert list(reasons.values()) == ["withdrawn", "unknown_segment", "undecodable"]
    assert not any(key.startswith(b"pending/") for key in bench.changelog)


def test_while_vault_does_not_answer_nothing_is_lost_and_each_try_is_announced(bench):
    bench.round(task("a"))
    bench.texts.found["a"] = VaultUnavailable("sealed")
    with pytest.raises(VaultUnavailable):
        bench.plan()
    bench.start()  # as the loop does
    bench.texts.found.clear()
    bench.round()
    assert bench.laid == {}, "it is announced again first: the first announcement may have been used"
    bench.round()
    assert set(bench.laid) == {"a"}
    assert bench.said(OPENING) == ["a", "a"]


def test_what_is_no_task_and_no_index_is_refused_by_its_place(bench):
    broken = [Message(topic, 0, 5, b"k", b"no avro") for topic in ("tasks.demo", "segments.demo")]
    plan = bench.round(*broken)
    assert [(it.type, it.resource) for it in plan.events] == [
        (EventType.RECORD_REFUSED, "message/tasks.demo/0/5"),
        (EventType.RECORD_REFUSED, "message/segments.demo/0/5"),
    ]


def test_epochs_on_the_topic_of_segments_mean_nothing_here(bench):
    epoch = SlotEpoch("redact.demo.0", 2, 5)
    bench.through(task("a"))
    plan = bench.round(Message("segments.demo", 0, 3, b"epoch/redact.demo.0", CODEC.encode(epoch)))
    assert plan.events == []
    assert set(bench.laid) == {"a"}


def test_no_text_is_in_the_state_or_in_an_event(bench):
    bench.through(task("a"), task("b"))
    bench.withdraw("b")
    assert all(b"kettle" not in (value or b"") for value in bench.changelog.values())
    assert "kettle" not in repr(bench.events)
    assert "kettle" not in repr(bench.laid), "nor in what an error would say of a record"


class Story:
    """Segments of three tasks each; a plan that is not committed is lost with all memory."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.came: set[str] = set()
        self.ended: set[str] = set()

    def step(self, what: str, number: int) -> None:
        getattr(self, what)(number)

    def come(self, number: int) -> None:
        self._first(task(f"t{number}", number // 3))

    def supersede(self, number: int) -> None:
        self.ended.add(f"t{number}")
        self._first(task(f"t{number}-2", 9, SEALED, supersedes=f"t{number}", revision=2))

    def withdraw(self, number: int) -> None:
        self.ended.add(f"t{number}")
        self.bench.withdraw(f"t{number}")

    def end(self, number: int) -> None:
        names = {f"t{it}" for it in range(6) if it // 3 == number}
        self.ended |= names
        self.bench.texts.found |= dict.fromkeys(names, GONE)  # in Vault first
        self.bench.round(gone(number))

    def crash(self, number: int) -> None:
        if number:
            self.bench.plan()
        self.bench.start()

    def late(self, _number: int) -> None:
        self.bench.round(later_ms=ANNOUNCED_MS + 1)

    def round(self, _number: int) -> None:
        self.bench.round()

    def _first(self, it: Task) -> None:
        if it.task_id not in self.came:
            self.came.add(it.task_id)
            self.bench.round(it)


def _steps(what: str, most: int):
    return st.tuples(st.just(what), st.integers(0, most))


STEPS = st.lists(
    st.one_of(
        *(_steps(what, 5) for what in ("come", "withdraw", "supersede")),
        *(_steps(what, 1) for what in ("end", "crash", "late", "round")),
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_happens_each_text_is_announced_lies_there_once_and_ends_with_its_mapping(steps):
    story = Story()
    bench = story.bench
    for what, number in steps:
        story.step(what, number)
    for _ in range(3):
        bench.round()
    assert set(bench.laid) == {name for name in story.came if "-" not in name} - story.ended
    laid = [name for name in bench.wrote if not name.startswith("-")]
    assert len(laid) == len(set(laid)), "none twice"
    assert set(bench.said(OPENED)) == set(laid) <= set(bench.said(OPENING))
    assert ids(bench.said(RETRACTED)) == ids([name[1:] for name in bench.wrote if name.startswith("-")])
    kept = {key.partition(b"/")[0] for key in bench.changelog}
    assert kept <= {b"opened", b"expected", b"retracted"}, "nothing waits for ever"
    bench.round(later_ms=AGAIN_MS)
    again = [name[1:] for name in bench.wrote if name.startswith("-")]
    assert {name: again.count(name) for name in again} == dict.fromkeys(again, 2), "and goes off the disk"
    assert set(bench.laid) == {name for name in story.came if "-" not in name} - story.ended
    assert not any(key.startswith(b"retracted/") for key in bench.changelog)
