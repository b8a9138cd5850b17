"""What the end of a session does to the queue: the loop's side."""

from __future__ import annotations

import pytest

from schemas.audit import EventType
from schemas.errors import Reason, Refused
from schemas.states import SessionState
from streams.label.commands import EndSession, Heartbeat, Held, LeaseTask, ListSessions, StartSession


def held(leased):
    return Held(leased.lease.person, leased.lease.lease_id, leased.lease.fencing_token)


def end(tiny, person, releases=True, at=None):
    at = tiny.clock.now() if at is None else at
    tiny.ask(EndSession(person, "0b", "session_idle", at, releases=releases, purpose="labeling", batch="b1"))


def start(tiny, person):
    tiny.ask(StartSession(person, "0b", 9, 1, "labeling", "b1"))


def test_task_goes_back_before_the_session_is_said_to_have_ended(tiny, make_task):
    tiny.give(make_task(1))
    start(tiny, "ada")
    leased = tiny.ask(LeaseTask("ada"))
    end(tiny, "ada")
    assert tiny.types()[-2:] == [EventType.TASK_RELEASED, EventType.SESSION_ENDED]
    with pytest.raises(Refused) as refused:
        tiny.ask(Heartbeat(held(leased)))
    assert refused.value.reason is Reason.STALE_TOKEN
    assert tiny.ask(LeaseTask("bob")).lease.task_id == leased.lease.task_id


def test_person_without_a_task_only_ends_their_session(tiny):
    end(tiny, "ada")
    assert tiny.types()[-1:] == [EventType.SESSION_ENDED]
    assert EventType.TASK_RELEASED not in tiny.types()


def test_other_peoples_tasks_stay(tiny, make_task):
    tiny.give(make_task(1))
    leased = tiny.ask(LeaseTask("bob"))
    end(tiny, "ada")
    assert tiny.ask(Heartbeat(held(leased)))


def test_replaced_session_keeps_the_task(tiny, make_task):
    tiny.give(make_task(1))
    leased = tiny.ask(LeaseTask("ada"))
    end(tiny, "ada", releases=False)
    assert tiny.ask(Heartbeat(held(leased)))


def test_end_that_comes_late_leaves_a_newer_lease_alone(tiny, make_task):
    tiny.give(make_task(1))
    ended_at = tiny.clock.now()
    tiny.clock.ms += 1
    leased = tiny.ask(LeaseTask("ada"))
    end(tiny, "ada", at=ended_at)
    assert tiny.ask(Heartbeat(held(leased)))


def test_end_is_restored_with_the_queue(tiny, make_task):
    tiny.give(make_task(1))
    tiny.ask(LeaseTask("ada"))
    end(tiny, "ada")
    tiny.restart()
    assert tiny.ask(LeaseTask("bob")) is not None


def test_session_is_kept_until_its_end_is_committed(tiny):
    start(tiny, "ada")
    tiny.restart()
    assert tiny.ask(ListSessions()) == {"0b": SessionState("ada", "labeling", "b1", 1, 9, ())}
    end(tiny, "ada")
    assert tiny.ask(ListSessions()) == {}
    tiny.restart()
    assert tiny.ask(ListSessions()) == {}


def test_events_say_what_the_session_was_for(tiny):
    start(tiny, "ada")
    end(tiny, "ada")
    for event in tiny.events[-2:]:
        assert (event.details["purpose"], event.details["batch"]) == ("labeling", "b1")
