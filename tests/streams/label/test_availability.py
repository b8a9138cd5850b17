from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec, FixedIds
from schemas.records import Task
from schemas.states import LeaseEnding, TaskWork
from streams.engine.state import KeyedState
from streams.label.availability import Availability, Row
from streams.label.commands import Held
from streams.label.queue import Digests, Queue
from streams.label.settings import QueueSettings

people = st.frozensets(st.sampled_from("abc"))
rows = st.lists(st.tuples(st.booleans(), people, people, st.booleans()), max_size=40)
adjudicates = frozenset("c").__contains__


def may_take(row: Row, person: str) -> bool:
    return row.free and person not in row.never and row.reserved == adjudicates(person)


def expected(found: list[Row], person: str) -> str | None:
    mine = [row for row in found if may_take(row, person)]
    unseen = [row for row in mine if person not in row.later]
    return next((row.task_id for row in (*unseen, *mine)), None)


@given(rows, st.sets(st.integers(0, 39)))
def test_next_is_the_oldest_that_a_scan_would_find(drawn, dropped):
    found = [Row(str(at), *row) for at, row in enumerate(drawn)]
    built, grown = Availability(found, adjudicates), Availability(adjudicates=adjudicates)
    for row in found:
        grown.update(row)
    left = [row for at, row in enumerate(found) if at not in dropped]
    for availability in (built, grown):
        for at in dropped:
            availability.drop(str(at))
        assert [availability.next_for(person) for person in "abc"] == [expected(left, person) for person in "abc"]
        assert availability.free == sum(row.free for row in left)
        assert [row.task_id for row in left if availability.is_free(row.task_id)] == [
            row.task_id for row in left if row.free
        ]
        for some in ("ab", "abc"):
            stuck = [row for row in left if row.free and not any(may_take(row, person) for person in some)]
            assert availability.parked(some) == len(stuck)
        assert availability.parked("") == 0


def test_a_task_that_becomes_an_adjudicators_is_nobody_elses_from_then_on():
    availability = Availability([Row("1", True, frozenset(), frozenset())], adjudicates)
    assert (availability.next_for("a"), availability.next_for("c")) == ("1", None)
    availability.update(Row("1", True, frozenset("a"), frozenset(), reserved=True))
    assert (availability.next_for("b"), availability.next_for("c")) == (None, "1")


def test_many_dropped_tasks_make_the_positions_sparse():
    availability = Availability(Row(str(at), True, frozenset(), frozenset()) for at in range(2_000))
    for at in range(1_990):
        availability.drop(str(at))
    assert availability.sparse
    assert availability.next_for("a") == "1990"


def test_lease_among_20_000_tasks_takes_less_than_a_millisecond_of_cpu():
    codec = Codec(FixedIds())
    stores = (KeyedState("s", Task, codec, "task/"), KeyedState("s", TaskWork, codec, "work/"))
    queue = Queue(*stores, QueueSettings())
    for number in range(20_000):
        queue.add(Task(f"{number:032x}", 1, "b", "p", "s/1/1", 3, 1, (), b""))
    rounds = 3_000
    started = time.process_time()
    for number in range(rounds):
        lease = queue.lease("ada", 1).lease
        held = Held("ada", lease.lease_id, lease.fencing_token)
        queue.finish(held, LeaseEnding.LABEL, 1, digests=Digests(number.to_bytes(4, "big"), b""))
    assert (time.process_time() - started) / rounds < 0.001
