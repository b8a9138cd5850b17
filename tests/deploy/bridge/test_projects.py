"""Where in a Label Studio a bridge shows its tasks, and what it finds there."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from deploy.bridge.projects import StudioProjects, _beside
from deploy.bridge.server import StudioUnavailable
from schemas.errors import ConfigError
from streams.label.forms import LabelsView, LeaseView
from streams.label.studio.writing import configuration
from tests.deploy.bridge.memory import ANN, FIELDS, LABELS, LEASE_MS, MARK, bridge_of, make_world
from tests.deploy.bridge.served import OFF, Served, server


def bridged(answer: Callable[[httpx.Request], httpx.Response], title: str = "demo") -> StudioProjects:
    """Those of the bridge of ann-1."""
    return StudioProjects(server(answer), MARK, title, FIELDS)


def test_nothing_is_made_on_a_server_whose_analytics_are_on():
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path))
        return httpx.Response(200, text=OFF.replace("false", "true"))

    with pytest.raises(ConfigError, match="analytics"):
        bridged(answer).check(LABELS)
    assert asked == [("GET", "/user/login/")]


class There:
    """A Label Studio that lists projects and tasks by project."""

    def __init__(self, tasks: dict[int, int]) -> None:
        self.tasks = tasks

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        match request.url.path:
            case "/user/login/":
                return httpx.Response(200, text=OFF)
            case "/api/projects/":
                return httpx.Response(200, json={"next": None, "results": [_demo(it) for it in self.tasks]})
            case "/api/tasks/":
                count, first = (
                    self.tasks[int(asked["project"])],
                    (int(asked["page"]) - 1) * int(asked["page_size"]),
                )
                numbers = range(first, min(count, first + int(asked["page_size"])))
                return httpx.Response(200, json={"tasks": [{"id": it} for it in numbers], "total": count})
        return httpx.Response(200, json=[])


def _demo(number: int) -> dict:
    return {"id": number, "title": "demo", "label_config": configuration(FIELDS, LABELS)}


def test_a_title_that_two_projects_have_gets_no_text_and_what_lies_in_either_is_found():
    project = bridged(There({1: 1, 2: 2}))
    assert len(project.tasks()) == 3
    with pytest.raises(ConfigError, match="several projects"):
        project.check(LABELS)


@pytest.mark.parametrize("length", [2, 51])
def test_a_title_that_label_studio_does_not_take_is_refused(length):
    with pytest.raises(ConfigError, match="--title"):
        bridged(There({}), "d" * length).check(LABELS)


def test_a_project_with_too_many_tasks_gets_no_text_and_all_of_them_are_found():
    project = bridged(There({1: 1_001}))
    assert [it["id"] for it in project.tasks()] == list(range(1_001))
    with pytest.raises(ConfigError, match="more than 1,000 tasks"):
        project.check(LABELS)


def test_a_server_that_lists_tasks_for_ever_is_not_followed():
    assert len(bridged(There({1: 2**40})).tasks()) == 10_000


GONE = {"status_code": 404, "version": "1.23.0", "detail": "No Project matches the given query."}


def left_with(answer: httpx.Response) -> StudioProjects:
    """Those of a bridge that has looked, on a server that answers so by now."""
    project = bridged(There({1: 1}))
    project.tasks()
    project._server = server(lambda _: answer)
    return project


def test_a_project_that_is_gone_holds_nothing():
    project = left_with(httpx.Response(404, json=GONE))
    assert project.tasks() == []
    project.remove(1)


@pytest.mark.parametrize(
    "page", [{"text": "default backend - 404"}, {"json": {"error": "not found"}}, {"json": []}]
)
def test_a_page_of_somebody_in_between_is_no_word_that_a_text_is_gone(page):
    project = left_with(httpx.Response(404, **page))
    with pytest.raises(StudioUnavailable):
        project.tasks()
    with pytest.raises(StudioUnavailable):
        project.remove(1)


@pytest.mark.parametrize("how", ["renamed", "another title"])
def test_a_text_is_found_in_a_project_that_is_called_otherwise_by_now(how):
    there, world = Served(), make_world("a kettle")
    bridge_of(world, bridged(there)).step()
    if how == "renamed":
        there.projects[1]["title"] = "demo of Marie"
    world.clock.ms += LEASE_MS
    anew = bridged(there, "demo" if how == "renamed" else "other")
    bridge_of(world, anew).step()
    ((_, task),) = there.tasks.items()
    assert there.projects[task["project"]]["title"] == anew._title
    bridge_of(world, anew).take_out()
    assert there.tasks == {}


def test_what_another_persons_bridge_has_put_into_its_project_is_not_touched():
    there = Served()
    bridge_of(
        make_world("a kettle"), StudioProjects(server(there), "Veilstream: demo · ann-10", "ten", FIELDS)
    ).step()
    bridge_of(make_world("a kettle"), bridged(there)).take_out()
    assert len(there.tasks) == 1


OTHER = LabelsView(spans=["PRODUCT", "PLACE"], choices={})


def test_tasks_of_an_older_policy_go_into_a_project_of_their_labels_and_all_become_labels():
    there, world, told = Served(), make_world("an old kettle", "the old kettle", "the new kettle"), []
    leased = world.queue.lease

    def lease() -> LeaseView | None:
        given = leased()
        new = given is None or given.fields["note"].startswith("the new")
        return given if new else given.model_copy(update={"labels": OTHER})

    world.queue.lease = lease
    bridge = bridge_of(world, bridged(there))
    bridge.check(LABELS)  # of the policy in force
    for _ in range(6):
        bridge.step()
        told += [(there.projects[it["project"]]["title"], it["data"]["field_0"]) for it in there.tasks.values()]
        for number in there.tasks:
            there.annotate(number, ANN)
    other = _beside("demo", configuration(FIELDS, OTHER))
    assert told == [(other, "an old kettle"), (other, "the old kettle"), ("demo", "the new kettle")]
    assert (len(world.queue.labels), len(there.projects), there.tasks) == (3, 2, {})
    assert world.told == [f"shows tasks in the project “{it}”" for it in ("demo", other, "demo")]


def test_an_answer_in_a_project_that_was_renamed_counts_by_what_that_one_asks():
    there, world = Served(), make_world("a kettle")
    project = bridged(there)
    bridge = bridge_of(world, project)
    bridge.step()
    (number,) = there.tasks
    there.annotate(number, ANN)
    there.projects[1] |= {"title": "demo of Marie", "label_config": configuration(FIELDS, OTHER)}
    project.check(LABELS)
    with pytest.raises(ConfigError, match="another labeling configuration"):
        bridge.step()
    assert world.queue.labels == {}


def test_a_project_of_its_own_that_was_made_to_ask_for_something_else_gets_no_text():
    there = Served()
    bridged(there).check(LABELS)
    bridged(there).check(OTHER)
    there.projects[2]["label_config"] = "<View/>"
    with pytest.raises(ConfigError, match="another labeling configuration"):
        bridged(there).check(OTHER)


def test_a_project_of_its_own_has_no_longer_title_than_label_studio_takes():
    there, title = Served(), "d" * 50
    bridged(there, title).check(LABELS)
    assert len(bridged(there, title).check(OTHER)) == 50
