from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from schemas.audit import Decision, EventType
from schemas.errors import ConfigError
from streams.audit.lineage.branches import tree
from streams.audit.lineage.graph import Relation
from streams.audit.lineage.tracing import trace
from streams.audit.lineage.words import summary, title
from tests.streams.audit.generate import random_world
from tests.streams.audit.lineage.stories import BUNDLE, DAY, OTHER, POLICY, PROJECT, START, TASK, Story, whole

README = (Path(__file__).parents[4] / "streams" / "audit" / "README.md").read_text("utf-8")


def of(story, text, limit=50):
    found = trace(story, PROJECT, text, limit)
    assert found is not None
    return found


def nodes(lineage):
    return {node.id: node for node in lineage.nodes}


def edges(lineage, relation):
    return {(edge.source, edge.target) for edge in lineage.edges if edge.relation is relation}


def every(branches):
    for branch in branches:
        yield branch.node.id
        yield from every(branch.branches)


# Tasks

ONE_TASK = [
    f"raw.{PROJECT}/0/0",
    f"raw.{PROJECT}/0/0#1",
    f"raw/raw.{PROJECT}/0/0/1",
    TASK,
    f"task/{TASK}",
    f"{TASK}-1",
    f"label/{TASK}-2",
    f"lease/{TASK}-3",
    f"verdict/{TASK}",
    f"joined/{TASK}",
]


@pytest.mark.parametrize("asked", ONE_TASK)
def test_whatever_names_a_task_leads_to_the_same_lineage(asked):
    found, by_task = of(whole(), asked), of(whole(), TASK)
    assert (found.nodes, found.edges) == (by_task.nodes, by_task.edges)
    assert len(found.subjects) == 1


def test_a_record_is_followed_to_its_joined_label():
    found = of(whole(), f"raw.{PROJECT}/0/0")
    raw, batch = f"raw/raw.{PROJECT}/0/0/1", f"batch/raw.{PROJECT}/0/0/3"
    assert edges(found, Relation.REDACTED) == {(raw, batch)}
    assert edges(found, Relation.MADE) == {(batch, f"task/{TASK}")}
    assert edges(found, Relation.LEASED) == {(f"task/{TASK}", f"lease/{TASK}-{n}") for n in (1, 2, 3)}
    assert edges(found, Relation.LABELED) == {(f"lease/{TASK}-{n}", f"label/{TASK}-{n}") for n in (1, 2)}
    assert edges(found, Relation.COUNTED) == {(f"label/{TASK}-{n}", f"verdict/{TASK}") for n in (1, 2)}
    assert edges(found, Relation.JOINED) == {(f"verdict/{TASK}", f"joined/{TASK}")}
    assert {node.person for node in found.nodes if node.kind == "lease"} == {"ann", "ben", "cleo"}
    assert nodes(found)[f"lease/{TASK}-3"].facts["ended"] == "skipped"


def test_the_policy_in_force_names_who_signed_it():
    found = of(whole(), TASK)
    signed = {(f"control/policy/{PROJECT}/{POLICY}/{it}", f"policy/{POLICY}") for it in ("ada", "grace")}
    assert edges(found, Relation.SIGNED) == signed
    assert edges(found, Relation.RULES) == {(f"policy/{POLICY}", f"bundle/{BUNDLE}")}
    assert edges(found, Relation.GOVERNED) == {(f"bundle/{BUNDLE}", f"batch/raw.{PROJECT}/0/0/3")}
    assert nodes(found)[f"policy/{POLICY}"].facts["policy"] == "demo@1"
    assert nodes(found)[f"bundle/{BUNDLE}"].facts["release"] == "0.1.0"


def test_nothing_of_another_task_is_in_it():
    assert OTHER not in json.dumps(of(whole(), TASK).as_json())


def test_an_endpoint_that_was_told_of_many_tasks_leads_to_one_of_them_only():
    found = of(whole(), f"{TASK}-1")
    told = {(source, "webhook/warehouse") for source in (f"label/{TASK}-1", f"verdict/{TASK}")}
    assert edges(found, Relation.TOLD) == told


@pytest.mark.parametrize(
    "asked", [OTHER, f"withdraw/{PROJECT}/{OTHER}/olga", f"control/withdraw/{PROJECT}/{OTHER}"]
)
def test_a_withdrawal_says_who_ordered_it_who_heard_and_who_let_go(asked):
    found = of(whole(), asked)
    withdrawal = nodes(found)[f"control/withdraw/{PROJECT}/{OTHER}"]
    assert (withdrawal.person, withdrawal.facts["signed_by"]) == ("olga", "olga")
    assert withdrawal.facts["reason"] == "personal_data"
    assert withdrawal.facts["taken_up_by"] == "label.demo, join.demo, keeper.demo"
    let_go = {role: withdrawal.facts[f"{role}.demo"].split(" 20")[0] for role in ("label", "join", "keeper")}
    assert let_go == {"label": "let go", "join": "evicted", "keeper": "dropped"}


def test_a_quarantined_record_says_why():
    found = of(whole(), f"raw.{PROJECT}/0/2")
    assert nodes(found)[f"raw/raw.{PROJECT}/0/2/1"].facts == {"became": "quarantined", "reason": "bad_json"}
    assert [node for node in found.nodes if node.kind == "task"] == []


@pytest.mark.parametrize("asked", [f"raw.{PROJECT}/0/2", "ee" * 16])
def test_a_release_from_quarantine_says_who_signed_it_and_what_the_record_became(asked):
    story, raw = whole(), f"raw/raw.{PROJECT}/0/2/1"
    key = f"control/release/{PROJECT}/0.2.1"
    for person in ("olga", "grace"):
        rest = {"person": person, "reason": "mended", "parents": [f"{key}/{person}"]}
        story.tell(f"person.{person}", EventType.RELEASE_ORDERED, raw, **rest)
    story.tell("replay", EventType.RELEASE_COPIED, raw, parents=[key])
    story.tell("replay", EventType.RELEASE_MISSED, f"raw/raw.{PROJECT}/0/1/1", reason="gone", parents=[key])
    story.batch("ee" * 16, first=2, revision=2)
    found = of(story, asked)
    told = [nodes(found)[event] for source, event in sorted(edges(found, Relation.RELEASED)) if source == raw]
    assert sorted((node.person, node.facts["type"]) for node in told) == [
        ("", "release.copied"),
        ("grace", "release.ordered"),
        ("olga", "release.ordered"),
    ]
    assert (raw, f"raw/raw.{PROJECT}/0/2/2") in edges(found, Relation.REVISED)
    assert f"task/{'ee' * 16}" in nodes(found)
    by_order = of(story, key)
    assert sum(node.facts.get("type") == "release.ordered" for node in by_order.nodes) == 2


def test_a_later_revision_hangs_on_the_one_before():
    story = whole()
    story.batch("ee" * 16, first=0, revision=2)
    found = of(story, f"raw.{PROJECT}/0/0")
    assert edges(found, Relation.REVISED) == {(f"raw/raw.{PROJECT}/0/0/1", f"raw/raw.{PROJECT}/0/0/2")}
    assert len(found.subjects) == 2
    assert of(story, f"raw.{PROJECT}/0/0#2").subjects == (f"raw/raw.{PROJECT}/0/0/2",)


def test_repeated_denials_are_one_node_with_their_number():
    story = whole()
    for _ in range(5):
        story.tell(
            "label",
            EventType.ACCESS_DENIED,
            f"lease/{TASK}-1",
            person="mallory",
            parents=[f"task/{TASK}"],
            decision=Decision.DENY,
            details={"suppressed": "9"},
        )
    assert nodes(of(story, TASK))[f"denied/{TASK}/mallory"].facts["times"] == "50"


def commented(story: Story) -> None:
    """Asked by one who has the task; answered by who leads, of which nothing may be shown."""
    for number, (person, lead) in enumerate([("ann", False), ("judy", True)]):
        told = {"person": person, "details": {"lead": str(lead).lower(), "length": "20"}}
        lease = () if lead else (f"lease/{TASK}-1",)
        story.tell("label", EventType.COMMENTS_VIEWED, f"task/{TASK}", parents=lease, **told)
        story.tell("label", EventType.COMMENT_WRITTEN, f"comment/c{number}", parents=[f"task/{TASK}"], **told)
        made = {"reason": "nothing_left", "outcome": "refused"} if lead else {}
        story.tell("redact", EventType.COMMENT_REDACTED, f"comment/c{number}", parents=[f"task/{TASK}"], **made)
    story.tell("label", EventType.COMMENTS_VIEWED, f"task/{TASK}", person="ann")


@pytest.mark.parametrize("asked", [f"task/{TASK}", "comment/c1"])
def test_the_comments_on_a_task_are_told_with_who_wrote_and_who_saw_them(asked):
    story = whole()
    commented(story)
    lineage = of(story, asked)
    task, found = f"task/{TASK}", nodes(lineage)
    assert edges(lineage, Relation.COMMENTED) == {(task, "comment/c0"), (task, "comment/c1")}
    told = {"length": "20", "standing": "shown"}
    assert (found["comment/c0"].person, found["comment/c0"].facts) == ("ann", told)
    told = {"lead": "true", "length": "20", "standing": "refused", "reason": "nothing_left"}
    assert (found["comment/c1"].person, found["comment/c1"].facts) == ("judy", told)
    assert [found[f"comments/{TASK}/{person}"].facts["views"] for person in ("ann", "judy")] == ["2", "1"]
    assert title(found["comment/c1"]) == "comment by judy"
    assert "2 comments" in summary(lineage)


def test_who_reads_comments_beyond_the_limit_is_counted_once_however_often_they_look():
    story = Story()
    for person in ("ann", "ben", "cyd", "ann", "ben", "cyd", "cyd"):
        story.tell("label", EventType.COMMENTS_VIEWED, f"task/{TASK}", person=person)
    assert of(story, TASK, limit=2).left_out == {"comments": 1}


def test_a_destroyed_segment_is_told():
    story = whole()
    segment = "segment/redact.demo.0/1/1"
    story.tell("keeper", EventType.SEGMENT_DESTROYED, segment, reason="joined", details={"tasks": "2"})
    found = of(story, TASK)
    assert edges(found, Relation.REMOVED) == {(f"task/{TASK}", segment)}


def test_no_more_leases_are_drawn_than_the_limit_and_the_others_counted():
    story = whole()
    for token in range(10, 1010):
        story.view(TASK, token, "ann")
    found = of(story, TASK, limit=20)
    assert sum(node.kind == "lease" for node in found.nodes) == 20
    assert found.left_out == {"lease": 983}
    assert "983 more of lease" in summary(found)


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_slots_changes_nothing(seed):
    """Partitions come one after the other, in no order among themselves; a slot's events keep theirs."""
    events = whole().events
    slots = sorted({event.slot for event in events})
    Random(seed).shuffle(slots)
    mixed = [event for slot in slots for event in events if event.slot == slot]
    found, usual = trace(lambda: mixed, PROJECT, TASK), trace(lambda: events, PROJECT, TASK)
    assert found.edges == usual.edges
    assert [(it.id, it.at, it.person) for it in found.nodes] == [(it.id, it.at, it.person) for it in usual.nodes]


@pytest.mark.parametrize("seed", range(30))
def test_every_task_of_a_random_log_has_a_lineage_that_agrees_with_the_log(seed):
    world = random_world(seed)
    for task_id, origin in world.origins.items():
        found = trace(world.events, PROJECT, task_id)
        seen = nodes(found)
        assert f"raw/{origin.topic}/{origin.partition}/{origin.offset}/1" in seen
        views = [e for e in world.events() if e.type is EventType.TASK_VIEWED and e.resource == f"task/{task_id}"]
        assert sum(node.kind == "lease" for node in found.nodes) == len(views)
        assert {edge.source for edge in found.edges} | {edge.target for edge in found.edges} <= seen.keys()
        assert sorted(every(tree(found))) == sorted(seen)


# Persons, policies, orders, anything else


def test_a_person_with_a_hundred_thousand_views_is_told_by_day():
    story = Story()
    for number in range(100_000):
        story.view(f"{number % 3_000:032x}", 1, "ann", time=START + number % 100 * DAY)
    found = of(story, "ann", limit=30)
    days = [node for node in found.nodes if node.kind == "day"]
    assert (len(days), found.left_out) == (30, {"day": 70})
    assert {(day.facts["views"], day.facts["tasks"]) for day in days} == {("1000", "30")}
    assert max(node.name for node in days) == "ann/2024-02-22"


def test_a_person_is_told_with_what_they_ordered_and_what_was_said_of_them():
    story = whole()
    story.tell("decide", EventType.PERSON_PAUSED, f"project/{PROJECT}", person="ada")
    excluded = f"control/exclude/{PROJECT}/ada.task.{TASK}/olga"
    story.tell("person.olga", EventType.EXCLUSION_ORDERED, excluded, person="olga", details={"excluded": "ada"})
    found = of(story, "ada")
    assert {nodes(found)[it].facts["type"] for _, it in edges(found, Relation.DID)} == {"policy.published"}
    about = {nodes(found)[it].facts["type"] for _, it in edges(found, Relation.CONCERNED)}
    assert about == {"person.paused", "exclusion.ordered"}


@pytest.mark.parametrize("asked", ["demo@1", POLICY, f"policy/{POLICY}", f"policy/{PROJECT}/{POLICY}/ada"])
def test_a_policy_is_told_with_its_signatures_and_what_came_of_it(asked):
    story = whole()
    minimum = f"control/minimum/{PROJECT}/2/ada"
    story.tell("person.ada", EventType.MINIMUM_ORDERED, minimum, person="ada", details={"minimum": "2"})
    freeze, details = f"control/freeze/{PROJECT}/keeper.demo", {"hash": POLICY, "policy": "demo@1", "bound": "0.1"}
    story.tell("keeper", EventType.FREEZE_ORDERED, freeze, reason="leak", details=details)
    found = of(story, asked)
    assert found.subjects == (f"policy/{POLICY}",)
    assert len(edges(found, Relation.SIGNED)) == 2
    assert edges(found, Relation.STOPPED) == {(f"policy/{POLICY}", freeze)}
    assert edges(found, Relation.RULED_OUT) == {(f"policy/{POLICY}", minimum)}
    facts = nodes(found)[f"bundle/{BUNDLE}"].facts
    counted = {name: facts[name] for name in ("batches", "task", "quarantined", "views", "labels", "joined")}
    assert counted == {"batches": "1", "task": "2", "quarantined": "1", "views": "4", "labels": "2", "joined": "1"}


def test_an_order_is_told_with_who_took_it_up_and_what_ended_it():
    story = Story()
    freeze, lift = f"freeze/{PROJECT}/keeper.demo", f"lift/{PROJECT}/keeper/olga"
    story.tell("keeper", EventType.FREEZE_ORDERED, f"control/{freeze}", reason="leak")
    story.tell("redact", EventType.CONTROL_APPLIED, f"control/freeze/{PROJECT}", details={"key": freeze})
    details = {"of": "keeper", "version": "7"}
    story.tell("person.olga", EventType.LIFT_ORDERED, f"control/{lift}", person="olga", details=details)
    found = of(story, freeze)
    assert edges(found, Relation.APPLIED) == {(f"control/{freeze}", "stage/redact.demo")}
    assert edges(found, Relation.LIFTED) == {(f"control/{freeze}", "event/person.olga.0/1")}


GRANT = "5a" * 32


def granted():
    story = whole()
    concern = f"control/grant/{PROJECT}/{GRANT}"
    for kind, person in (
        (EventType.GRANT_REQUESTED, "rita"),
        (EventType.GRANT_APPROVED, "abel"),
        (EventType.GRANT_APPROVED, "berta"),
    ):
        story.tell(
            f"person.{person}", kind, f"{concern}/{person}", person=person, parents=[f"task/{TASK}"],
            details={"grant": GRANT},
        )  # fmt: skip
    details = {"grant": GRANT, "approved_a": "abel", "approved_b": "berta"}
    story.tell(
        "reveal", EventType.VALUE_REVEALED, f"task/{TASK}", person="rita", parents=[concern], details=details
    )
    return story


def test_a_grant_is_told_with_who_wanted_and_who_approved_it_and_that_it_was_opened():
    found = of(granted(), f"grant/{PROJECT}/{GRANT}")
    told = [(node.facts["type"], node.person) for node in found.nodes if node.kind == "event"]
    assert told == [
        ("grant.requested", "rita"),
        ("grant.approved", "abel"),
        ("grant.approved", "berta"),
        ("value.revealed", "rita"),
    ]


def test_a_task_whose_values_were_revealed_says_to_whom():
    found = of(granted(), TASK)
    ((task, reveal),) = edges(found, Relation.OPENED)
    assert task == f"task/{TASK}"
    assert nodes(found)[reveal].person == "rita"
    assert nodes(found)[reveal].facts["approved_b"] == "berta"


def test_whatever_else_is_named_is_told_by_the_latest_events_that_name_it():
    story = Story()
    for number in range(30):
        story.tell("notify", EventType.WEBHOOK_DELIVERED, "webhook/warehouse", details={"messages": str(number)})
    found = of(story, "warehouse", limit=5)
    told = [node.facts["messages"] for node in found.nodes if node.kind == "event"]
    assert (told, found.left_out) == (["25", "26", "27", "28", "29"], {"event": 25})


def test_a_record_that_somebody_forged_with_the_id_and_time_of_another_stops_no_trace():
    story = Story()
    event = story.tell("notify", EventType.WEBHOOK_DELIVERED, "webhook/warehouse")
    story.events.append(replace(event, reason="forged"))
    for limit in (1, 2):
        assert [node.id for node in of(story, "warehouse", limit).nodes if node.kind == "event"] == [
            f"event/{event.event_id}"
        ]


# Ids


@pytest.mark.parametrize(
    "asked", ["ff" * 16, "nobody", f"raw.{PROJECT}/0/99", "demo@7", f"raw.{PROJECT}/0/0#2", "control/freeze/demo"]
)
def test_what_occurs_nowhere_has_no_lineage(asked):
    assert trace(whole(), PROJECT, asked) is None


@pytest.mark.parametrize("asked", ["", "a\nb", "raw.demo/x/1", "raw.demo/1", "task/", "a/b/c/d/e"])
def test_what_can_be_no_id_is_refused(asked):
    with pytest.raises(ConfigError):
        trace(whole(), PROJECT, asked)


def test_a_name_of_two_things_has_to_say_which():
    story = whole()
    story.tell("notify", EventType.WEBHOOK_DELIVERED, "webhook/ann")
    with pytest.raises(ConfigError, match="person/ann or webhook/ann"):
        trace(story, PROJECT, "ann")
    assert of(story, "webhook/ann").subjects == ("webhook/ann",)


# JSON


def test_the_json_form_is_that_of_the_readme():
    found = of(whole(), TASK).as_json()
    assert json.loads(json.dumps(found)) == found
    section = README.partition("## Lineage")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+)`", section))
    assert found.keys() <= named
    assert {name for node in found["nodes"] for name in node} <= named
    assert {name for edge in found["edges"] for name in edge} <= named
    assert {str(relation) for relation in Relation} <= named


def test_a_trace_is_the_same_every_time():
    one, other = (json.dumps(of(whole(), TASK).as_json()) for _ in range(2))
    assert one == other
    ids = [edge.id for edge in of(whole(), TASK).edges]
    assert len(set(ids)) == len(ids)
