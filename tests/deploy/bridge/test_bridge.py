"""A bridge between a queue and a Label Studio: who answers, what is lost, and wherever it may be killed."""

from __future__ import annotations

import contextlib
import threading
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.bridge.bridge import Bridge
from deploy.bridge.running import work
from deploy.bridge.server import StudioUnavailable
from deploy.bridge.settings import POLL_S
from schemas.errors import AccessDenied, ConfigError, DependencyError
from streams.label.forms import LeaseView
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


def test_hours_without_an_answer_make_one_view(world):
    bridge = world.bridge()
    for _ in range(16 * 3_600_000 // BEAT_MS):
        bridge.step()
        world.clock.ms += BEAT_MS
    assert (sum(world.queue.tokens.values()), world.studio.held) == (1, {})
    assert dict(bridge.tally.returned) == {"not_answered": 1}
    assert "the next task is shown when" in world.told[-1]


def test_who_comes_back_and_does_something_there_gets_the_next_task(world):
    bridge = left_alone(world)
    bridge.step()
    bridge.step()
    assert world.studio.held == {}
    world.studio.activity = "2026-11-30T09:30:00Z"
    bridge.step()
    assert len(world.studio.held) == 1
    assert world.told[-1] == "somebody is there again"


def test_who_is_away_and_can_not_be_asked_for_is_away(world):
    bridge = left_alone(world)
    asked, world.studio.last_activity = world.studio.last_activity, _unavailable
    with pytest.raises(DependencyError):
        bridge.step()
    world.studio.last_activity = asked
    bridge.step()
    assert world.studio.held == {}


def test_while_nobody_is_there_what_lies_there_is_taken_out(world):
    bridge = left_alone(world)
    world.studio.show({"data": {}, "meta": {"veil": {"lease": "old"}}})
    bridge.step()
    assert world.studio.held == {}


def left_alone(world: World) -> Bridge:
    """One whose first task nobody answered."""
    bridge = world.bridge()
    bridge.step()
    for _ in range(KEEP_MS // BEAT_MS):
        world.clock.ms += BEAT_MS
        bridge.step()
    return bridge


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


def test_a_field_that_is_misspelt_ends_the_bridge_after_few_views_and_names_what_tasks_have(world):
    bridge = world.bridge("notes")
    with pytest.raises(ConfigError, match=r"fields that are not shown, the last of them note; give a --field"):
        work(bridge, threading.Event(), lambda _: None, poll_s=0)
    assert (sum(world.queue.tokens.values()), world.queue.held(), world.studio.made) == (3, None, 0)
    assert dict(bridge.tally.returned) == {"field_not_shown": 3}
    assert world.told[0] == f"task {0:032x}: given back, field_not_shown"


def test_a_task_with_another_field_among_others_ends_nothing(world):
    leased, odd = world.queue.lease, f"{0:032x}"

    def lease() -> LeaseView:
        given = leased()
        return given.model_copy(update={"fields": {"other": ""}}) if given.task_id == odd else given

    world.queue.lease = lease
    bridge = world.bridge()
    for _ in range(12):
        bridge.step()
        for task in world.studio.held.values():
            world.studio.annotate(task["id"], DOT, [])
    assert bridge.tally.returned["field_not_shown"] > 3


def test_who_runs_it_is_told_of_each_task_without_an_answer_when_it_happens(world):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [(2, 99, "PRODUCT")])
    bridge.step()
    assert world.told[1:] == [f"task {0:032x}: given back, span_out_of_range"]
    bridge.step()
    world.queue.withdraw()
    world.clock.ms += BEAT_MS
    bridge.step()
    assert world.told[2:] == [f"task {1:032x}: its lease was over before it was answered"]


@pytest.mark.parametrize("ahead_s", [330, 360])
def test_a_clock_that_is_ahead_by_more_than_a_lease_lives_ends_the_bridge_and_is_told(world, ahead_s):
    bridge, leased = world.bridge(), world.queue.lease
    bridge._clock = SimpleNamespace(now=lambda: world.clock.ms + ahead_s * 1000)

    def lease() -> LeaseView | None:
        world.clock.wait(POLL_S)
        return leased()

    world.queue.lease = lease
    with pytest.raises(ConfigError, match="the clocks differ"):
        work(bridge, threading.Event(), lambda _: None, poll_s=0)
    assert (world.queue.held(), world.studio.made, sum(world.queue.tokens.values())) == (None, 0, 1)


def test_a_lease_that_label_gives_again_at_its_end_is_waited_for(world):
    bridge = world.bridge()
    world.queue.lease()
    bridge._clock = SimpleNamespace(now=lambda: world.clock.ms + LEASE_MS + 1_000)
    bridge.step()
    assert (world.studio.held, bridge.tally.lost) == ({}, 1)


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
    bridge.take_out()
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


def until_over(world: World, bridge: Bridge) -> None:
    """Looks until the lease is over, which all fail for want of label."""
    for _ in range(LEASE_MS // BEAT_MS - 1):
        world.clock.ms += BEAT_MS
        with pytest.raises(DependencyError):
            bridge.step()
    world.clock.ms += BEAT_MS


def test_a_text_leaves_when_its_lease_is_over_though_label_is_away_and_is_not_shown_under_it_again(world):
    bridge = world.bridge()
    bridge.step()
    lease, world.queue.away = world.queue.held(), True
    until_over(world, bridge)
    assert len(world.studio.held) == 1
    bridge.step()
    assert (world.studio.held, bridge.tally.lost) == ({}, 1)
    with pytest.raises(DependencyError):
        bridge.step()
    world.queue.away = False
    bridge.step()
    assert world.only()["meta"]["veil"]["lease"] != lease


def test_an_answer_that_can_not_be_submitted_stays_no_longer_than_its_lease(world):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [])
    world.queue.away = True
    until_over(world, bridge)
    bridge.step()
    assert (world.studio.held, world.queue.labels, bridge.tally.lost) == ({}, {}, 1)


def test_each_heartbeat_says_until_when_a_text_may_stay(world):
    bridge = world.bridge()
    bridge.step()
    for _ in range(2 * LEASE_MS // BEAT_MS):
        world.clock.ms += BEAT_MS
        bridge.step()
    assert (world.studio.made, bridge.tally.lost) == (1, 0)


@pytest.mark.parametrize(("passed", "left"), [(LEASE_MS - 1, 1), (LEASE_MS, 0), (-1, 0)])
def test_one_that_starts_anew_while_label_is_away_leaves_what_is_not_past_its_end_by_its_mark(world, passed, left):
    world.bridge().step()
    world.clock.ms += passed
    world.queue.away = True
    with pytest.raises(DependencyError):
        world.bridge().step()
    assert len(world.studio.held) == left


def test_a_mark_that_was_changed_lengthens_nothing_where_label_is_away(world):
    world.bridge().step()
    world.only()["meta"]["veil"]["until"] = 2**60
    world.clock.ms += KEEP_MS
    world.queue.away = True
    with pytest.raises(DependencyError):
        world.bridge().step()
    assert world.studio.held == {}


def test_a_task_that_label_does_not_take_back_yet_is_not_shown_again(world):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, DOT, [])
    world.queue.away = True
    for _ in range(3):
        with pytest.raises(DependencyError):
            bridge.step()
        assert world.studio.held == {}
    world.queue.away = False
    bridge.step()
    assert (world.queue.held(), world.studio.held) == (None, {})
    assert dict(bridge.tally.returned) == {"answered_by_another": 1}


def test_an_answer_that_does_not_fit_is_not_sent_again_while_label_does_not_take_the_task_back(world):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [(2, 8, "UNHEARD")])
    release = world.queue.release
    world.queue.release = _unavailable
    with pytest.raises(DependencyError):
        bridge.step()
    world.queue.release = release
    bridge.step()
    assert (world.studio.held, world.queue.held()) == ({}, None)
    assert dict(bridge.tally.returned) == {"unknown_label": 1}


def _unavailable(*_: object) -> None:
    raise StudioUnavailable("does not answer")


@pytest.mark.parametrize("answer", [None, False, True])
def test_a_page_of_a_proxy_before_label_is_waited_for_and_costs_no_answer(world, answer):
    bridge = world.bridge()
    bridge.step()
    lease, world.queue.proxy = world.queue.held(), True
    world.clock.ms += BEAT_MS
    if answer is not None:
        world.studio.annotate(1, ANN, [], cancelled=answer)
    with pytest.raises(DependencyError, match="in between"):
        bridge.step()
    world.queue.proxy = False
    bridge.step()
    if answer is None:
        assert world.only()["meta"]["veil"]["lease"] == world.queue.held() == lease
    else:
        assert world.queue.ended == {f"{0:032x}": "skip" if answer else "label"}


def test_a_page_of_a_proxy_is_no_queue_without_tasks(world):
    world.queue.proxy = True
    with pytest.raises(DependencyError, match="in between"):
        world.bridge().step()


def test_one_that_takes_a_lease_over_near_its_end_extends_it_at_once(world):
    world.bridge().step()
    world.clock.ms += LEASE_MS - 2 * BEAT_MS + 1
    bridge, ends = world.bridge(), world.queue.current[1]
    bridge.step()
    assert world.queue.current[1] > ends


def test_one_that_takes_a_lease_over_early_extends_it_in_its_time(world):
    world.bridge().step()
    world.clock.ms += LEASE_MS - 2 * BEAT_MS
    bridge, ends = world.bridge(), world.queue.current[1]
    bridge.step()
    assert world.queue.current[1] == ends
    world.clock.ms += BEAT_MS
    bridge.step()
    assert world.queue.current[1] > ends


def test_a_task_that_can_not_be_taken_out_hinders_no_other(world):
    world.bridge().step()
    for _ in range(2):
        world.studio.show({"data": {}, "meta": {"veil": {}}})
    world.studio.broken = {2}
    bridge = world.bridge()
    with pytest.raises(StudioUnavailable):
        bridge.step()
    assert set(world.studio.held) == {1, 2}
    with pytest.raises(StudioUnavailable):
        bridge.take_out()
    assert set(world.studio.held) == {2}


def with_one_that_stays(world: World) -> Bridge:
    """One that shows a task beside another, which can't be taken out."""
    bridge = world.bridge()
    bridge.step()
    world.studio.show({"data": {}, "meta": {"veil": {"lease": "old"}}})
    world.studio.broken = {2}
    return bridge


def test_a_task_that_can_not_be_taken_out_costs_no_answer(world):
    bridge = with_one_that_stays(world)
    world.studio.annotate(1, ANN, [(2, 8, "PRODUCT")])
    with pytest.raises(StudioUnavailable):
        bridge.step()
    assert (len(world.queue.labels), set(world.studio.held)) == (1, {2})


def test_a_task_that_can_not_be_taken_out_does_not_end_the_lease_of_the_one_that_is_shown(world):
    bridge, lease = with_one_that_stays(world), world.queue.held()
    for _ in range(LEASE_MS // BEAT_MS + 2):
        world.clock.ms += BEAT_MS
        with pytest.raises(StudioUnavailable):
            bridge.step()
    assert world.queue.held() == lease


def test_beside_a_task_that_can_not_be_taken_out_no_other_is_opened(world):
    bridge = with_one_that_stays(world)
    world.studio.annotate(1, DOT, [])
    for _ in range(4 * LEASE_MS // BEAT_MS):
        with pytest.raises(StudioUnavailable):
            bridge.step()
        world.clock.ms += BEAT_MS
    assert (sum(world.queue.tokens.values()), set(world.studio.held)) == (1, {2})
    assert dict(bridge.tally.returned) == {"answered_by_another": 1}
    world.studio.broken = set()
    bridge.step()
    assert world.only()["data"]["field_0"] == "😀 the kettle again"


def test_one_that_starts_anew_beside_a_task_that_can_not_be_taken_out_opens_one_and_no_more(world):
    world.studio.show({"data": {}, "meta": {"veil": {"lease": "old"}}})
    world.studio.broken = {1}
    bridge = world.bridge()
    for _ in range(4 * LEASE_MS // BEAT_MS):
        with pytest.raises(StudioUnavailable):
            bridge.step()
        world.clock.ms += BEAT_MS
    assert (sum(world.queue.tokens.values()), set(world.studio.held)) == (1, {1})


def test_a_task_is_given_back_once_its_own_text_is_out(world):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, DOT, [])
    world.studio.broken = {1}
    with pytest.raises(StudioUnavailable):
        bridge.step()
    assert world.queue.held() is not None
    world.studio.broken = set()
    bridge.step()
    assert (world.queue.held(), world.studio.held) == (None, {})


@pytest.mark.parametrize("cancelled", [None, False, True])
def test_a_text_that_was_changed_there_counts_for_nothing(world, cancelled):
    bridge = world.bridge()
    bridge.step()
    if cancelled is not None:
        world.studio.annotate(1, ANN, [], cancelled=cancelled)
    world.only()["data"]["field_0"] = "a teapot for [PERSON_1]"
    bridge.step()
    assert (world.studio.held, world.queue.ended, world.queue.labels) == ({}, {}, {})
    assert dict(bridge.tally.returned) == {"changed_there": 1}


def test_an_answer_to_other_labels_than_ours_is_none_and_ends_the_bridge(world):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [])
    world.studio.asks_the_same = False
    with pytest.raises(ConfigError, match="another labeling configuration"):
        work(bridge, threading.Event(), lambda _: None, poll_s=0)
    assert (world.studio.held, world.queue.labels, world.queue.held()) == ({}, {}, None)
    assert dict(bridge.tally.returned) == {"asked_otherwise": 1}


def test_what_people_import_from_our_files_is_not_touched(world):
    imported = {"id": 900, "data": {"veil_task": "a", "veil_fields": ["note"]}, "meta": {}, "annotations": []}
    world.studio.held[900] = imported
    bridge = world.bridge()
    bridge.step()
    bridge.take_out()
    assert world.studio.held == {900: imported}


def test_a_task_of_ours_whose_data_was_emptied_is_taken_out(world):
    bridge = world.bridge()
    bridge.step()
    world.only()["data"] = {}
    bridge.step()
    assert world.studio.held == {}


@pytest.mark.parametrize("how", ["changed", "another", "deleted", "skipped", "two"])
def test_an_answer_that_label_has_though_nobody_heard_is_counted_however_it_changed_meanwhile(world, how):
    bridge = world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [(2, 8, "PRODUCT")])
    world.queue.mute = True
    with pytest.raises(DependencyError):
        bridge.step()
    world.queue.mute = False
    if how == "changed":
        world.only()["annotations"][0]["result"] = []
    elif how != "two":
        world.only()["annotations"].clear()
    if how in ("another", "skipped", "two"):
        world.studio.annotate(1, ANN, [], cancelled=how == "skipped")
    world.clock.ms += BEAT_MS
    bridge.step()
    assert (world.studio.held, len(world.queue.labels), dict(bridge.tally.returned)) == ({}, 1, {})
    assert (bridge.tally.labeled, bridge.tally.lost, world.queue.ended) == (1, 0, {f"{0:032x}": "label"})


def test_what_was_answered_before_the_bridge_is_stopped_counts(world):
    stop, bridge = threading.Event(), world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [(2, 8, "PRODUCT")])
    stop.set()
    work(bridge, stop, lambda _: None, poll_s=0)
    assert (len(world.queue.labels), world.studio.held, bridge.tally.labeled) == (1, {}, 1)


def test_what_was_skipped_before_the_bridge_is_stopped_is_skipped(world):
    stop, bridge = threading.Event(), world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [], cancelled=True)
    stop.set()
    work(bridge, stop, lambda _: None, poll_s=0)
    assert (world.queue.ended, world.studio.held) == ({f"{0:032x}": "skip"}, {})


def test_one_that_is_stopped_takes_out_though_label_is_away(world):
    stop, told, bridge = threading.Event(), [], world.bridge()
    bridge.step()
    world.studio.annotate(1, ANN, [])
    world.queue.away = True
    stop.set()
    work(bridge, stop, told.append, poll_s=0)
    assert world.studio.held == {}
    assert ["may not count" in told[0], "in minutes" in told[1], len(told)] == [True, True, 2]


@pytest.mark.parametrize("error", [StudioUnavailable("no"), AccessDenied("no"), ConfigError("no")])
def test_one_that_can_not_take_out_says_so_and_gives_the_task_back(world, error):
    stop, told, bridge = threading.Event(), [], world.bridge()
    bridge.step()

    def fails() -> list[object]:
        raise error

    world.studio.tasks = fails
    stop.set()
    work(bridge, stop, told.append, poll_s=0)
    assert any("a text may still lie" in it for it in told)
    assert world.queue.held() is None


def test_one_that_ends_for_a_fault_of_its_own_takes_out_too(world):
    bridge = world.bridge()
    bridge.step()
    world.queue.heartbeat = lambda _: 1 // 0
    world.clock.ms += BEAT_MS
    with pytest.raises(ZeroDivisionError):
        work(bridge, threading.Event(), lambda _: None, poll_s=0)
    assert (world.studio.held, world.queue.held()) == ({}, None)


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


LOOKS = st.tuples(
    st.integers(0, 4),
    st.sampled_from([0, BEAT_MS, LEASE_MS - BEAT_MS, LEASE_MS]),
    st.sampled_from(["", "", "away", "mute", "proxy", "anew"]),
)


@given(st.lists(LOOKS, max_size=20))
def test_whatever_label_answers_no_text_lies_there_longer_than_its_lease_was_to_last(looks):
    world = make_world("a kettle", "😀 kettle", "no kettle")
    bridge = world.bridge()
    for choice, passes, how in looks:
        world.queue.away, world.queue.mute, world.queue.proxy = (how == it for it in ("away", "mute", "proxy"))
        bridge = world.bridge() if how == "anew" else bridge
        with contextlib.suppress(DependencyError):
            bridge.step()
        for task in world.studio.held.values():
            assert world.clock.ms < world.queue.granted[task["meta"]["veil"]["lease"]]
        _person(world, choice)
        _checked(world)
        world.clock.ms += passes
