"""A bridge between a queue and a Label Studio: who answers, what is lost, and wherever it may be killed."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.bridge.running import work
from deploy.bridge.server import StudioUnavailable
from schemas.errors import AccessDenied, ConfigError
from tests.deploy.bridge.memory import ANN, BEAT_MS, DOT, KEEP_MS, LEASE_MS, Crashed, World, make_world


def test_a_task_is_shown_as_the_lease_gave_it_and_marked_with_the_lease(world):
    world.bridge().step()
    task = world.only()
    assert task["data"]["field_0"] == "a kettle for [PERSON_1]"
    assert task["meta"]["veil"]["lease"] == world.queue.held()


def test_an_answer_becomes_a_label_and_its_text_is_taken_out_and_the_next_one_shown(world):
    bridge = world.bridge()
    bridge.step()
    first = world.only()
    world.studio.annotate(first["id"], ANN, [(2, 8, "PRODUCT")])
    bridge.step()
    assert world.studio.held == {}
    ((_, spans),) = world.queue.labels.values()
    assert [(it.field, it.start, it.end, it.label) for it in spans] == [("note", 2, 8, "PRODUCT")]
    bridge.step()
    assert world.only()["data"]["field_0"] == "😀 the kettle again"


def test_the_key_of_a_label_names_lease_and_annotation(world):
    bridge = world.bridge()
    bridge.step()
    lease, number = world.queue.held(), world.studio.annotate(1, ANN, [])
    bridge.step()
    assert world.queue.labels[lease] == (f"studio-{lease}-{number}", [])


def test_a_skipped_task_is_skipped(world):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [], cancelled=True)
    bridge.step()
    assert (world.queue.ended, world.studio.held) == ({f"{0:032x}": "skip"}, {})


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([(DOT, [(2, 8, "PRODUCT")])], "answered_by_another"),
        ([(ANN, []), (DOT, [])], "answered_by_another"),
        ([(ANN, []), (ANN, [])], "several_answers"),
        ([(ANN, [(2, 99, "PRODUCT")])], "span_out_of_range"),
        ([(ANN, [(2, 8, "UNHEARD")])], "unknown_label"),
    ],
)
def test_an_answer_that_can_not_count_labels_nothing_and_the_task_is_given_back(world, answers, why):
    bridge = world.bridge()
    bridge.step()
    for by, spans in answers:
        world.studio.annotate(1, by, spans)
    bridge.step()
    assert (world.studio.held, world.queue.labels, world.queue.held()) == ({}, {}, None)
    assert dict(bridge.tally.returned) == {why: 1}


def test_an_answer_that_is_no_annotation_of_ours_is_given_back_and_the_bridge_goes_on(world):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [])
    world.only()["annotations"][0]["result"] = [{"type": "relation", "from_id": "a", "to_id": "b"}]
    bridge.step()
    assert dict(bridge.tally.returned) == {"unreadable_answer": 1}
    bridge.step()
    assert len(world.studio.held) == 1


def test_a_task_that_nobody_answers_is_held_for_its_time_and_then_given_back(world):
    bridge = world.bridge()
    bridge.step()
    lease = world.queue.held()
    while world.clock.ms < 1_000_000 + KEEP_MS - BEAT_MS:
        world.clock.ms += BEAT_MS
        bridge.step()
        assert world.queue.held() == lease
    world.clock.ms += BEAT_MS
    bridge.step()
    assert (world.studio.held, world.queue.held()) == ({}, None)
    assert dict(bridge.tally.returned) == {"not_answered": 1}


def test_a_task_that_was_withdrawn_leaves_label_studio_with_the_next_heartbeat_and_labels_nothing(world):
    bridge = world.bridge()
    bridge.step()
    world.queue.withdraw()
    world.clock.ms += BEAT_MS
    bridge.step()
    assert (world.studio.held, world.queue.labels, bridge.tally.lost) == ({}, {}, 1)


def test_an_answer_to_a_task_that_was_withdrawn_labels_nothing_and_leaves(world):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [])
    world.queue.withdraw()
    bridge.step()
    assert (world.studio.held, world.queue.labels) == ({}, {})


def test_who_may_not_go_on_leaves_no_text_behind(world):
    bridge = world.bridge()
    bridge.step()
    world.queue.denied = True
    world.clock.ms += BEAT_MS
    with pytest.raises(AccessDenied):
        bridge.step()
    assert world.studio.held == {}


def test_a_server_that_is_no_longer_trusted_gets_no_text(world):
    world.studio.trusted = False
    with pytest.raises(ConfigError, match="analytics"):
        world.bridge().step()
    assert world.studio.held == {}


def test_a_mark_that_somebody_has_changed_takes_the_task_out_and_it_is_shown_again(world):
    bridge = world.bridge()
    bridge.step()
    world.only()["meta"] = {"veil": {"lease": "somebody's", "since": "never"}}
    bridge.step()
    assert world.only()["id"] == 2
    assert world.only()["meta"]["veil"]["lease"] == world.queue.held()


@pytest.mark.parametrize("since", [0, 2_000_000, "never"])
def test_a_time_that_somebody_has_changed_ends_the_showing_and_lengthens_nothing(world, since):
    bridge = world.bridge()
    bridge.step()
    world.only()["meta"]["veil"]["since"] = since
    bridge.step()
    assert (world.studio.held, world.queue.held()) == ({}, None)


def test_an_annotation_that_another_account_has_changed_labels_nothing(world):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [])
    world.only()["annotations"][0]["updated_by"] = DOT
    bridge.step()
    assert (world.queue.labels, dict(bridge.tally.returned)) == ({}, {"answered_by_another": 1})


@pytest.mark.parametrize("answered", [1, 2])
def test_a_task_that_came_there_twice_counts_once_and_the_one_that_is_answered_stays(world, answered):
    bridge = world.bridge()
    bridge.step()
    world.studio.show({key: world.only()[key] for key in ("data", "meta")})
    world.studio.annotate(answered, ANN, [(2, 8, "PRODUCT")])
    bridge.step()
    assert (len(world.queue.labels), world.studio.held) == (1, {})


@pytest.mark.parametrize("after", [False, True])
def test_killed_while_it_submits_it_submits_once_more_and_the_person_answers_once(world, after):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [(2, 8, "PRODUCT")])
    world.fuse.blows = {world.fuse.calls + 2: after}  # after the look
    with pytest.raises(Crashed):
        bridge.step()
    assert len(world.queue.labels) == after
    world.bridge().step()
    assert len(world.queue.labels) == 1
    assert 1 not in world.studio.held


def test_what_others_put_into_the_project_is_not_touched(world):
    foreign = {"id": 900, "data": {"text": "theirs"}, "meta": {}, "annotations": []}
    world.studio.held[900] = foreign
    bridge = world.bridge()
    bridge.step()
    bridge.clear()
    assert world.studio.held == {900: foreign}


def test_a_bridge_that_is_stopped_takes_everything_out_and_gives_its_task_back(world):
    stop = threading.Event()
    asked = world.studio.tasks

    def last_look() -> list[object]:
        stop.set()
        return asked()

    world.studio.tasks = last_look
    work(world.bridge(), stop, lambda _: None, poll_s=0)
    assert world.studio.made == 1
    assert (world.studio.held, world.queue.held()) == ({}, None)


def test_a_label_studio_that_does_not_answer_for_a_while_is_waited_for(world):
    stop, told, asked, failures = threading.Event(), [], world.studio.tasks, [1, 2]

    def sometimes() -> list[object]:
        if failures:
            failures.pop()
            raise StudioUnavailable("Label Studio does not answer")
        stop.set()
        return asked()

    world.studio.tasks = sometimes
    work(world.bridge(), stop, told.append, poll_s=0)
    assert told == ["Label Studio does not answer"] * 2
    assert world.studio.made == 1


def _person(world: World, choice: int) -> None:
    """Ann, and others, do something in Label Studio."""
    for number, task in list(world.studio.held.items()):
        if not task["annotations"]:
            match choice % 5:
                case 0 | 1:
                    end = task["data"]["field_0"].index("kettle") + 6
                    world.studio.annotate(number, ANN, [(end - 6, end, "PRODUCT")])
                case 2:
                    world.studio.annotate(number, ANN, [], cancelled=True)
                case 3:
                    world.studio.annotate(number, DOT, [])


def _checked(world: World) -> None:
    """No task is labeled twice, and what is labeled is what Ann has marked."""
    tasks = [lease.rpartition("-")[0] for lease in world.queue.labels]
    assert len(tasks) == len(set(tasks))
    for lease, (_, spans) in world.queue.labels.items():
        text = world.queue.texts[lease.rpartition("-")[0]]
        assert [text[it.start : it.end] for it in spans] == ["kettle"]


@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=12),
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from([0, BEAT_MS, LEASE_MS + 1])), max_size=12),
)
def test_killed_anywhere_it_labels_nothing_twice_and_in_the_end_leaves_nothing(crashes, days):
    world = make_world("a kettle", "😀 kettle", "no kettle")
    bridge = world.bridge()
    after = iter(crashes)
    for choice, passes in [*days, *[(0, 0)] * 20]:
        if (crash := next(after, None)) is not None:
            world.fuse.blows = {world.fuse.calls + 1 + crash[0]: crash[1]}
        try:
            bridge.step()
        except Crashed:
            bridge = world.bridge()  # it remembers nothing
        _person(world, choice)
        world.clock.ms += passes
        _checked(world)
    world.fuse.blows = {}
    while len(world.queue.ended) < 3:
        bridge.step()
        _person(world, 0)
    bridge.step()
    _checked(world)
    assert world.studio.held == {}


@given(st.integers(1, 8), st.booleans())
def test_one_that_starts_anew_leaves_only_what_is_held_after_its_first_look(blow, after):
    world = make_world("a kettle", "the kettle")
    world.fuse.blows = {blow: after}
    bridge = world.bridge()
    for _ in range(4):
        try:
            bridge.step()
            _person(world, 0)
        except Crashed:
            break
    world.fuse.blows = {}
    world.bridge().step()
    assert {task["meta"]["veil"]["lease"] for task in world.studio.held.values()} <= {world.queue.held()}
    assert len(world.studio.held) <= 1
