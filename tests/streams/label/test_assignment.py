"""Who gets which task: priorities, skills, batches, pauses, exclusions, reservations; as the stage commits
them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.audit import EventType
from schemas.errors import Reason, Refused
from schemas.records import LabelOutcome, Order, WorkOrder
from streams.label.commands import (
    CountBatches,
    Counts,
    CountTasks,
    EndSession,
    Heartbeat,
    Held,
    LeaseTask,
    Release,
    ReleaseReason,
    Report,
    ReportReason,
    Result,
    Skip,
    SkipReason,
    StartSession,
    Submit,
    Terms,
)
from streams.label.settings import QueueSettings
from topology.switches import SHUT_OUT, Excluded

LIMITS = QueueSettings()
RESULT = Result((), {"tone": "calm"})
RESERVE = Terms(reserve=True)


def name(number: int) -> str:
    return f"{number:032x}"


def leased(tiny, person="ada", **terms):
    return tiny.ask(LeaseTask(person, Terms(**terms)))


def got(tiny, person="ada", **terms):
    """The number of the task that somebody gets; None for none."""
    answer = leased(tiny, person, **terms)
    return int(answer.lease.task_id, 16) if answer else None


def held(answer):
    return Held(answer.lease.person, answer.lease.lease_id, answer.lease.fencing_token)


def submit(answer, key=b"k", then=None):
    return Submit(held(answer), RESULT, key, b"b", then)


def refusal(tiny, command):
    with pytest.raises(Refused) as caught:
        tiny.ask(command)
    return caught.value.reason


# Priorities


def test_the_most_urgent_comes_first_and_of_equals_the_oldest(tiny, make_task):
    tiny.give(make_task(1), make_task(2, priority=9), make_task(3, priority=0), make_task(4, priority=9))
    order = []
    for _ in range(4):
        answer = leased(tiny)
        order.append(int(answer.lease.task_id, 16))
        tiny.ask(submit(answer, key=bytes([len(order)])))
    assert order == [2, 4, 1, 3]


def test_a_task_that_waited_long_enough_passes_one_that_is_more_urgent(tiny, make_task):
    tiny.give(make_task(1, priority=4))
    tiny.clock.ms += LIMITS.ageing_ms
    tiny.give(make_task(2, priority=5))
    tiny.restart()
    assert got(tiny) == 1


# Skills


def test_a_person_gets_only_tasks_whose_skills_they_all_have_and_a_new_skill_counts_at_once(tiny, make_task):
    tiny.skills = {"ada": frozenset({"de"}), "bob": frozenset({"de", "medical"})}
    tiny.give(make_task(1, skills=("de", "medical")), make_task(2, skills=("de",)), make_task(3))
    assert (got(tiny, "ada"), got(tiny, "bob"), got(tiny, "eve")) == (2, 1, 3)
    tiny.give(make_task(4, skills=("fr",)))
    assert got(tiny, "zoe") is None
    tiny.skills["zoe"] = frozenset({"fr"})
    assert got(tiny, "zoe") == 4


def test_a_task_that_nobody_can_is_told_once_and_again_only_after_somebody_could(tiny, make_task):
    tiny.skills = {"ada": frozenset({"de"}), "bob": frozenset({"medical"})}
    tiny.give(make_task(1, skills=("de", "medical")), make_task(2, skills=("de", "medical")), make_task(3))
    (event,) = [one for one in tiny.events if one.type is EventType.SKILLS_MISSING]
    assert (event.resource, event.details) == (
        "project/demo",
        {"skills": "de medical", "tasks": "2", "role": "annotator"},
    )
    assert "2 for de and medical of an annotator" in tiny.notice
    assert "qualifications" in tiny.notice
    tiny.clock.ms += LIMITS.skills_look_ms
    tiny.batch()
    assert tiny.types().count(EventType.SKILLS_MISSING) == 1

    tiny.skills["bob"] = frozenset({"de", "medical"})
    tiny.clock.ms += LIMITS.skills_look_ms
    tiny.batch()
    assert tiny.notice == ""
    del tiny.skills["bob"]
    tiny.clock.ms += LIMITS.skills_look_ms
    tiny.batch()
    assert tiny.types().count(EventType.SKILLS_MISSING) == 2


def test_an_adjudication_that_no_adjudicator_can_is_told(tiny, make_task):
    tiny.skills = {"ada": frozenset({"de"})}
    tiny.give(make_task(1, skills=("de",)))
    assert EventType.SKILLS_MISSING not in tiny.types()
    tiny.clock.ms += LIMITS.skills_look_ms
    tiny.give(WorkOrder(name(1), Order.ADJUDICATE, 1))
    assert [one.details["role"] for one in tiny.events if one.type is EventType.SKILLS_MISSING] == ["adjudicator"]


def test_tasks_that_nobody_present_can_are_parked(tiny, make_task):
    tiny.give(make_task(1, skills=("de",)), make_task(2))
    assert got(tiny, "ada") == 2
    assert tiny.ask(CountTasks()) == Counts(0, 1, 0, 1)


# Batches


def test_a_lease_may_be_asked_for_within_a_batch(tiny, make_task):
    tiny.give(make_task(1), make_task(2, batch="week-48"), make_task(3, batch="week-49"))
    assert got(tiny, "ada", batch="week-49") == 3
    assert got(tiny, "bob", batch="week-49") is None
    assert got(tiny, "bob") == 1


def test_a_batch_that_the_project_does_not_know_and_that_has_no_task_is_refused(tiny, make_task):
    assert refusal(tiny, LeaseTask("ada", Terms("week-50"))) is Reason.UNKNOWN_BATCH
    tiny.give(make_task(1, batch="week-50"))
    assert got(tiny, "ada", batch="week-50") == 1


def test_batches_are_counted_and_open_until_their_last_task_is_closed(tiny, make_task):
    tiny.give(make_task(1, batch="week-48"), make_task(2, batch="week-48"), make_task(3))
    answer = leased(tiny, batch="week-48")
    tiny.ask(submit(answer))
    assert tiny.ask(CountBatches()) == {"": Counts(1, 0, 0, 0), "week-48": Counts(1, 0, 1, 0)}
    tiny.give(WorkOrder(name(1), Order.CLOSE), WorkOrder(name(2), Order.CLOSE))
    assert list(tiny.ask(CountBatches())) == [""]
    queue = tiny.processor._queue
    assert (queue.batch_open("week-48"), queue.batch_open("")) == (False, True)


# Pauses


def test_a_paused_project_gives_no_new_lease_and_who_has_one_finishes(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    answer = leased(tiny)
    tiny.paused_by = "olga"
    tiny.control("pause/demo/project")
    assert "paused by olga: no new lease until `veil label resume`" in tiny.notice
    assert tiny.ask(CountTasks()).paused
    assert got(tiny) == 1
    assert got(tiny, "bob") is None
    ended = tiny.ask(submit(answer, then=Terms()))
    assert (ended.task_id, ended.next) == (name(1), None)
    tiny.restart()
    assert got(tiny, "ada") is None

    tiny.paused_by = ""
    tiny.control("pause/demo/project")
    assert tiny.notice == ""
    assert got(tiny, "bob") == 2
    assert not tiny.ask(CountTasks()).paused


def test_of_a_paused_batch_nobody_gets_a_task_and_it_does_not_fill_the_window(tiny_with, make_task):
    tiny = tiny_with(QueueSettings(window=2))
    tiny.give(make_task(1, batch="week-48"), make_task(2, batch="week-48"))
    assert "tasks.demo" in tiny.processor.held
    tiny.paused_batches = frozenset({"week-48"})
    assert got(tiny) is None
    assert tiny.processor.held == frozenset()
    assert tiny.ask(CountBatches()) == {"week-48": Counts(0, 0, 0, 2, paused=True)}
    tiny.give(make_task(3))
    assert got(tiny) == 3


# Exclusions


def test_an_excluded_person_never_gets_the_task_and_an_open_lease_of_theirs_ends(tiny, make_task):
    tiny.give(make_task(1), make_task(2, batch="week-48"))
    answer = leased(tiny)
    tiny.excluded["ada"] = Excluded(frozenset({"week-48"}), frozenset({name(1)}))
    tiny.control(f"exclude/demo/ada.task.{name(1)}")
    event = tiny.events[-1]
    assert (event.type, event.person, event.reason) == (EventType.LEASE_REVOKED, "ada", Reason.EXCLUDED)
    assert (event.resource, event.parents) == (f"lease/{name(1)}-1", (f"task/{name(1)}",))
    assert refusal(tiny, submit(answer)) is Reason.EXCLUDED
    assert tiny.labels() == []
    tiny.restart()
    assert got(tiny, "ada") is None
    assert got(tiny, "bob") == 1

    del tiny.excluded["ada"]
    assert got(tiny, "ada") == 2


def test_who_is_revoked_loses_every_lease_and_gets_none_until_they_are_let_in_again(tiny, make_task):
    tiny.give(make_task(1), make_task(2, batch="week-48"), make_task(3))
    answer = leased(tiny, reserve=True)
    tiny.excluded["ada"] = SHUT_OUT
    tiny.control("revoke/demo/ada")
    assert [(one.person, one.reason) for one in tiny.events if one.type is EventType.LEASE_REVOKED] == [
        ("ada", Reason.EXCLUDED)
    ]
    assert refusal(tiny, submit(answer)) is Reason.EXCLUDED
    tiny.paused_batches = frozenset({"week-48"})
    assert got(tiny, "ada") is None
    tiny.restart()
    assert got(tiny, "ada") is None
    assert got(tiny, "bob") == 1
    del tiny.excluded["ada"]
    assert got(tiny, "ada") == 3


def test_who_waits_for_a_task_and_is_revoked_waits_no_more(tiny):
    waiting = tiny.requests.waiters.wait("ada", "")
    tiny.excluded["ada"] = SHUT_OUT
    tiny.control("revoke/demo/ada")
    assert waiting.turn.result(0) is False


def test_what_is_reserved_for_somebody_who_is_excluded_then_is_free_again(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    assert leased(tiny, reserve=True).follows
    tiny.excluded["ada"] = Excluded(tasks=frozenset({name(2)}))
    tiny.control(f"exclude/demo/ada.task.{name(2)}")
    assert EventType.LEASE_REVOKED not in tiny.types(), "nobody has seen it"
    assert got(tiny, "bob") == 2
    assert got(tiny, "ada") == 1


@pytest.mark.parametrize("end", ["exclusion", "close"])
def test_what_was_reserved_goes_back_with_a_lease_that_ends_without_an_answer(tiny, make_task, end):
    tiny.give(make_task(1), make_task(2))
    assert leased(tiny, reserve=True).follows
    if end == "close":
        tiny.give(WorkOrder(name(1), Order.CLOSE, 0, "decided"))
    else:
        tiny.excluded["ada"] = Excluded(tasks=frozenset({name(1)}))
        tiny.control(f"exclude/demo/ada.task.{name(1)}")
    assert tiny.ask(CountTasks()).leased == 0
    assert got(tiny, "bob") == (2 if end == "close" else 1)


def test_who_asks_for_another_batch_lets_go_of_the_task_in_hand(tiny, make_task):
    tiny.give(make_task(1, batch="week-48"), make_task(2, batch="week-49"))
    first = leased(tiny, batch="week-48")
    assert got(tiny, batch="week-49") == 2
    released = next(event for event in tiny.events if event.type is EventType.TASK_RELEASED)
    assert (released.resource, released.reason) == (f"task/{name(1)}", "other_batch")
    assert refusal(tiny, submit(first)) is Reason.STALE_TOKEN
    assert got(tiny) == 2, "who names no batch keeps what they have"
    assert got(tiny, "bob", batch="week-48") == 1


def test_who_gets_nothing_new_lets_go_of_nothing_for_another_batch(tiny, make_task):
    tiny.give(make_task(1, batch="week-48"), make_task(2, batch="week-49"))
    first = leased(tiny, batch="week-48")
    tiny.frozen_by = ("olga",)
    tiny.control("freeze/demo")
    assert leased(tiny, batch="week-49") is None
    assert tiny.ask(submit(first)).task_id == name(1)


def test_a_batch_is_complete_when_nothing_of_it_was_open_for_a_while_also_after_a_restart(tiny, make_task):
    complete_ms = LIMITS.complete_ms
    tiny.give(make_task(1, batch="week-48"))
    tiny.clock.ms += complete_ms
    tiny.batch()
    assert not tiny.processor.is_complete("week-48")
    assert not tiny.processor.is_complete("week-49"), "nothing of it has come yet"
    tiny.give(WorkOrder(name(1), Order.CLOSE, 0, "decided"))
    tiny.clock.ms += complete_ms - 1
    tiny.batch()
    assert not tiny.processor.is_complete("week-48"), "more of it may be on its way"
    tiny.restart()
    tiny.clock.ms += 1
    assert tiny.processor.is_complete("week-48")


def test_after_a_start_a_batch_with_a_session_was_open_until_then(tiny):
    tiny.ask(StartSession("ada", "0b", 9, 1, "labeling", "week-48"))
    tiny.processor._open_at = {}
    tiny.restart()
    assert not tiny.processor.is_complete("week-48")
    tiny.clock.ms += LIMITS.complete_ms
    assert tiny.processor.is_complete("week-48")


# The next task in the same commit


@pytest.mark.parametrize("ending", ["label", "skip", "report"])
def test_the_next_lease_comes_in_the_commit_that_ends_this_one(tiny, make_task, ending):
    tiny.give(make_task(1), make_task(2))
    mine = held(leased(tiny))
    before = len(tiny.events)
    command = {
        "label": Submit(mine, RESULT, b"k", b"b", Terms()),
        "skip": Skip(mine, SkipReason.UNCLEAR, Terms()),
        "report": Report(mine, ReportReason.SECRET, (), Terms()),
    }[ending]
    ended = tiny.ask(command)
    assert (ended.task_id, ended.next.lease.task_id, ended.next.again) == (name(1), name(2), False)
    assert [one.resource for one in tiny.events[before:] if one.type is EventType.TASK_VIEWED] == [
        f"task/{name(2)}"
    ]
    again = tiny.ask(command)
    assert (again.replayed, again.next.lease, again.next.again) == (True, ended.next.lease, True)
    assert [one.outcome for one in tiny.labels()] == [LabelOutcome(ending)]


def test_a_refused_answer_brings_no_next_lease(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    mine = leased(tiny)
    wrong = Submit(held(mine), Result((), {"tone": "odd"}), b"k", b"b", Terms())
    assert refusal(tiny, wrong) is Reason.UNKNOWN_CHOICE
    assert got(tiny) == 1
    stale = replace(held(mine), fencing_token=2)
    assert refusal(tiny, Submit(stale, RESULT, b"k", b"b", Terms())) is Reason.STALE_TOKEN


def test_an_answer_stands_where_the_next_task_is_asked_of_an_unknown_batch(tiny, make_task):
    tiny.give(make_task(1))
    ended = tiny.ask(submit(leased(tiny), then=Terms("week-50")))
    assert (ended.next, len(tiny.labels())) == (None, 1)


# Reservations


def test_a_reservation_is_a_place_in_line_and_opens_only_when_it_is_asked_for(tiny, make_task):
    tiny.give(make_task(1), make_task(2), make_task(3))
    first = leased(tiny, reserve=True)
    assert first.follows
    assert [one.resource for one in tiny.events if one.type is EventType.TASK_VIEWED] == [f"task/{name(1)}"]
    assert got(tiny, "bob") == 3, "what is reserved counts as leased"
    tiny.restart()
    assert tiny.ask(CountTasks()) == Counts(0, 3, 0, 0)
    ended = tiny.ask(submit(first, then=RESERVE))
    assert (ended.next.lease.task_id, ended.next.follows) == (name(2), False)
    assert tiny.events[-1].resource == f"task/{name(2)}"


def test_a_reservation_opens_nothing_for_who_guesses_its_lease(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    leased(tiny, reserve=True)
    guess = Held("ada", f"{name(2)}-1", 1)
    for command in (Submit(guess, RESULT, b"k", b"b"), Heartbeat(guess), Skip(guess, SkipReason.UNCLEAR)):
        assert refusal(tiny, command) is Reason.UNKNOWN_LEASE


def test_a_reservation_gives_way_to_who_would_get_nothing(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    first = leased(tiny, reserve=True)
    assert got(tiny, "bob") == 2
    assert tiny.ask(submit(first, then=Terms())).next is None


def test_a_reservation_lives_and_ends_with_the_lease(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    first = leased(tiny, reserve=True)
    for _ in range(3):
        tiny.clock.ms += LIMITS.lease_ms - 1
        tiny.ask(Heartbeat(held(first)))
    tiny.batch()
    assert tiny.ask(CountTasks()).leased == 2
    tiny.clock.ms += LIMITS.lease_ms
    tiny.batch()
    assert tiny.ask(CountTasks()).leased == 0
    assert tiny.types().count(EventType.LEASE_EXPIRED) == 1


@pytest.mark.parametrize("how", ["release", "session", "session without a lease"])
def test_who_leaves_leaves_their_reservation_too(tiny, make_task, how):
    tiny.give(make_task(1), make_task(2), make_task(3))
    first = leased(tiny, reserve=True)
    if how == "release":
        tiny.ask(Release(held(first), ReleaseReason.BREAK))
    if how == "session without a lease":
        tiny.ask(submit(first))
    if how != "release":
        tiny.ask(EndSession("ada", "s", "signed_out", tiny.clock.ms, releases=True, purpose="labeling", batch=""))
    assert tiny.ask(CountTasks()).leased == 0


def test_who_signs_in_anew_keeps_what_they_got_after_that(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    before = tiny.clock.ms
    tiny.clock.ms += 1
    leased(tiny, reserve=True)
    tiny.ask(EndSession("ada", "s", "session_idle", before, releases=True, purpose="labeling", batch=""))
    assert tiny.ask(CountTasks()).leased == 2


def test_a_reservation_that_its_person_may_not_have_any_more_is_passed_over(tiny, make_task):
    tiny.skills = {"ada": frozenset({"de"}), "bob": frozenset({"de"})}
    tiny.give(make_task(1, priority=9), make_task(2, skills=("de",), priority=8), make_task(3))
    first = leased(tiny, reserve=True)
    tiny.skills["ada"] = frozenset()
    assert tiny.ask(submit(first, then=Terms())).next.lease.task_id == name(3)
    assert got(tiny, "bob") == 2


# Who is gone


def test_a_page_that_does_not_beat_is_gone_in_two_minutes_where_an_app_has_five(tiny, make_task):
    tiny.give(make_task(1), make_task(2))
    page, app = leased(tiny, "ada", page=True), leased(tiny, "bob")
    assert page.lease.expires_at - tiny.clock.ms == LIMITS.page_lease_ms
    assert app.lease.expires_at - tiny.clock.ms == LIMITS.lease_ms
    tiny.clock.ms += LIMITS.page_lease_ms - 1
    beaten = tiny.ask(Heartbeat(held(page), page=True))
    assert beaten.lease.expires_at == tiny.clock.ms + LIMITS.page_lease_ms
    tiny.clock.ms += LIMITS.page_lease_ms
    assert got(tiny, "eve") == 1
    assert [one.person for one in tiny.events if one.type is EventType.LEASE_EXPIRED] == ["ada"]
