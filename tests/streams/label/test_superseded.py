"""A record that is another task by now: the earlier one ends, whether it came before or comes after."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.audit import EventType
from schemas.errors import Reason, Refused
from schemas.records import Order, WorkOrder
from streams.engine.messages import Message
from streams.engine.superseded import USUAL_MS, latest
from streams.label.commands import Held, LeaseTask, Result, Submit
from topology.loading import load_topology

RESULT = Result((), {"tone": "calm"})


def lease(tiny):
    leased = tiny.ask(LeaseTask("ada"))
    return Held("ada", leased.lease.lease_id, leased.lease.fencing_token)


def submit(held):
    return Submit(held, RESULT, b"k", b"b")


def later(make_task, number=2, of=1):
    return replace(make_task(number), revision=2, supersedes=f"{of:032x}")


def ordered(tiny):
    return [one.key for one in tiny.committed if one.topic == "control"]


def test_a_later_revision_ends_the_open_task_of_the_earlier_and_orders_that_all_let_go(tiny, make_task):
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.give(later(make_task))
    assert tiny.evicted == [f"{1:032x}"]
    assert ordered(tiny) == [f"withdraw/demo/{1:032x}/label.demo".encode()]
    (gone,) = [event for event in tiny.events if event.type is EventType.TASK_WITHDRAWN]
    assert (gone.resource, gone.reason) == (f"task/{1:032x}", "superseded")
    with pytest.raises(Refused) as refused:
        tiny.ask(submit(held))
    assert refused.value.reason is Reason.WITHDRAWN
    assert lease(tiny).lease_id.startswith(f"{2:032x}")


@pytest.mark.parametrize("restarted", [False, True])
def test_an_earlier_revision_that_comes_after_the_later_is_never_shown(tiny, make_task, restarted):
    tiny.give(later(make_task))
    if restarted:
        tiny.restart()
    tiny.give(make_task(1))
    assert ordered(tiny) == [f"withdraw/demo/{1:032x}/label.demo".encode()]
    assert lease(tiny).lease_id.startswith(f"{2:032x}")
    assert tiny.ask(LeaseTask("bob")) is None


def test_a_task_that_was_closed_before_its_record_came_again_is_left_alone(tiny, make_task):
    tiny.give(make_task(1))
    tiny.ask(submit(lease(tiny)))
    tiny.give(WorkOrder(f"{1:032x}", Order.CLOSE, 0, "decided"))
    tiny.give(later(make_task), later(make_task, 3, of=9))
    assert ordered(tiny) == []
    assert EventType.TASK_WITHDRAWN not in tiny.types()


def tombstone(tiny, key):
    with tiny.turn:
        tiny.batch([Message("tasks.demo", 0, 99, key, None)])


def test_a_record_that_is_no_task_any_more_ends_its_task(tiny, make_task):
    tiny.give(make_task(1))
    tombstone(tiny, b"%032x" % 1)
    assert tiny.evicted == [f"{1:032x}"]
    assert ordered(tiny) == [f"withdraw/demo/{1:032x}/label.demo".encode()]
    assert tiny.ask(LeaseTask("bob")) is None


def test_a_tombstone_before_its_task_is_waited_with_and_after_its_end_does_nothing(tiny, make_task):
    tombstone(tiny, b"%032x" % 1)
    tiny.give(make_task(1))
    assert tiny.ask(LeaseTask("bob")) is None
    tiny.give(make_task(2), WorkOrder(f"{2:032x}", Order.CLOSE, 0, "decided"))
    tombstone(tiny, b"%032x" % 2)
    assert ordered(tiny) == [f"withdraw/demo/{1:032x}/label.demo".encode()]


@pytest.mark.parametrize("key", [None, b"", b"jane.doe@example.org", b"A" * 32])
def test_a_tombstone_of_what_is_no_task_is_refused(tiny, key):
    tombstone(tiny, key)
    (refused,) = [event for event in tiny.events if event.type is EventType.RECORD_REFUSED]
    assert (refused.resource, refused.reason) == ("message/tasks.demo/0/99", Reason.UNDECODABLE)
    assert expected(tiny) == set()


def expected(tiny):
    """The ids in the notes that the changelog ends with."""
    notes = {one.key: one.value for one in tiny.committed if one.key.startswith(b"expected/")}
    return {key.removeprefix(b"expected/").decode() for key, value in notes.items() if value is not None}


def test_only_what_may_still_come_is_remembered_and_only_until_it_comes(tiny, make_task):
    tiny.withdrawn.add(f"{7:032x}")
    tiny.give(make_task(1))
    tiny.give(later(make_task), later(make_task, 3, of=9), later(make_task, 4, of=7))
    assert expected(tiny) == {f"{9:032x}"}, "1 was here, and 7 is withdrawn for good"
    tiny.give(make_task(9))
    assert expected(tiny) == set()
    assert ordered(tiny)[-1] == f"withdraw/demo/{9:032x}/label.demo".encode()


@pytest.mark.parametrize("restarted", [False, True])
def test_what_never_comes_is_forgotten_when_it_can_not_come_any_more(tiny, make_task, clock, restarted):
    tiny.give(later(make_task))
    clock.ms += USUAL_MS - 1
    tiny.give(later(make_task, 3, of=5))
    assert expected(tiny) == {f"{1:032x}", f"{5:032x}"}
    if restarted:
        tiny.restart()
    clock.ms += 1
    tiny.give()
    assert expected(tiny) == {f"{5:032x}"}


def test_an_earlier_revision_is_expected_beyond_the_end_of_the_later(tiny, make_task, clock):
    tiny.give(later(make_task))
    tiny.give(WorkOrder(f"{2:032x}", Order.CLOSE, 0, "decided"))
    clock.ms += tiny.settings.queue.receipt_ms
    tiny.give()
    tiny.restart()
    tiny.give(make_task(1))
    assert ordered(tiny) == [f"withdraw/demo/{1:032x}/label.demo".encode()]
    assert tiny.ask(LeaseTask("bob")) is None


def test_how_long_it_may_come_follows_from_how_long_the_project_keeps_records():
    assert latest(load_topology().project("demo").retention_ms) == USUAL_MS
    assert latest({"raw": 4_000, "tasks": 8_000}) == 15_000
