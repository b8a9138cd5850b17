"""The bridge on a real Label Studio; only the queue is in memory."""

from __future__ import annotations

import secrets

import pytest

from deploy.bridge.projects import StudioProjects
from deploy.bridge.server import Server, StudioUnavailable
from schemas.errors import AccessDenied, ConfigError
from streams.label.forms import LabelsView
from tests.deploy.bridge.memory import BEAT_MS, FIELDS, KEEP_MS, LABELS, bridge_of, make_world, region
from tests.support.label_studio import OWNER, TOKEN, running
from tests.support.pipeline import free_port

pytestmark = pytest.mark.label_studio

TEXT = "😀 a kettle for [PERSON_1]"
KETTLE = (4, 10)
HOOK = {"url": "http://127.0.0.1:9/hook", "send_payload": True, "send_for_all_actions": True}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with running(tmp_path_factory.mktemp("label-studio") / "data") as there:
        yield there


@pytest.fixture(scope="module")
def ann(studio):
    return studio.sign_up("ann@example.org")


@pytest.fixture
def server(studio):
    with Server(studio.url, TOKEN) as opened:
        yield opened


@pytest.fixture
def title():
    """Of a project of the test's own."""
    return f"demo · {secrets.token_hex(4)}"


@pytest.fixture
def project(server, title):
    return made(server, title, FIELDS, LABELS)


def made(server, title, fields, labels) -> StudioProjects:
    """The project of that title, checked; as of a person of its own."""
    project = StudioProjects(server, f"Veilstream: {title}", title, fields)
    project.check(labels)
    return project


@pytest.fixture
def bridged(project, ann):
    """Two tasks in a queue, and a bridge that shows them there to Ann."""
    world = make_world(TEXT, "the kettle again")
    return world, bridge_of(world, project, ann.number)


def only(project) -> dict:
    (task,) = project.tasks()
    return task


def test_what_is_marked_there_becomes_a_label_and_nothing_of_it_stays_there(bridged, project, ann, studio):
    world, bridge = bridged
    bridge.step()
    task = only(project)
    assert task["data"]["field_0"] == TEXT
    ann.annotate(task["id"], [region(*KETTLE, "PRODUCT", "kettle")])
    bridge.step()
    assert project.tasks() == []
    ((_, (span,)),) = world.queue.labels.values()
    assert TEXT[span.start : span.end] == "kettle"
    bridge.step()
    assert only(project)["data"]["field_0"] == "the kettle again"
    bridge.take_out()
    assert studio.http.get(f"/api/tasks/{task['id']}/").status_code == 404


def test_a_task_that_is_skipped_there_is_skipped(bridged, project, ann):
    world, bridge = bridged
    bridge.step()
    ann.annotate(only(project)["id"], [], cancelled=True)
    bridge.step()
    assert (list(world.queue.ended.values()), project.tasks()) == (["skip"], [])


def test_what_another_account_answers_labels_nothing(bridged, project, studio):
    world, bridge = bridged
    bridge.step()
    task = only(project)["id"]
    body = {"result": [region(*KETTLE, "PRODUCT", "kettle")]}
    assert studio.http.post(f"/api/tasks/{task}/annotations/", json=body).status_code == 201
    bridge.step()
    assert (world.queue.labels, project.tasks()) == ({}, [])
    assert dict(bridge.tally.returned) == {"answered_by_another": 1}


def test_offsets_that_quote_another_text_are_refused(bridged, project, ann):
    world, bridge = bridged
    bridge.step()
    ann.annotate(only(project)["id"], [region(KETTLE[0] + 1, KETTLE[1] + 1, "PRODUCT", "kettle")])
    bridge.step()
    assert (world.queue.labels, dict(bridge.tally.returned)) == ({}, {"span_out_of_range": 1})


def test_one_that_starts_anew_finds_its_task_and_the_answer_to_it(bridged, project, ann):
    world, bridge = bridged
    bridge.step()
    ann.annotate(only(project)["id"], [])
    bridge_of(world, project, ann.number).step()
    assert (list(world.queue.ended.values()), project.tasks()) == (["label"], [])


def test_drafts_of_a_task_that_is_taken_out_go_with_it(bridged, project, ann, studio):
    _, bridge = bridged
    bridge.step()
    task = only(project)["id"]
    draft = {"result": [region(*KETTLE, "PRODUCT", "kettle")], "lead_time": 1}
    headers = {"X-CSRFToken": ann.http.cookies["csrftoken"]}
    kept = ann.http.post(f"/api/tasks/{task}/drafts", json=draft, headers=headers)
    assert kept.status_code == 201
    bridge.take_out()
    assert ann.http.get(f"/api/drafts/{kept.json()['id']}/").status_code == 404


def test_the_project_is_made_once_and_found_again(server, title, project):
    made(server, title, FIELDS, LABELS)
    assert len([it for it in server.projects() if it.title == title]) == 1


def test_other_labels_have_a_project_of_their_own_which_is_found_again(server, title, project):
    other = LabelsView(spans=["PRODUCT", "PLACE"], choices={})
    beside = project.check(other)
    assert beside != title
    assert (made(server, title, FIELDS, other).check(other), project.check(LABELS)) == (beside, title)


def test_labels_and_choices_with_signs_of_xml_come_back_as_they_were(server, title):
    labels = LabelsView(spans=['A<&">', "ÜBER"], choices={"tone": ["negative", "so <so>"]})
    made(server, title, ("note", "customer.name"), labels).check(labels)


def test_a_policy_with_choices_only_has_its_project(server, title):
    labels = LabelsView(spans=[], choices={"tone": ["calm", "angry"]})
    made(server, title, FIELDS, labels).check(labels)


def test_a_field_that_a_task_lacks_is_empty_there(server, title, ann):
    project = made(server, title, ("note", "product"), LABELS)
    world = make_world(TEXT)
    bridge_of(world, project, ann.number, ("note", "product")).step()
    assert only(project)["data"] | {"veil_task": ""} == {
        "veil_task": "",
        "veil_fields": ["note", "product"],
        "field_0": TEXT,
        "field_1": "",
    }


def test_no_text_goes_into_a_project_that_hands_tasks_on(studio, title, bridged, project):
    _, bridge = bridged
    hook = HOOK | {"project": studio.project(title)["id"]}
    assert studio.http.post("/api/webhooks/", json=hook).status_code == 201
    with pytest.raises(ConfigError, match="webhooks"):
        bridge.step()
    assert project.tasks() == []


def test_either_kind_of_token_opens_and_another_does_not(studio, ann):
    for token in (ann.token(), ann.personal_token()):
        with Server(studio.url, token) as server:
            assert server.account(OWNER) > 0
    with Server(studio.url, "0" * 40) as server, pytest.raises(AccessDenied):
        server.account(OWNER)


def test_a_whole_look_with_a_personal_token(studio, title, ann):
    robot = studio.sign_up("robot@example.org")
    with Server(studio.url, robot.personal_token()) as server:
        project, world = made(server, title, FIELDS, LABELS), make_world(TEXT)
        bridge = bridge_of(world, project, ann.number)
        bridge.step()
        ann.annotate(only(project)["id"], [region(*KETTLE, "PRODUCT", "kettle")])
        bridge.step()
        assert (list(world.queue.ended.values()), project.tasks()) == (["label"], [])


def test_a_text_that_was_changed_there_labels_nothing(bridged, project, ann, studio):
    world, bridge = bridged
    bridge.step()
    task = only(project)
    changed = {"data": task["data"] | {"field_0": TEXT.replace("kettle", "teapot")}}
    assert studio.http.patch(f"/api/tasks/{task['id']}/", json=changed).status_code == 200
    ann.annotate(task["id"], [region(*KETTLE, "PRODUCT", "teapot")])
    bridge.step()
    assert (world.queue.labels, project.tasks()) == ({}, [])
    assert dict(bridge.tally.returned) == {"changed_there": 1}


def test_an_answer_to_other_labels_labels_nothing(bridged, project, ann, studio, title):
    world, bridge = bridged
    bridge.step()
    ann.annotate(only(project)["id"], [])
    there = studio.project(title)
    other = {"label_config": there["label_config"].replace("PRODUCT", "PLACE")}
    assert studio.http.patch(f"/api/projects/{there['id']}/", json=other).status_code == 200
    with pytest.raises(ConfigError, match="another labeling configuration"):
        bridge.step()
    bridge.take_over()
    bridge.take_out()
    bridge.give_back()
    assert (world.queue.labels, world.queue.held(), project.tasks()) == ({}, None, [])
    assert dict(bridge.tally.returned) == {"asked_otherwise": 1}


def test_a_project_that_was_deleted_is_made_anew(bridged, project, studio, title):
    world, bridge = bridged
    bridge.step()
    assert studio.http.delete(f"/api/projects/{studio.project(title)['id']}/").status_code == 204
    bridge.step()
    assert only(project)["meta"]["veil"]["lease"] == world.queue.held()


def test_a_text_in_a_project_that_was_renamed_meanwhile_is_found_by_a_bridge_that_starts_anew(
    bridged, project, server, title, ann, studio
):
    world, bridge = bridged
    bridge.step()
    left, there = only(project)["id"], studio.project(title)["id"]
    assert studio.http.patch(f"/api/projects/{there}/", json={"title": "of Marie"}).status_code == 200
    world.clock.ms += KEEP_MS
    anew = made(server, title, FIELDS, LABELS)
    bridge_of(world, anew, ann.number).step()
    assert studio.http.get(f"/api/tasks/{left}/").status_code == 404
    assert only(anew)["meta"]["veil"]["lease"] == world.queue.held()


def test_an_account_that_is_not_there_is_asked_for(server):
    with pytest.raises(ConfigError, match="no account"):
        server.account("nobody@example.org")


def test_nobody_at_the_address_is_no_answer():
    with Server(f"http://127.0.0.1:{free_port()}", TOKEN) as server, pytest.raises(StudioUnavailable):
        server.account(OWNER)


def test_an_annotation_that_another_account_has_written_in_anns_name_labels_nothing(bridged, project, ann, studio):
    world, bridge = bridged
    bridge.step()
    body = {"result": [], "completed_by": ann.number, "updated_by": ann.number}
    answer = studio.http.post(f"/api/tasks/{only(project)['id']}/annotations/", json=body)
    assert answer.json()["completed_by"] == ann.number
    bridge.step()
    assert (world.queue.labels, dict(bridge.tally.returned)) == ({}, {"answered_by_another": 1})


def test_an_answer_that_another_account_has_changed_labels_nothing(bridged, project, ann, studio):
    world, bridge = bridged
    bridge.step()
    number = ann.annotate(only(project)["id"], [region(*KETTLE, "PRODUCT", "kettle")])
    assert studio.http.patch(f"/api/annotations/{number}/", json={"result": []}).status_code == 200
    bridge.step()
    assert (world.queue.labels, dict(bridge.tally.returned)) == ({}, {"answered_by_another": 1})


def test_who_was_away_is_there_again_once_they_do_something_in_the_page(bridged, project, ann, studio, title):
    world, bridge = bridged
    bridge.step()
    for _ in range(KEEP_MS // BEAT_MS + 2):
        world.clock.ms += BEAT_MS
        bridge.step()
    assert (project.tasks(), sum(world.queue.tokens.values())) == ([], 1)
    ann.ask_for_next(studio.project(title)["id"])
    bridge.step()
    assert len(project.tasks()) == 1
