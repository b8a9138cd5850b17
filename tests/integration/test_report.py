"""Exposed data reported, on the real broker and vault: pulled, and left for the author as a test of the policy."""

from __future__ import annotations

import pytest

from deploy.cli.policy_files import _redactor
from deploy.finds import as_line, open_finds, samples
from schemas.audit import EventType
from schemas.errors import AccessDenied, VaultUnavailable
from schemas.records import LabelSpan
from schemas.resources import task_ids
from streams.label.commands import ReportReason
from streams.redact.trial import examine, read_samples
from tests.support.waiting import wait_for
from topology.policies import load_policy
from vault.data_keys import UnwrappedKeys
from vault.interface import WrappedKey

pytestmark = pytest.mark.stack

FIELD = "customer.note"
EXPOSED = "kettle"
NOTE = f"My {EXPOSED} broke, send me another lid"


@pytest.fixture(scope="module")
def reported(pipeline_of):
    """A project in which the only task was reported; that a kettle is secret is the test's idea."""
    pipeline = pipeline_of("told")
    pipeline.start()
    pipeline.publish({"customer": {"note": NOTE}, "product": "kettle"})
    pipeline.sign("tara", "theo")
    (task,) = pipeline.wait_records("tasks", 1)

    def report(client, lease):
        at = lease.fields[FIELD].index(EXPOSED)
        client.report(lease, ReportReason.SECRET, [LabelSpan(FIELD, at, at + len(EXPOSED), "")])

    wait_for(lambda: pipeline.annotate("tony", ["tess"], report), "it is reported")
    return pipeline, task


def test_everyone_lets_go_of_the_task_and_its_segment_is_destroyed(reported):
    pipeline, task = reported
    segment = f"segment/{task.segment_id}"
    destroyed = EventType.SEGMENT_DESTROYED
    pipeline.wait_event("of its end", lambda it: it.type is destroyed and it.resource == segment)
    wait_for(lambda: letting_go(pipeline, task) == {"label", "decide", "join", "keeper"}, "every stage lets go")


def letting_go(pipeline, task):
    events = pipeline.events(EventType.TASK_WITHDRAWN)
    return {event.process.partition(".")[0] for event in events if task.task_id in task_ids(event)}


def test_the_author_gets_the_words_around_it_and_never_what_was_exposed(reported):
    pipeline, _ = reported
    with pipeline.person("tara") as around:
        (find,) = open_finds(around)
    (piece,) = find.fragments
    assert (piece.field, find.reason) == (FIELD, "secret")
    assert piece.text[piece.start : piece.end] == "x" * len(EXPOSED)
    assert piece.text.endswith("broke, send me another lid")
    seen = pipeline.wait_event("the look is on the audit", lambda it: it.type is EventType.FIND_OPENED)
    assert (seen.person, seen.resource) == ("tara", f"lease/{find.find_id}")


def test_it_becomes_a_test_that_the_policy_in_force_fails(reported, tmp_path):
    pipeline, _ = reported
    with pipeline.person("tara") as around:
        (find,) = open_finds(around)
    (sample,) = samples(find, "")
    stand_in = sample["expect"][FIELD]["hidden"][0]
    sample["record"]["customer"]["note"] = sample["record"]["customer"]["note"].replace(stand_in, EXPOSED)
    sample["expect"][FIELD]["hidden"] = [EXPOSED]
    file = tmp_path / "samples.jsonl"
    file.write_text(as_line(sample) + "\n", encoding="utf-8")
    checks = examine(read_samples(file), _redactor(load_policy("demo")))
    assert [check.passed for check in checks if check.where == FIELD] == [False]


@pytest.mark.parametrize("person", ["theo", "tony"])
def test_nobody_else_can_read_or_open_finds(reported, person):
    pipeline, _ = reported
    (find,) = pipeline.records("finds")
    wrapped = WrappedKey(find.wrapped_key, find.context)
    with pipeline.person(person) as around:
        with pytest.raises(AccessDenied):
            list(around.log.read(f"finds.{pipeline.project}"))
        with pytest.raises((AccessDenied, VaultUnavailable)):
            UnwrappedKeys(around.vault, f"finds-{pipeline.project}").one(wrapped)
