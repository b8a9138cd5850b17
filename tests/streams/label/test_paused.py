"""Who is paused gets no new task, is told why not, may finish what they hold; a restart forgets nobody."""

from __future__ import annotations

import threading

from schemas.audit import EventType
from schemas.errors import Reason
from schemas.gold import PersonStanding
from streams.engine.messages import Message
from streams.label.answering import PERFECT, Lexicon
from streams.label.client import Denied
from streams.label.commands import AskHint, Held, Terms
from streams.label.robots import Robot, RobotSpec
from tests.streams.label.conftest import CODEC
from tests.streams.label.test_api import LEASES, error
from tests.streams.label.test_processor import LeaseTask, lease, refusal, submit
from topology.policies.hints import Hint, Hints


def standing(person: str, paused: bool, key: bytes | None = None) -> Message:
    record = PersonStanding(person, paused, 5, "below_bar", 20, 3)
    return Message("people.demo", 0, 1, person.encode() if key is None else key, CODEC.encode(record))


def test_a_paused_person_gets_no_new_task_and_the_others_do(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    tiny.batch([standing("ada", paused=True)])
    assert refusal(tiny, LeaseTask("ada")) is Reason.PERSON_PAUSED
    assert lease(tiny, "bob").person == "bob"
    tiny.batch([standing("ada", paused=False)])
    assert lease(tiny).person == "ada"


def test_what_they_hold_they_may_finish(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    held = lease(tiny)
    tiny.batch([standing("ada", paused=True)])
    assert lease(tiny) == held
    assert tiny.ask(submit(held)).task_id == held.lease_id.rpartition("-")[0]
    assert refusal(tiny, LeaseTask("ada")) is Reason.PERSON_PAUSED


def test_nor_do_they_lose_it_by_asking_for_another_batch(tiny, make_task):
    tiny.give(make_task(1, batch="week-48"), make_task(2, batch="week-49"))
    held = lease(tiny)
    tiny.batch([standing("ada", paused=True)])
    assert refusal(tiny, LeaseTask("ada", Terms(batch="week-49"))) is Reason.PERSON_PAUSED
    assert tiny.ask(submit(held)).task_id == held.lease_id.rpartition("-")[0]


def test_a_paused_person_is_told_no_hint(tiny, make_task):
    tiny.hints["policy-1"] = Hints((("PERSON", Hint.COUNTRY),), per_task=1, per_hour=1)
    tiny.give(make_task(1))
    held = lease(tiny)
    tiny.batch([standing("ada", paused=True)])
    ask = AskHint(Held("ada", held.lease_id, held.fencing_token), "[PERSON_1]", by_token=False)
    assert refusal(tiny, ask) is Reason.PERSON_PAUSED
    assert EventType.HINT_SHOWN not in tiny.types()


def test_a_restart_forgets_nobody(tiny, make_task):
    tiny.give(make_task(1))
    tiny.batch([standing("ada", paused=True)])
    tiny.restart()
    assert refusal(tiny, LeaseTask("ada")) is Reason.PERSON_PAUSED


def test_a_standing_that_cannot_be_read_or_is_under_another_name_is_refused_and_holds_nobody(tiny, make_task):
    tiny.give(make_task(1))
    nonsense = Message("people.demo", 0, 1, b"ada", b"nonsense")
    tiny.batch([nonsense, standing("ada", paused=True, key=b"bob")])
    assert [(it.type, it.reason) for it in tiny.events] == [
        (EventType.RECORD_REFUSED, "undecodable"),
        (EventType.RECORD_REFUSED, "bad_request"),
    ]
    assert lease(tiny).person == "ada"


def test_over_http_it_is_403_with_its_reason_and_no_denial_on_the_audit(api, make_task):
    """It is no attempt at something that is not theirs: the audit has `person.paused` by decide."""
    api.loop.give(make_task(1))
    api.loop.batch([standing("ada", paused=True)])
    assert error(api.call(LEASES)) == (403, "person_paused")
    assert EventType.ACCESS_DENIED not in api.loop.types()


class Pauses:
    """A client whose person is paused."""

    def lease(self):
        raise Denied(403, "person_paused")


def test_a_paused_robot_asks_no_faster_than_one_without_a_task_and_ends_as_soon(clock):
    robot = Robot(RobotSpec("ada", Lexicon({}, {}), (), PERFECT, 1), Pauses(), clock)
    assert robot.step() is False
    report = robot.run(threading.Event(), idle_s=0)
    assert (report.refused, report.labeled) == (2, 0)
