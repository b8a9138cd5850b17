from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import Decision, EventType
from streams.console.tail import Tail, Wanted
from tests.streams.console.site import made

KINDS = (EventType.TASK_VIEWED, EventType.TASK_CLOSED, EventType.ACCESS_DENIED, EventType.TOPOLOGY_APPLIED)
ALL = Wanted(frozenset({"demo", "other", "platform"}), people=frozenset({"ann", "bob"}))
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(["audit.demo", "audit.other", "audit.platform"]),
        st.sampled_from(["ann", "bob", ""]),
    ),
    max_size=60,
)
WANTED = st.builds(
    Wanted,
    st.frozensets(st.sampled_from(["demo", "other", "platform"])),
    type=st.sampled_from(["", "task.", "task.viewed", "nothing"]),
    person=st.sampled_from(["", "ann"]),
    process=st.just(""),
    resource=st.sampled_from(["", "task/"]),
    denied=st.booleans(),
    people=st.frozensets(st.sampled_from(["ann", "bob"])),
)


def filled(events, rows=50):
    tail = Tail(rows)
    for number, (kind, topic, person) in enumerate(events, start=1):
        decision = Decision.DENY if kind is EventType.ACCESS_DENIED else Decision.NONE
        tail.add(topic, made(number, kind, number, person=person, decision=decision))
    return tail


@given(EVENTS, WANTED, st.integers(0, 70), st.integers(1, 20))
def test_a_page_has_what_is_wanted_newest_first_and_nothing_else(events, wanted, after, limit):
    page = filled(events).newest(wanted, limit, after)
    numbers = [row.number for row in page.rows]
    assert numbers == sorted(numbers, reverse=True)
    assert all(row.project in wanted.projects and row.number > after for row in page.rows)
    whole = [row for row in filled(events).newest(ALL, 1000).rows if wanted.matches(row) and row.number > after]
    assert list(page.rows) == whole[:limit]
    assert page.more == (len(whole) > limit)


@given(EVENTS, WANTED, st.integers(1, 7))
def test_asking_for_what_came_before_walks_back_through_all(events, wanted, limit):
    tail, found, before = filled(events), [], 0
    while True:
        page = tail.newest(wanted, limit, before=before)
        found += page.rows
        if not page.more:
            break
        before = page.rows[-1].number
    assert found == list(tail.newest(wanted, 1000).rows)


@given(st.integers(0, 200), st.integers(1, 50), st.integers(1, 120))
def test_memory_is_bounded_and_what_passed_is_counted(events, rows, after):
    tail = filled([(EventType.TASK_VIEWED, "audit.demo", "ann")] * events, rows)
    page = tail.newest(ALL, 1000, after)
    assert page.last == events
    assert len(tail.newest(ALL, 1000).rows) == min(events, rows)
    kept = max(0, events - max(after, events - rows))
    assert len(page.rows) == kept
    assert page.missed == max(0, events - rows - after)


def test_a_platforms_event_about_a_project_belongs_to_that_project():
    tail = Tail(10)
    tail.add("audit.platform", made(1, EventType.CONSOLE_LOOKED, 1, resource="project/other"))
    tail.add("audit.platform", made(2, EventType.CONSOLE_ENTERED, 2, resource="session/1"))
    assert [row.project for row in tail.newest(ALL, 10).rows] == ["platform", "other"]
    assert not tail.newest(Wanted(frozenset({"demo"})), 10).rows


def test_filters_are_named_without_what_was_typed():
    wanted = Wanted(frozenset({"demo"}), type="task.", person="zorvik", resource="quelmer", denied=True)
    assert wanted.filters == ("type", "person", "resource", "denied")
