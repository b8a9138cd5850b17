from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.audit import EventType
from schemas.control import Replay
from schemas.records import LabelOutcome, Order, WorkOrder
from streams.notify.posting import Outcome
from streams.notify.retrying import RetrySettings
from streams.notify.settings import NotifySettings
from tests.streams.notify.making import SECRETS_OF_A_RECORD, Desk, label, message, verdict
from topology.webhooks import WebhookEvent

ALL = frozenset(WebhookEvent)


def told(desk: Desk) -> list[dict]:
    return [json.loads(it.body) for it in desk.courier.offered]


def of(desk: Desk, kind: EventType) -> list:
    return [event for event in desk.events if event.type is kind]


def test_each_record_is_told_by_ids_and_outcomes_and_nothing_of_what_was_answered() -> None:
    desk = Desk()
    desk.read(
        message(label()),
        message(label(2, outcome=LabelOutcome.SKIP, reason="unclear", spans=(), choices={})),
        message(verdict(), "verdicts.demo"),
        message(WorkOrder("t", Order.CLOSE, 0, "decided"), "work.demo"),
        message(WorkOrder("t", Order.EXTRA, 1, "no_majority"), "work.demo"),
    )
    found = sorted(told(desk), key=lambda it: (it["type"], it["data"].get("outcome", "")))
    assert [it["type"] for it in found] == ["label.submitted", "label.submitted", "task.closed", "verdict.reached"]
    assert found[0]["data"] == {
        "project": "demo", "task": f"{1:032x}", "label": f"{1:032x}-1", "outcome": "label",
    }  # fmt: skip
    assert found[1]["data"]["outcome"] == "skip"
    assert found[3]["data"] | {"confidence": 0.9124} == found[3]["data"]
    assert found[0]["timestamp"] == "1970-01-01T00:00:01.000+00:00"
    everything = b"".join(it.value or b"" for it in desk.committed) + str(desk.events).encode()
    assert [secret for secret in SECRETS_OF_A_RECORD if secret.encode() in everything] == []


def test_an_endpoint_is_told_only_what_it_asks_for() -> None:
    desk = Desk({"one": frozenset({WebhookEvent.VERDICT_REACHED}), "two": ALL})
    desk.read(message(label()), message(verdict(), "verdicts.demo"))
    assert sorted((it.endpoint, json.loads(it.body)["type"]) for it in desk.courier.offered) == [
        ("one", "verdict.reached"),
        ("two", "label.submitted"),
        ("two", "verdict.reached"),
    ]


def test_what_was_delivered_is_on_the_audit_and_waits_no_more() -> None:
    desk = Desk()
    desk.read(message(label(1)), message(label(2)))
    desk.courier.end_all(Outcome.DELIVERED)
    desk.read()
    (event,) = of(desk, EventType.WEBHOOK_DELIVERED)
    assert (event.resource, event.details["messages"]) == ("webhook/warehouse", "2")
    assert set(event.parents) == {f"label/{1:032x}-1", f"label/{2:032x}-1"}
    assert desk.waiting() == set()


def test_a_failure_is_tried_again_later_and_later_and_then_given_up_and_said() -> None:
    desk = Desk(settings=NotifySettings(RetrySettings(first_ms=100, longest_ms=250, attempts=4)))
    desk.read(message(label()))
    waits = []
    for _ in range(4):
        (sent,) = desk.courier.offered
        desk.courier.end_all(Outcome.ANSWERED_5XX)
        desk.read()
        before = desk.clock.ms
        while not desk.courier.offered and desk.waiting():
            desk.clock.ms += 1
            desk.read()
        waits.append(desk.clock.ms - before)
    assert waits == [50, 100, 125, 0]  # half of 100, 200, 250; the other half is chance, here none
    (event,) = of(desk, EventType.WEBHOOK_FAILED)
    assert (event.outcome, event.reason, event.parents) == ("failed", "answered_5xx", (sent.resource,))
    assert desk.waiting() == set()


def test_who_answers_410_is_not_asked_again() -> None:
    desk = Desk()
    desk.read(message(label()))
    desk.courier.end_all(Outcome.GONE)
    desk.read()
    assert [event.reason for event in of(desk, EventType.WEBHOOK_FAILED)] == ["gone"]


def test_a_crash_before_the_commit_loses_nothing_and_after_it_sends_again_under_the_same_id() -> None:
    desk = Desk()
    desk.lost(message(label()))
    desk.restart()
    assert desk.courier.offered == []
    desk.read(message(label()))
    (first,) = desk.courier.offered
    desk.restart()
    desk.read()
    (second,) = desk.courier.offered
    assert (second.message_id, second.body) == (first.message_id, first.body)
    desk.courier.end_all(Outcome.DELIVERED)
    desk.read()
    desk.restart()
    desk.read()
    assert desk.courier.offered == []


def test_a_restart_forgets_no_failure_and_keeps_the_time_of_the_next_attempt() -> None:
    desk = Desk(settings=NotifySettings(RetrySettings(first_ms=1_000, attempts=2)))
    desk.read(message(label()))
    desk.courier.end_all(Outcome.TOO_SLOW)
    desk.read()
    desk.restart()
    desk.read()
    assert desk.courier.offered == []
    desk.clock.ms += 1_000
    desk.read()
    desk.courier.end_all(Outcome.TOO_SLOW)
    desk.read()
    assert [event.reason for event in of(desk, EventType.WEBHOOK_FAILED)] == ["too_slow"]


def test_one_endpoint_that_is_full_parks_what_comes_and_the_others_get_everything() -> None:
    desk = Desk({"dead": ALL, "live": ALL}, NotifySettings(waiting=2, in_flight=10))
    for number in range(5):
        desk.read(message(label(number)))
        for it in [it for it in desk.courier.offered if it.endpoint == "live"]:
            desk.courier.ended.append((it, Outcome.DELIVERED))
            desk.courier.offered.remove(it)
        desk.read()
    assert len([it for it in desk.waiting() if it.startswith(b"message/dead/")]) == 2
    failed = of(desk, EventType.WEBHOOK_FAILED)
    assert {(event.resource, event.reason) for event in failed} == {("webhook/dead", "backlog")}
    assert sum(int(event.details["messages"]) for event in failed) == 3
    delivered = of(desk, EventType.WEBHOOK_DELIVERED)
    assert sum(int(event.details["messages"]) for event in delivered) == 5


def test_no_more_than_allowed_are_in_flight() -> None:
    desk = Desk(settings=NotifySettings(in_flight=3))
    desk.read(*(message(label(number)) for number in range(10)))
    assert len(desk.courier.offered) == 3
    desk.courier.end_all(Outcome.DELIVERED)
    desk.read()
    assert len(desk.courier.offered) == 3


def test_a_new_endpoint_is_told_nothing_of_before_and_one_that_is_gone_is_forgotten() -> None:
    desk = Desk()
    desk.read(message(label(1)))
    desk.clock.ms = 5_000
    desk.endpoints = {"fresh": ALL}
    desk.restart()
    assert desk.waiting() == set()
    desk.read(message(label(2), at=4_999), message(label(3), at=5_000))
    assert [json.loads(it.body)["data"]["task"] for it in desk.courier.offered] == [f"{3:032x}"]


def test_a_withdrawal_is_told_once_however_often_it_is_shown() -> None:
    desk, key = Desk(), f"withdraw/demo/{7:032x}"
    desk.control(key, "withdraw/other/x", "freeze/demo")
    desk.control(key)
    desk.restart()
    desk.control(key)
    desk.read()
    assert [it["type"] for it in told(desk)] == ["task.withdrawn"]


def test_a_record_that_cannot_be_read_is_refused_and_the_rest_is_told() -> None:
    desk = Desk()
    desk.read(message(b"nonsense"), message(label()))
    assert [event.reason for event in of(desk, EventType.RECORD_REFUSED)] == ["undecodable"]
    assert len(desk.courier.offered) == 1


def delivered_once(desk: Desk, *numbers: int) -> None:
    desk.read(*(message(label(number), at=1_000 + number) for number in numbers))
    desk.courier.end_all(Outcome.DELIVERED)
    desk.read()


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        (Replay(1_002, version=1), [2, 3]),
        (Replay(0, endpoint="other", version=1), []),
        (Replay(0, endpoint="warehouse", version=1), [1, 2, 3]),
    ],
)
def test_a_replay_sends_again_what_it_names_under_the_old_ids(order: Replay, numbers: list[int]) -> None:
    desk = Desk()
    desk.read(*(message(label(number), at=1_000 + number) for number in (1, 2, 3)))
    ids = {json.loads(it.body)["data"]["task"]: it.message_id for it in desk.courier.offered}
    desk.courier.end_all(Outcome.DELIVERED)
    desk.read()
    desk.orders["olga"] = order
    desk.control("replay/demo")
    desk.read()
    again = {json.loads(it.body)["data"]["task"]: it.message_id for it in desk.courier.offered}
    assert again == {task: ids[task] for task in (f"{number:032x}" for number in numbers)}


def test_a_replay_of_one_message_sends_that_one() -> None:
    desk = Desk()
    desk.read(message(label(1)), message(label(2)))
    wanted = desk.courier.offered[1].message_id
    desk.courier.end_all(Outcome.DELIVERED)
    desk.read()
    desk.orders["olga"] = Replay(0, message_id=wanted, version=1)
    desk.control("replay/demo")
    desk.read()
    assert [it.message_id for it in desk.courier.offered] == [wanted]


def test_a_replay_is_carried_out_once_in_parts_and_begins_anew_after_a_crash() -> None:
    desk = Desk(settings=NotifySettings(replayed_a_round=2))
    delivered_once(desk, 1, 2, 3)
    desk.orders["olga"] = Replay(0, version=4)
    desk.control("replay/demo")
    desk.read()
    assert len(desk.courier.offered) == 2
    desk.restart()
    desk.control("replay/demo")
    desk.control("replay/demo")
    desk.read()
    desk.read()
    desk.read()
    assert len(desk.courier.offered) == 3
    desk.courier.end_all(Outcome.DELIVERED)
    desk.read()
    desk.restart()
    desk.control("replay/demo")
    desk.read()
    assert desk.courier.offered == []


def test_a_replay_waits_while_its_endpoint_has_too_much_to_do() -> None:
    desk = Desk(settings=NotifySettings(waiting=4, in_flight=10))
    delivered_once(desk, 1, 2)
    desk.read(message(label(7)), message(label(8)), message(label(9)))
    desk.orders["olga"] = Replay(0, version=1)
    desk.control("replay/demo")
    desk.read()
    assert len(desk.waiting()) == 3
    desk.courier.end_all(Outcome.DELIVERED)
    desk.read()
    assert len(desk.waiting()) == 4  # what fits of the five; the fifth is parked, and said
    assert len(of(desk, EventType.WEBHOOK_FAILED)) == 1


@pytest.mark.parametrize("again", [Desk.set_back, Desk.restart])
def test_a_replay_goes_on_after_a_setback_though_control_has_nothing_new(again) -> None:
    desk = Desk(settings=NotifySettings(replayed_a_round=2))
    delivered_once(desk, 1, 2, 3)
    desk.orders["olga"] = Replay(0, version=4)
    desk.control("replay/demo")
    again(desk)
    desk.read()
    again(desk)
    sent = {it.message_id for it in desk.courier.offered}
    for _ in range(3):
        desk.read()
        sent |= {it.message_id for it in desk.courier.offered}
    assert len(sent) == 3
    desk.courier.end_all(Outcome.DELIVERED)
    desk.read()
    again(desk)
    desk.read()
    assert (desk.courier.offered, desk.waiting()) == ([], set())


@pytest.mark.parametrize("by_id", [False, True])
def test_a_withdrawal_is_replayed_with_the_bytes_it_had(by_id) -> None:
    desk = Desk()
    delivered_once(desk, 1)
    for ms, task in ((2_000, 7), (3_000, 8)):
        desk.clock.ms = ms
        desk.control(f"withdraw/demo/{task:032x}")
    desk.read()
    first = next(it for it in desk.courier.offered if f"{8:032x}".encode() in it.body)
    desk.courier.end_all(Outcome.GONE)
    desk.read()
    assert {event.details["since"] for event in of(desk, EventType.WEBHOOK_FAILED)} == {"2000"}
    desk.restart()
    desk.orders["olga"] = Replay(0 if by_id else 3_000, message_id=first.message_id if by_id else "", version=1)
    desk.control("replay/demo")
    desk.read()
    assert [(it.message_id, it.body, it.at) for it in desk.courier.offered] == [
        (first.message_id, first.body, first.at)
    ]


def hung_and_good() -> Desk:
    """Two endpoints: one took three messages in, the other none of them and is as full as replays make it."""
    desk = Desk({"good": ALL, "hung": ALL}, NotifySettings(waiting=4, in_flight=10))
    desk.read(*(message(label(number)) for number in (1, 2, 3)))
    deliver_to(desk, "good")
    return desk


def deliver_to(desk: Desk, endpoint: str) -> None:
    """Its receiver takes everything in; the other one hangs on."""
    desk.courier.ended += [(it, Outcome.DELIVERED) for it in desk.courier.offered if it.endpoint == endpoint]
    desk.courier.offered = [it for it in desk.courier.offered if it.endpoint != endpoint]
    desk.read()


@pytest.mark.parametrize("endpoint", ["good", ""])
def test_an_endpoint_that_hangs_holds_up_no_replay_to_another(endpoint: str) -> None:
    desk = hung_and_good()
    desk.orders["olga"] = Replay(0, endpoint=endpoint, version=1)
    desk.control("replay/demo")
    desk.read()
    assert len([it for it in desk.courier.offered if it.endpoint == "good"]) == 3


def test_a_replay_to_all_is_done_when_the_last_endpoint_has_it() -> None:
    desk = hung_and_good()
    desk.orders["olga"] = Replay(0, version=1)
    desk.control("replay/demo")
    desk.read()
    deliver_to(desk, "good")
    desk.restart()
    desk.read()
    assert {it.endpoint for it in desk.courier.offered} == {"good", "hung"}  # begun anew: it was not done
    deliver_to(desk, "good")
    deliver_to(desk, "hung")
    desk.read()
    assert len([it for it in desk.courier.offered if it.endpoint == "hung"]) == 3
    deliver_to(desk, "hung")
    desk.restart()
    desk.read()
    assert desk.courier.offered == []


def test_an_older_replay_that_ends_later_does_not_bring_a_newer_one_back() -> None:
    desk = hung_and_good()
    desk.orders["olga"] = Replay(0, endpoint="hung", version=1)
    desk.control("replay/demo")
    desk.orders["olga"] = Replay(0, endpoint="good", version=2)
    desk.control("replay/demo")
    desk.read()
    deliver_to(desk, "good")
    deliver_to(desk, "hung")
    desk.read()
    deliver_to(desk, "hung")
    desk.restart()
    desk.read()
    assert desk.courier.offered == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["read", "crash", "deliver", "fail", "later"]), max_size=30), st.randoms())
def test_every_message_is_delivered_at_least_once_whatever_happens(steps, random) -> None:
    desk, sent, arrived = Desk(settings=NotifySettings(RetrySettings(attempts=1_000), in_flight=3)), 0, set()
    for step in steps:
        match step:
            case "read":
                sent += 1
                desk.read(message(label(sent)))
            case "crash":
                desk.lost(message(label(999)))
                desk.restart()
            case "later":
                desk.clock.ms += random.randrange(10_000)
                desk.read()
            case _:
                good = step == "deliver"
                arrived |= {it.message_id for it in desk.courier.offered if good}
                desk.courier.end_all(Outcome.DELIVERED if good else Outcome.UNREACHABLE)
                desk.read()
    while desk.waiting():
        desk.clock.ms += 10_000_000
        desk.read()
        arrived |= {it.message_id for it in desk.courier.offered}
        desk.courier.end_all(Outcome.DELIVERED)
        desk.read()
    assert len(arrived) == sent


def test_however_many_withdrawals_there_ever_were_no_event_is_larger_than_a_record_may_be() -> None:
    desk, count = Desk(), 30_000
    desk.events.extend(desk.processor.control([f"withdraw/demo/{at:032x}/olga" for at in range(count)]).events)
    parked = of(desk, EventType.WEBHOOK_FAILED)
    assert sum(int(event.details["messages"]) for event in parked) == count - NotifySettings().waiting
    assert max(sum(map(len, event.parents)) for event in parked) < 64 * 1024
