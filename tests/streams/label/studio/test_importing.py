"""Imports through the real API, each answer under a lease."""

from __future__ import annotations

import json

import pytest

from schemas.audit import EventType
from schemas.records import LabelOutcome
from streams.label.client import LabelClient
from streams.label.settings import QueueSettings
from streams.label.studio import names, reading, writing
from streams.label.studio.importing import import_answers
from streams.label.studio.offsets import Unit

TEXT = "[PERSON_1] a"


def file(*numbers: int, result: list | None = None, cancelled: bool = False) -> list[reading.Given]:
    """Answers to these tasks as Label Studio exports them."""
    region = {
        "from_name": "labels_0",
        "to_name": "field_0",
        "type": "labels",
        "value": {"start": 0, "end": 10, "labels": ["NAME"], "text": TEXT[:10]},
    }
    annotation = {"result": [region] if result is None else result, "was_cancelled": cancelled}
    content = [
        {"data": {names.TASK: f"{number:032x}", names.FIELDS: ["text"]}, "annotations": [annotation]}
        for number in numbers
    ]
    return reading.read(json.dumps(content).encode(), "file")


@pytest.fixture
def client(api):
    with LabelClient(api.url, "demo", lambda: api.token("ada")) as made:
        yield made


def test_answers_become_labels_each_after_a_view_on_the_audit(api, client, make_task):
    api.loop.give(*(make_task(number) for number in (1, 2, 3)))
    done = import_answers(client, file(3, 1, 2))
    assert sorted(done.labeled) == [f"{number:032x}" for number in (1, 2, 3)]
    labels = api.loop.labels()
    assert [(it.person, it.outcome, it.spans[0].end) for it in labels] == [("ada", LabelOutcome.LABEL, 10)] * 3
    assert api.loop.types().count(EventType.TASK_VIEWED) == 3


def test_a_cancelled_annotation_is_a_skip(api, client, make_task):
    api.loop.give(make_task(1))
    assert import_answers(client, file(1, cancelled=True)).skipped == [f"{1:032x}"]
    assert [it.outcome for it in api.loop.labels()] == [LabelOutcome.SKIP]


def test_what_the_file_does_not_answer_is_given_back_and_can_be_taken_again(api, client, make_task):
    api.loop.give(*(make_task(number) for number in (1, 2, 3)))
    done = import_answers(client, file(3))
    assert (done.labeled, done.passed_over, done.left) == ([f"{3:032x}"], 2, [])
    with LabelClient(api.url, "demo", lambda: api.token("bob")) as bob:
        assert bob.lease().task_id == f"{1:032x}"


def test_only_so_many_tasks_are_passed_over_and_the_answers_left_are_named(api, client, make_task):
    api.loop.give(*(make_task(number) for number in range(1, 9)))
    done = import_answers(client, file(7, 8), most=3)
    assert (done.labeled, done.passed_over) == ([], 3)
    assert done.left == [f"{7:032x}", f"{8:032x}"]


def test_an_answer_that_does_not_fit_is_refused_its_task_given_back_and_the_others_go_on(
    api,
    client,
    make_task,
):
    api.loop.give(*(make_task(number) for number in (1, 2)))
    wrong = file(1, result=[{"from_name": "labels_0", "to_name": "field_0", "type": "labels",
                             "value": {"start": 0, "end": 10, "labels": ["UNHEARD"]}}])  # fmt: skip
    done = import_answers(client, [*wrong, *file(2)])
    assert done.labeled == [f"{2:032x}"]
    assert done.refused[f"{1:032x}"].startswith("unknown_label")
    assert len(api.loop.labels()) == 1


def test_importing_twice_labels_nothing_twice(api, client, make_task):
    api.loop.give(make_task(1, overlap=3))
    assert len(import_answers(client, file(1)).labeled) == 1
    done = import_answers(client, file(1))
    assert (done.labeled, done.left) == ([], [f"{1:032x}"])
    assert len(api.loop.labels()) == 1


def test_a_lease_that_ran_out_meanwhile_is_refused_and_the_import_goes_on(api, client, make_task, monkeypatch):
    api.loop.give(*(make_task(number) for number in (1, 2)))
    answer = reading.result

    def late(given, texts, unit):
        if given.task_id == f"{1:032x}":
            api.clock.ms += QueueSettings().lease_ms + 1
        return answer(given, texts, unit)

    monkeypatch.setattr("streams.label.studio.importing.result", late)
    done = import_answers(client, file(1, 2), Unit.CODE_POINTS)
    assert done.labeled == [f"{2:032x}"]
    assert set(done.refused) == {f"{1:032x}"}


def test_a_task_shown_in_a_label_studio_comes_back_as_the_label_given_there(api, client, make_task):
    api.loop.give(make_task(1))
    lease = client.lease()
    shown = writing.task(lease)
    spans = writing.results(list(lease.fields), [], {"tone": "angry"}, lease.fields)
    content = [shown | {"annotations": [{"result": spans}]}]
    assert len(import_answers(client, reading.read(json.dumps(content).encode(), "file")).labeled) == 1
    assert api.loop.labels()[0].choices == {"tone": "angry"}


def test_no_lease_is_left_open_when_the_queue_begins_anew(api, client, make_task):
    api.loop.give(*(make_task(number) for number in (1, 2)))
    assert import_answers(client, file(3)).left == [f"{3:032x}"]
    said = api.loop.types()
    assert said.count(EventType.TASK_VIEWED) == said.count(EventType.TASK_RELEASED) > 2


def test_a_task_that_does_not_open_ends_no_import(api, client, make_task):
    api.loop.give(*(make_task(number) for number in (1, 2)))
    api.content = lambda task: {"text": TEXT if task.task_id == f"{2:032x}" else "another length"}
    done = import_answers(client, file(1, 2))
    assert (done.labeled, done.passed_over, done.left) == ([f"{2:032x}"], 1, [f"{1:032x}"])


def test_a_lease_that_the_person_holds_is_taken_over(api, client, make_task):
    api.loop.give(make_task(1))
    held = client.lease()
    assert import_answers(client, file(1)).labeled == [held.task_id]
