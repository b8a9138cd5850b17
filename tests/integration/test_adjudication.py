"""A task on which annotators disagree, on the real broker and vault: extras, then an adjudicator settles it."""

from __future__ import annotations

import pytest

from schemas.audit import EventType
from schemas.records import LabelSpan, VerdictStatus
from schemas.resources import task_ids
from tests.support.waiting import wait_for

pytestmark = pytest.mark.stack

ANNOTATORS = ("jack", "jill", "joan", "jude", "june")
FIELD = "customer.note"
NOTE = "My kettle broke, send me another lid"
WORDS = {"jack": "kettle", "jill": "kettle", "joan": "lid", "jude": "lid", "june": None, "judy": "lid"}
"""What each takes for a product."""


@pytest.fixture(scope="module")
def judged(pipeline_of):
    """A project in which one record was published and its policy signed."""
    pipeline = pipeline_of("judged")
    pipeline.start()
    pipeline.publish({"customer": {"note": NOTE}, "product": "kettle"})
    pipeline.sign("jana", "jens")
    pipeline.wait_records("tasks", 1)
    return pipeline


def answer_as(person):
    def answer(client, lease):
        word = WORDS[person]
        at = lease.fields[FIELD].index(word) if word else 0
        spans = [LabelSpan(FIELD, at, at + len(word), "PRODUCT")] if word else []
        client.label(lease, spans, {"tone": "negative"})

    return answer


def asked(judged, *persons):
    """How many of them were shown something; each answers it."""
    return sum(judged.annotate("jory", [person], answer_as(person)) for person in persons)


@pytest.fixture(scope="module")
def verdict(judged):
    """The verdict, after all annotators and then the adjudicator have answered."""

    def annotated() -> bool:
        assert asked(judged, "judy") == 0, "an adjudicator was shown what annotators can still settle"
        asked(judged, *ANNOTATORS)
        return len(judged.records("labels")) == len(ANNOTATORS)

    wait_for(annotated, "overlap and extras have labeled")
    wait_for(lambda: asked(judged, "judy") == 1, "the adjudicator is shown the task")
    (found,) = judged.wait_records("verdicts", 1)
    return found


def test_the_adjudicators_answer_is_the_verdict_and_says_who_held_what(verdict):
    assert (verdict.status, verdict.adjudicator, verdict.why) == (VerdictStatus.ADJUDICATED, "judy", "adjudicated")
    lid, kettle = NOTE.index("lid"), NOTE.index("kettle")
    assert [(it.start, it.support, it.reason) for it in verdict.spans] == [(lid, 3, "adjudicated")]
    assert [(it.start, it.support) for it in verdict.rejected] == [(kettle, 2)]
    assert [it.person for it in verdict.contributions] == sorted((*ANNOTATORS, "judy"))


def test_each_order_and_the_verdict_are_explained_in_the_audit(judged, verdict):
    ours = [event for event in judged.audit() if verdict.task_id in task_ids(event)]
    orders = [event.details for event in ours if event.type is EventType.WORK_ORDERED]
    assert [(it["order"], it["granted"]) for it in orders] == [
        ("extra", "1"),
        ("extra", "2"),
        ("adjudicate", "3"),
        ("close", "3"),
    ]
    (event,) = [event for event in ours if event.type is EventType.VERDICT_REACHED]
    assert (event.details["why"], event.details["adjudicator"]) == ("adjudicated", "judy")
    assert float(event.details["agreement"]) < 0.9
    assert NOTE not in str(event)


def test_it_is_joined_and_the_audit_accounts_for_it(judged, verdict):
    joined = wait_for(lambda: joined_of(judged, verdict), "it is joined")
    assert (joined.status, len(joined.spans)) == (VerdictStatus.ADJUDICATED, 1)
    wait_for(lambda: judged.reconciled().joined == len(judged.records("verdicts")), "the audit says so too")


def joined_of(judged, verdict):
    return next((it for it in judged.records("joined") if it.task_id == verdict.task_id), None)


def test_after_a_restart_the_next_verdict_rests_on_what_was_learned(judged, verdict):
    judged.stop("decide")
    judged.start("decide")
    judged.publish({"customer": {"note": "One more kettle"}, "product": "kettle"})

    def decided() -> bool:
        judged.annotate("jory", ANNOTATORS, lambda client, lease: client.label(lease, [], {"tone": "neutral"}))
        return len(judged.records("verdicts")) == 2

    wait_for(decided, "the second verdict")
    (second,) = [it for it in judged.records("verdicts") if it.task_id != verdict.task_id]
    assert (second.method, second.status, second.snapshot) == ("dawid-skene/1", VerdictStatus.AGREED, 2)
