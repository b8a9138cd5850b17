from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec, FixedIds
from schemas.records import Task
from schemas.states import LeaseEnding, TaskWork
from streams.engine.state import KeyedState
from streams.label.askers import Asker, People
from streams.label.availability import Availability, Row
from streams.label.commands import Held, Terms
from streams.label.queue import Digests, Queue
from streams.label.settings import QueueSettings
from topology.switches import Excluded

AGEING_MS = 10
people = st.frozensets(st.sampled_from("abc"))
batches = st.sampled_from(("", "x", "y"))
skill_sets = st.frozensets(st.sampled_from(("de", "fr")))
rows = st.lists(
    st.tuples(
        st.booleans(),
        people,
        people,
        st.booleans(),
        st.integers(0, 9),
        batches,
        skill_sets.map(lambda names: tuple(sorted(names))),
        st.integers(0, 60),
    ),
    max_size=40,
)
askers = st.builds(
    Asker,
    st.sampled_from("abc"),
    st.booleans(),
    skill_sets,
    batches,
    st.builds(Excluded, st.frozensets(batches.filter(bool)), st.frozensets(st.sampled_from("0123"))),
)


def may_take(row: Row, asker: Asker) -> bool:
    return (
        asker.person not in row.never
        and row.adjudicate == asker.adjudicates
        and asker.skills.issuperset(row.skills)
        and (not asker.batch or row.batch == asker.batch)
        and not asker.withheld.covers(row.task_id, row.batch)
    )


def expected(found: list[Row], asker: Asker) -> str | None:
    mine = [row for row in found if row.free and may_take(row, asker)]
    mine.sort(key=lambda row: (row.added_at - row.priority * AGEING_MS, int(row.task_id)))
    unseen = [row for row in mine if asker.person not in row.later]
    return next((row.task_id for row in (*unseen, *mine)), None)


@given(rows, st.sets(st.integers(0, 39)), st.lists(askers, min_size=1, max_size=4))
def test_next_is_what_a_scan_of_all_would_find(drawn, dropped, asking):
    found = [Row(str(at), *row) for at, row in enumerate(drawn)]
    built, grown = Availability(found, AGEING_MS), Availability(ageing_ms=AGEING_MS)
    for row in found:
        grown.update(row)
    left = [row for at, row in enumerate(found) if at not in dropped]
    for availability in (built, grown):
        for at in dropped:
            availability.drop(str(at))
        assert [availability.next_for(asker) for asker in asking] == [expected(left, asker) for asker in asking]
        assert availability.free == sum(row.free for row in left)
        for row in left:
            assert availability.is_free(row.task_id) == row.free
            assert [availability.may_take(one, row.task_id) for one in asking] == [
                may_take(row, one) for one in asking
            ]
        stuck = [row for row in left if row.free and not any(may_take(row, one) for one in asking)]
        assert availability.parked(asking) == len(stuck)
        assert availability.parked(()) == 0
        assert availability.in_batches(asking) == {
            name: tuple(sum(row.batch == name for row in some) for some in (left, filter_free(left), stuck))
            for name in {row.batch for row in left}
        }
        assert [availability.is_open(name) for name in ("", "x", "y")] == [
            any(row.batch == name for row in left) for name in ("", "x", "y")
        ]


def filter_free(found: list[Row]) -> list[Row]:
    return [row for row in found if row.free]


def test_a_task_that_becomes_an_adjudicators_is_nobody_elses_from_then_on():
    availability = Availability([Row("1", True, frozenset(), frozenset())])
    a, b, c = Asker("a"), Asker("b"), Asker("c", adjudicates=True)
    assert (availability.next_for(a), availability.next_for(c)) == ("1", None)
    availability.update(Row("1", True, frozenset("a"), frozenset(), adjudicate=True))
    assert (availability.next_for(b), availability.next_for(c)) == (None, "1")


def test_waiting_makes_urgent_so_that_nothing_waits_for_ever():
    lowest = Row("0", True, frozenset(), frozenset(), priority=0, added_at=0)

    def first(came_later_ms: int) -> str | None:
        urgent = Row("1", True, frozenset(), frozenset(), priority=9, added_at=came_later_ms)
        return Availability([lowest, urgent], AGEING_MS).next_for(Asker("a"))

    assert first(9 * AGEING_MS - 1) == "1"
    assert first(9 * AGEING_MS) == "0"


def test_of_tasks_that_came_out_of_their_order_the_oldest_is_next():
    """As from two partitions that are read one after the other."""
    came = (30, 50, 70, 10, 40, 60, 40)
    drawn = [Row(str(at), True, frozenset(), frozenset(), added_at=added) for at, added in enumerate(came)]
    built, grown = Availability(drawn, AGEING_MS), Availability(ageing_ms=AGEING_MS)
    for row in drawn:
        grown.update(row)
    for availability in (built, grown):
        found = []
        while (name := availability.next_for(Asker("a"))) is not None:
            found.append(name)
            availability.drop(name)
        assert found == ["3", "0", "4", "6", "1", "5", "2"]


def test_many_dropped_tasks_wear_the_positions_out():
    availability = Availability(Row(str(at), True, frozenset(), frozenset()) for at in range(2_000))
    for at in range(1_990):
        availability.drop(str(at))
    assert availability.worn
    assert availability.next_for(Asker("a")) == "1990"


def test_tasks_that_never_come_in_order_wear_the_positions_out_until_they_are_rebuilt():
    drawn = [Row(str(at), True, frozenset(), frozenset(), added_at=-at) for at in range(3_100)]
    availability = Availability(drawn)
    assert availability.worn
    assert availability.next_for(Asker("a")) == "3099"
    assert not Availability(reversed(drawn)).worn


def test_a_queue_that_starts_again_goes_on_with_the_oldest_task():
    codec = Codec(FixedIds())
    stores = (KeyedState("s", Task, codec, "task/"), KeyedState("s", TaskWork, codec, "work/"))
    queue = Queue(*stores, QueueSettings())
    for number, released_at in enumerate((30, 10, 20)):
        queue.add(Task(f"{number:032x}", 1, "b", "p", "s/1/1", 1, 1, (), b""), released_at)
    for person, wanted in (("ada", 1), ("bob", 2)):
        assert queue.lease(person, 40).lease.task_id == f"{wanted:032x}"
        queue = Queue(*stores, QueueSettings())


def test_lease_among_20_000_routed_tasks_takes_less_than_a_millisecond_of_cpu():
    codec = Codec(FixedIds())
    stores = (KeyedState("s", Task, codec, "task/"), KeyedState("s", TaskWork, codec, "work/"))
    names = [f"skill-{number}" for number in range(64)]
    queue = Queue(*stores, QueueSettings(), People(skills_of=lambda _: frozenset(names[:32])))
    for number in range(20_000):
        routing = {"priority": number % 10, "batch": f"b-{number % 100}", "skills": (names[number % 64],)}
        queue.add(Task(f"{number:032x}", 1, "b", "p", "s/1/1", 3, 1, (), b"", **routing), number)
    rounds = 3_000
    started = time.process_time()
    for number in range(rounds):
        lease = queue.lease("ada", 1, Terms(reserve=True)).lease
        held = Held("ada", lease.lease_id, lease.fencing_token)
        queue.finish(held, LeaseEnding.LABEL, 1, digests=Digests(number.to_bytes(4, "big"), b""))
    assert (time.process_time() - started) / rounds < 0.001
