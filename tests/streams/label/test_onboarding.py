"""Onboarding tasks: checked by the server, remembered, and asked for where the project wants them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.audit import EventType
from schemas.records import LabelSpan
from streams.label.commands import Practise, Result
from streams.label.onboarding import answered, by_id, is_right, practice_id, progress
from tests.streams.label.conftest import GUIDANCE, PROJECT
from topology.guidance import Guidance, KnownSpan, PracticeTask
from topology.project_access import Access

LEASES = "/v1/projects/demo/leases"
FIRST = PracticeTask({"text": "a b c"}, (KnownSpan("text", 0, 1, "NAME"),), {"tone": "calm"}, "The a.")
SECOND = PracticeTask({"text": "nothing"}, (), {}, "Nothing at all.")
RIGHT = Result((LabelSpan("text", 0, 1, "NAME"),), {"tone": "calm"})
TASKS = by_id((FIRST, SECOND))
ONE, TWO = TASKS
WANTED = replace(PROJECT, guidance=Guidance("", (FIRST, SECOND)), access=Access(onboarding=True))


class Memory(dict):
    def put(self, key, value):
        self[key] = value


# -- the core


@pytest.mark.parametrize(
    "result",
    [
        Result((), {"tone": "calm"}),
        Result((LabelSpan("text", 0, 2, "NAME"),), {"tone": "calm"}),
        Result((LabelSpan("text", 0, 1, "COMPLAINT"),), {"tone": "calm"}),
        Result((LabelSpan("other", 0, 1, "NAME"),), {"tone": "calm"}),
        Result((*RIGHT.spans, LabelSpan("text", 2, 3, "NAME")), {"tone": "calm"}),
        Result(RIGHT.spans, {"tone": "angry"}),
        Result(RIGHT.spans, {}),
    ],
)
def test_only_the_known_answer_is_right(result):
    assert is_right(FIRST, RIGHT)
    assert not is_right(FIRST, result)


def test_task_is_known_by_what_it_shows_and_what_is_right():
    assert practice_id(FIRST) == practice_id(replace(FIRST, explains="in other words"))
    others = [
        replace(FIRST, fields={"text": "a b d"}),
        replace(FIRST, spans=()),
        replace(FIRST, choices={"tone": "angry"}),
        SECOND,
    ]
    assert len({practice_id(one) for one in (FIRST, *others)}) == len(others) + 1


def test_all_right_answers_once_in_any_order_make_somebody_onboarded():
    store = Memory()
    assert not progress(store, "ann", TASKS).done
    first = answered(store, "ann", TWO, TASKS, 1)
    assert (first.passed, first.done, first.newly) == ({TWO}, False, False)
    second = answered(store, "ann", ONE, TASKS, 2)
    assert (second.passed, second.done, second.newly) == ({ONE, TWO}, True, True)
    assert not answered(store, "ann", ONE, TASKS, 3).newly
    assert store["ann"].done_at == 2
    assert not progress(store, "ben", TASKS).done


def test_task_that_is_new_has_to_be_answered_and_one_that_is_gone_is_forgotten():
    store = Memory()
    for task in TASKS:
        answered(store, "ann", task, TASKS, 1)
    assert not progress(store, "ann", (ONE, "new")).done
    made = answered(store, "ann", "new", (ONE, "new"), 2)
    assert made.newly
    assert set(store["ann"].passed) == {ONE, "new"}


def test_answer_to_a_task_of_elsewhere_counts_for_nothing():
    store = Memory()
    answered(store, "ann", "elsewhere", TASKS, 1)
    assert store == {}


def test_onboarding_is_restored_with_the_queue(tiny):
    for task in TASKS:
        tiny.ask(Practise("ann", task, True, tuple(TASKS)))
    tiny.restart()
    assert tiny.ask(Practise("ann", ONE, False, tuple(TASKS))).done
    assert tiny.types().count(EventType.PERSON_ONBOARDED) == 1


# -- the API


@pytest.fixture
def api(api_with):
    api = api_with()
    api.project = WANTED
    return api


def practise(api, task, result=RIGHT, person="ada"):
    spans = [{"field": it.field, "start": it.start, "end": it.end, "label": it.label} for it in result.spans]
    body = {"result": {"spans": spans, "choices": result.choices}}
    return api.call(f"/v1/projects/demo/onboarding/{task}", body, person)


def test_who_has_not_done_the_onboarding_gets_no_real_task(api, make_task):
    api.loop.give(make_task(1))
    refused = api.call(LEASES)
    assert (refused.status_code, refused.json()["error"]["reason"]) == (403, "not_onboarded")
    assert practise(api, ONE).json() == {"right": True, "passed": [ONE], "onboarded": False}
    assert api.call(LEASES).status_code == 403
    assert practise(api, TWO, Result((), {})).json()["onboarded"]
    assert api.call(LEASES).status_code == 200
    assert api.call(LEASES, person="bob").status_code == 403
    (event,) = [event for event in api.loop.events if event.type is EventType.PERSON_ONBOARDED]
    assert (event.person, event.resource, event.details) == ("ada", "project/demo", {"tasks": "2"})


def test_client_can_not_say_that_it_was_right(api):
    answer = practise(api, ONE, Result((), {}))
    assert answer.json() == {"right": False, "passed": [], "onboarded": False}
    body = {"result": {"spans": [], "choices": {}}, "right": True}
    assert api.call(f"/v1/projects/demo/onboarding/{ONE}", body).status_code == 400


def test_changed_task_has_to_be_answered_before_the_next_real_one(api, make_task):
    api.loop.give(make_task(1))
    practise(api, ONE)
    practise(api, TWO, Result((), {}))
    changed = replace(SECOND, fields={"text": "something"})
    api.project = replace(WANTED, guidance=Guidance("", (FIRST, changed)))
    assert api.call(LEASES).status_code == 403
    assert practise(api, TWO, Result((), {})).status_code == 404
    assert practise(api, practice_id(changed), Result((), {})).json()["onboarded"]
    assert api.call(LEASES).status_code == 200


def test_what_is_practised_becomes_no_label_and_shows_nobody_a_task(api, make_task):
    api.loop.give(make_task(1))
    practise(api, ONE)
    assert api.loop.labels() == []
    assert EventType.TASK_VIEWED not in api.loop.types()


@pytest.mark.parametrize("task", ["0", "nope", "%00", "x" * 500])
def test_unknown_task_is_404(api, task):
    answer = practise(api, task)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (404, "unknown_practice")


def test_other_projects_onboarding_is_403(api):
    assert api.call(f"/v1/projects/other/onboarding/{ONE}", {"result": {}}).status_code == 403


def test_where_it_is_only_offered_it_is_remembered_and_not_asked_for(api, make_task):
    api.project = PROJECT
    api.loop.give(make_task(1))
    (task,) = by_id(GUIDANCE.onboarding)
    assert api.call(LEASES).status_code == 200
    practise(api, task, Result((LabelSpan("text", 0, 10, "NAME"),), {"tone": "calm"}))
    guide = api.call("/v1/projects/demo/guide", method="GET").json()
    assert (guide["onboarded"], guide["onboarding"][0]["passed"]) == (True, True)
