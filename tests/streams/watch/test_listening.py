"""Which refused order counted once: from when stages worked, and what they said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import EventType
from schemas.errors import Reason
from schemas.resources import message_resource, slot_resource
from streams.watch.listening import LATE_MS, LISTENERS, Listening
from streams.watch.windows import Arrival
from tests.streams.watch.month import Writing
from topology.flow import Scope
from topology.identity import PLATFORM, Identity
from topology.loading import load_topology

STARTED, STOPPED = EventType.PROCESS_STARTED, EventType.PROCESS_STOPPED


def said(process: str, kind: EventType, time: int, ahead: int = 0) -> Arrival:
    """Appended at `time`, by a process whose clock is `ahead`."""
    return Arrival(0, 0, time, Writing(process).event(kind, slot_resource(f"{process}.0"), time + ahead))


def refusal(process: str, time: int, written: int, ahead: int = 0) -> Arrival:
    details = {"written": str(written)}
    more = {"reason": Reason.SIGNER_NOT_ALLOWED.value, "details": details}
    resource = message_resource("control", 0, 1)
    return Arrival(0, 0, time, Writing(process).event(EventType.CONTROL_REFUSED, resource, time + ahead, **more))


def test_who_listens_is_every_stage_of_the_platform_that_reads_control():
    flow = load_topology().flow
    reading = {
        Identity(name, PLATFORM).name
        for name, role in flow.roles.items()
        if role.scope is Scope.PLATFORM and role.state and "control" in role.reads
    }
    assert reading == LISTENERS


@given(st.lists(st.tuples(st.sampled_from(sorted(LISTENERS)), st.integers(1, 400_000), st.integers(0, 400_000))))
def test_an_order_counted_if_a_stage_worked_when_it_came_and_said_something_long_after(runs):
    listening, written = Listening(), 200_000
    for process, began, lasted in sorted(runs, key=lambda it: it[1]):
        listening.news(said(process, STARTED, began))
        listening.news(said(process, STOPPED, began + lasted))
    counted = not listening.news(refusal("seal.platform", 10**6, written))
    alone = any(began < written and written + LATE_MS < began + lasted for _, began, lasted in runs)
    assert counted or not alone
    if counted:  # together at least, without a gap
        assert any(began < written for _, began, _ in runs)
        assert any(written + LATE_MS < began + lasted for _, began, lasted in runs)


def test_what_a_stage_refuses_as_it_comes_is_news_however_long_it_works():
    listening = Listening()
    listening.news(said("seal.platform", STARTED, 1))
    assert listening.news(refusal("seal.platform", 10**9 + 5, 10**9))


def test_a_stage_whose_clock_is_ahead_has_not_heard_more():
    listening, ahead = Listening(), 10 * LATE_MS
    listening.news(said("seal.platform", STARTED, 1, ahead))
    listening.news(said("seal.platform", STOPPED, 10**6, ahead))
    assert listening.news(refusal("seal.platform", 10**6 + 2, 10**6 + 1, ahead))


def test_few_spans_are_left_of_many_starts():
    listening = Listening()
    for at in range(1, 1_000):
        for process in sorted(LISTENERS):
            listening.news(said(process, STARTED, at))
            listening.news(said(process, STOPPED, at + 2))
    assert len(listening.over) == 1
