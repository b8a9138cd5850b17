"""What a producer says of a record's urgency, batch and skills reaches its task, or the record is quarantined."""

from __future__ import annotations

import pytest

from schemas.audit import RawOutcome
from schemas.errors import Reason
from schemas.records import Task
from schemas.routing import Routing, routing
from streams.engine.messages import Message
from tests.streams.redact.test_limits import CODEC, KEY, Desk, outcomes
from topology.policies import load_policy
from topology.routes import KnownRoutes
from vault.raw import ROUTING_HEADER, Media, seal_raw

KNOWN = KnownRoutes(frozenset({"week-48"}), frozenset({"de", "medical"}))


class Routed(Desk):
    """A desk whose project knows some names."""

    def __init__(self) -> None:
        super().__init__(load_policy("text"), lambda: KNOWN)

    def routed(self, made: Routing, changed: bytes | None = None) -> Message:
        value, headers = seal_raw(
            self._data_key, b"hello", project="demo", topic="raw.demo", key=KEY, media=Media.TEXT, routing=made
        )
        sent = dict(headers)
        if changed is not None:
            sent[ROUTING_HEADER] = changed
        return Message("raw.demo", 0, 0, KEY, value, sent)


def task_of(desk: Routed, message: Message) -> Task:
    (task,) = [out.value for out in desk.process(message).outputs if out.topic == "tasks.demo"]
    return CODEC.decode(task, Task)


def test_a_task_carries_what_its_producer_said():
    desk = Routed()
    task = task_of(desk, desk.routed(routing(8, "week-48", ["medical", "de"])))
    assert (task.priority, task.batch, task.skills) == (8, "week-48", ("de", "medical"))


def test_a_task_of_a_record_without_routing_is_routine():
    desk = Routed()
    task = task_of(desk, desk.message(b"hello", Media.TEXT))
    assert (task.priority, task.batch, task.skills) == (5, "", ())


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (routing(5, "ada-lovelace"), Reason.UNKNOWN_BATCH),
        (routing(5, "", ["ada-lovelace"]), Reason.UNKNOWN_SKILL),
    ],
)
def test_a_name_that_the_project_does_not_know_reaches_nobody(made, reason):
    desk = Routed()
    plan = desk.process(desk.routed(made))
    assert outcomes(plan) == [(RawOutcome.QUARANTINED, reason)]
    assert all(b"ada-lovelace" not in (out.value or b"") for out in plan.outputs)
    assert "ada-lovelace" not in str(plan.events)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (b"5;Ada Lovelace;", Reason.BAD_ROUTING),
        (b"\xff", Reason.MISSING_HEADER),
        (b"9;week-48;", Reason.UNDECRYPTABLE),
        (b"5;;", Reason.UNDECRYPTABLE),
    ],
)
def test_a_routing_that_is_none_or_another_than_was_sealed_is_quarantined(changed, reason):
    desk = Routed()
    assert outcomes(desk.process(desk.routed(routing(7, "week-48"), changed))) == [
        (RawOutcome.QUARANTINED, reason)
    ]
