from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import ControlKind, read_switch, switch_body
from schemas.errors import Reason
from tests.topology.test_control import new_book, signed
from topology.control import Applied, Rejected
from topology.control_key import ControlKey, parse_key
from topology.switches import (
    Excluded,
    Exclusions,
    Pauses,
    Switches,
    exclusion_target,
    pause_target,
)

TASK = "0" * 31 + "a"
ON, OFF = switch_body(on=True), switch_body(on=False)


def test_a_switch_body_says_on_or_off_and_nothing_else_is_one():
    assert (read_switch(ON), read_switch(OFF)) == (True, False)
    for other in (b"", b"{}", b'{"on":1}', b'{"on": true}', ON + b" ", b'{"on":true,"why":"Ada"}'):
        assert read_switch(other) is None


@pytest.mark.parametrize(
    ("key", "parsed"),
    [
        ("pause/demo/project/olga", ControlKey(ControlKind.PAUSE, "demo", "project", "olga")),
        ("pause/demo/batch.week-48/olga", ControlKey(ControlKind.PAUSE, "demo", "batch.week-48", "olga")),
        (
            "exclude/demo/ann-1.batch.week-48/olga",
            ControlKey(ControlKind.EXCLUDE, "demo", "ann-1.batch.week-48", "olga"),
        ),
        (
            f"exclude/demo/ann-1.task.{TASK}/olga",
            ControlKey(ControlKind.EXCLUDE, "demo", f"ann-1.task.{TASK}", "olga"),
        ),
        ("pause/demo/olga", None),
        ("pause/demo/batch.Week 48/olga", None),
        ("pause/demo/batch./olga", None),
        ("exclude/demo/ann-1/olga", None),
        ("exclude/demo/ann-1.task.abc/olga", None),
        ("exclude/demo/.batch.x/olga", None),
        ("exclude/demo/ann-1.project/olga", None),
    ],
)
def test_keys_of_switches(key, parsed):
    assert parse_key(key) == parsed


def test_targets_are_what_keys_hold():
    assert (pause_target(""), pause_target("x")) == ("project", "batch.x")
    assert exclusion_target("ann-1", batch="x") == "ann-1.batch.x"
    assert exclusion_target("ann-1", task=TASK) == f"ann-1.task.{TASK}"


def test_an_operator_pauses_and_another_lets_go_on():
    book = new_book()
    assert book.pauses("demo").by() == ""
    ordered = signed("pause", "demo", "project", "olga", ON, 5)
    assert book.apply(ordered.key, ordered) == Applied(ordered.key, ControlKind.PAUSE, ("pause/demo/project",))
    assert book.pauses("demo").by() == "olga"
    assert book.pauses("alpha").by() == ""
    again = signed("pause", "demo", "project", "olga", OFF, 7)
    assert book.apply(again.key, again).changed == ("pause/demo/project",)
    assert book.pauses("demo").by() == ""
    assert book.pauses("demo").next_version("project") == 8


def test_a_batch_is_paused_by_itself():
    book = new_book()
    ordered = signed("pause", "demo", "batch.x", "olga", ON)
    book.apply(ordered.key, ordered)
    assert (book.pauses("demo").by(), book.pauses("demo").batches()) == ("", frozenset({"x"}))


def test_a_person_is_kept_from_batches_and_tasks_until_they_are_admitted():
    book = new_book()
    for target, version in (("ann-1.batch.x", 1), (f"ann-1.task.{TASK}", 1), ("ann-2.batch.y", 1)):
        state = signed("exclude", "demo", target, "olga", ON, version)
        assert book.apply(state.key, state).changed == (f"exclude/demo/{target}",)
    exclusions = book.exclusions("demo")
    assert exclusions.of("ann-1") == Excluded(frozenset({"x"}), frozenset({TASK}))
    assert exclusions.of("ann-2") == Excluded(frozenset({"y"}))
    assert exclusions.of("ann-3") == Excluded()
    state = signed("exclude", "demo", "ann-1.batch.x", "olga", OFF, 2)
    book.apply(state.key, state)
    assert exclusions.of("ann-1") == Excluded(frozenset(), frozenset({TASK}))
    assert Excluded(frozenset({"x"})).covers(TASK, "x")
    assert Excluded(frozenset(), frozenset({TASK})).covers(TASK, "")
    assert not Excluded(frozenset({"x"}), frozenset({TASK})).covers("b", "")


@pytest.mark.parametrize("kind", ["pause", "exclude"])
@pytest.mark.parametrize("signer", ["ada", "grace", "label.demo", "alice"])
def test_only_the_projects_operators_turn_switches(kind, signer):
    target = "project" if kind == "pause" else "ann-1.batch.x"
    state = signed(kind, "demo", target, signer, ON)
    assert new_book().apply(state.key, state) == Rejected(state.key, Reason.SIGNER_NOT_ALLOWED)


def test_any_other_body_is_refused():
    state = signed("pause", "demo", "project", "olga", b"{}")
    assert new_book().apply(state.key, state) == Rejected(state.key, Reason.BAD_REQUEST)


records = st.lists(
    st.tuples(
        st.sampled_from(("project", "batch.x")),
        st.integers(1, 3),
        st.sampled_from(("olga", "oscar")),
        st.booleans(),
    ),
    max_size=4,
)


@given(records)
def test_what_holds_does_not_depend_on_the_order_records_come_in(found):
    states = []
    for order in permutations(found):
        switches = Pauses()
        for target, version, signer, on in order:
            switches.take(target, version, signer, on=on)
        states.append((switches.by(), switches.batches()))
    assert len(set(states)) == 1


def test_of_equal_versions_the_one_that_stops_holds():
    switches = Switches()
    assert switches.take("project", 3, "oscar", on=True)
    assert not switches.take("project", 3, "olga", on=False)
    assert not switches.take("project", 2, "olga", on=False)
    assert switches.on() == {"project": "oscar"}
    assert switches.take("project", 4, "olga", on=False)
    assert Exclusions().of("ann-1") == Excluded()
