from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from schemas.audit import Decision, EventType
from streams.audit.access import Asked, accesses
from tests.streams.audit.lineage.stories import BUNDLE, DAY, OTHER, PROJECT, START, TASK, Story, whole

README = (Path(__file__).parents[3] / "streams" / "audit" / "README.md").read_text("utf-8")


def seen(story, limit=100, **asked):
    return accesses(story(), Asked(**asked), limit)


def test_a_view_is_told_with_why_and_under_which_rule():
    first, *_ = seen(whole(), person="ann").latest
    assert (first.what, first.resource, first.purpose) == ("view", f"task/{TASK}", "annotation")
    assert (first.rule, first.bundle, first.again) == ("annotate", BUNDLE, False)


def test_only_what_the_person_saw_is_told():
    found = seen(whole(), person="ann")
    assert {it.person for it in found.latest} == {"ann"}
    assert (found.counts, found.tasks, found.persons) == ({"view": 2}, 2, 1)


def test_who_has_seen_a_task_is_told_by_the_task():
    found = seen(whole(), tasks=frozenset([TASK]))
    assert [it.person for it in found.latest] == ["ann", "ben", "cleo"]
    assert [it.person for it in seen(whole(), tasks=frozenset([OTHER])).latest] == ["ann"]


def test_looks_exports_refusals_and_sessions_are_accesses_too():
    story = Story()
    story.tell("label", EventType.SESSION_STARTED, "session/s1", person="ann", details={"purpose": "labeling"})
    denied = {"person": "ann", "reason": "not_permitted", "decision": Decision.DENY}
    story.tell("label", EventType.ACCESS_DENIED, f"project/{PROJECT}", **denied, details={"suppressed": "4"})
    parents = [f"task/{TASK}"]
    story.tell("person.ann", EventType.FIND_OPENED, "lease/x", person="ann", purpose="policy", parents=parents)
    story.tell("person.ann", EventType.LABELS_EXPORTED, f"project/{PROJECT}", person="ann")
    story.tell("label", EventType.SESSION_ENDED, "session/s1", person="ann")
    found = seen(story, person="ann")
    assert found.counts == {"session": 1, "denied": 5, "find": 1, "export": 1, "session ended": 1}
    assert [it.resource for it in found.latest if it.what == "find"] == [f"task/{TASK}"]
    by_resource = seen(story, resource="session/s1")
    assert [it.what for it in by_resource.latest] == ["session", "session ended"]


def test_a_text_in_clear_is_an_access_by_nobody_that_is_known():
    story = whole()
    story.tell("opener", EventType.TEXTS_OPENED, "segment/redact.demo.0/1/1", parents=[f"task/{TASK}"])
    found = seen(story, tasks=frozenset([TASK]))
    assert (found.counts["open"], found.persons) == (1, 3)
    (opened,) = [it for it in found.latest if it.what == "open"]
    assert (opened.person, opened.resource) == ("", f"task/{TASK}")


def test_a_hint_is_an_access_of_its_own_kind_to_no_more_tasks():
    story = whole()
    of = {"person": "ann", "purpose": "annotation", "parents": ["lease/x-1"]}
    said = {"placeholder": "[LOCATION_1]", "hint": "country", "again": "true", "rule": "annotators"}
    story.tell("label", EventType.HINT_SHOWN, f"task/{TASK}", **of, details=said)
    found = seen(story, person="ann")
    assert (found.counts, found.tasks) == ({"view": 2, "hint": 1}, 2)
    (hint,) = [it for it in found.latest if it.what == "hint"]
    assert (hint.resource, hint.rule, hint.again) == (f"task/{TASK}", "annotators", True)


def test_values_revealed_on_a_grant_are_an_access_of_who_has_requested_it():
    story = Story()
    story.tell("reveal", EventType.VALUE_REVEALED, f"task/{TASK}", person="rita", purpose="label_dispute")
    (access,) = seen(story, tasks=frozenset([TASK])).latest
    assert (access.what, access.person, access.purpose) == ("reveal", "rita", "label_dispute")


def test_labels_and_orders_are_no_accesses():
    assert seen(whole(), person="ben").counts == {"view": 1}
    assert seen(whole(), person="ada").counts == {}


def test_only_the_time_that_is_asked_for_counts():
    story = Story()
    for day in range(10):
        story.view(TASK, day, "ann", time=START + day * DAY)
    found = seen(story, person="ann", since=START + 2 * DAY, until=START + 5 * DAY)
    assert [it.day for it in found.days] == ["2023-11-17", "2023-11-18", "2023-11-19"]


def test_of_a_hundred_thousand_views_the_latest_are_told_and_the_others_counted_by_day():
    story = Story()
    for number in range(100_000):
        story.view(f"{number % 500:032x}", 1, "ann", time=START + number % 50 * DAY + number)
    found = seen(story, limit=10, person="ann")
    assert [it.at for it in found.latest] == sorted(event.time for event in story.events)[-10:]
    assert (len(found.days), found.left_out, found.counts, found.tasks) == (50, 99_990, {"view": 100_000}, 500)
    assert {(it.counts["view"], it.tasks) for it in found.days} == {(2_000, 10)}


def test_a_record_that_somebody_forged_with_the_id_and_time_of_another_is_told_beside_it():
    story = Story()
    story.view(TASK, 1, "ann")
    (view,) = story.events
    story.events += [replace(view, person="mallory"), replace(view, purpose="other")]
    for limit in (1, 2, 3):
        found = seen(story, limit)
        assert (len(found.latest), found.left_out, found.counts) == (limit, 3 - limit, {"view": 3})
    assert [it.person for it in found.latest] == ["ann", "mallory", "ann"]


def test_a_limit_of_nothing_leaves_the_days():
    found = seen(whole(), limit=0, person="ann")
    assert (found.latest, found.left_out, len(found.days)) == ((), 2, 1)


def test_the_json_form_is_that_of_the_readme():
    told = seen(whole(), person="ann").as_json()
    assert json.loads(json.dumps(told)) == told
    named = set(re.findall(r"`([a-z_]+)`", README.partition("## Access")[2].partition("\n## ")[0]))
    assert told.keys() | told["days"][0].keys() | told["latest"][0].keys() <= named
