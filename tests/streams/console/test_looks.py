from __future__ import annotations

from streams.console.looks import Look, Looks

LOOK = Look("iris", "s1", "demo", "events", "officers")


def test_a_look_is_said_once_and_again_after_its_time():
    looks = Looks(again_ms=100, kept=10)
    assert looks.due(LOOK, 0)
    assert looks.due(LOOK, 0)  # it was not said yet
    looks.said(LOOK, 0)
    assert not looks.due(LOOK, 99)
    assert looks.due(LOOK, 100)


def test_another_view_filter_project_or_session_is_another_look():
    looks = Looks(100, 10)
    looks.said(LOOK, 0)
    for other in (
        Look("iris", "s1", "demo", "metrics", "officers"),
        Look("iris", "s1", "demo", "events", "officers", ("type",)),
        Look("iris", "s1", "other", "events", "officers"),
        Look("iris", "s2", "demo", "events", "officers"),
    ):
        assert looks.due(other, 1)


def test_forgotten_looks_are_said_again():
    looks = Looks(100, kept=2)
    for project in ("a", "b", "c"):
        looks.said(Look("iris", "s1", project, "events", "officers"), 0)
    assert looks.due(Look("iris", "s1", "a", "events", "officers"), 1)
    assert not looks.due(Look("iris", "s1", "c", "events", "officers"), 1)


def test_the_event_says_who_what_and_under_which_rule():
    event = Look("iris", "s1", "demo", "lineage", "officers", ("access",), ("person/ann",)).event()
    assert (event.person, event.resource, event.parents) == ("iris", "project/demo", ("person/ann",))
    assert event.details == {"view": "lineage", "filters": "access", "rule": "officers"}
