"""Mappings of a project that keeps entries of segments on topics end by time on the real broker and vault, a month
later by keeper's clock: nothing opens them any more, though their records still lie on the topics.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from types import SimpleNamespace

import pytest

from deploy.persons import load_declared
from schemas.audit import EventType
from schemas.errors import Reason, Refused
from streams.engine.segment_topics import KafkaSegmentTopics
from streams.keeper.lifetimes import Why
from tests.support.declaring import declared
from tests.support.handing import started
from tests.support.hands import Hands
from tests.support.pipeline import on_shared_stack
from tests.support.waiting import wait_for
from topology.identity import Identity
from vault.segments.apart import LAYERS, topic_of
from vault.segments.document import Layer, unpack
from vault.segments.opening import Geometries

pytestmark = pytest.mark.stack

PROJECT = """
name: {name}
owner: the tests of Veilstream
partitions: 1
segments: topics
persons:
  authors: [prisca]
  approvers: [pascoe]
  operators: [perpetua]
  annotators: [placid]
"""
CANARY = "Throstwick"
"""In no record of another test."""
TASKS = 3
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def ended(stack):
    """Three tasks, whose segments keeper has ended, and the documents that were in Vault before."""
    with declared(stack, "elapsed", PROJECT) as name, ExitStack() as closing_after:
        pipeline, clock = on_shared_stack(stack.root, load_declared(stack.root), name), Hands()
        closing_after.callback(pipeline.close)
        pipeline.start("redact")
        clock.start(pipeline, "keeper")
        pipeline.sign("prisca", "pascoe")
        pipeline.publish(
            *({"customer": {"note": f"{CANARY}{n} Ask has a kettle"}, "product": "kettle"} for n in range(TASKS))
        )
        tasks = pipeline.wait_records("tasks", TASKS)
        segments = pipeline.wait_records("segments", 1)
        before = {layer: documents(pipeline, layer) for layer in Layer}
        clock.forward_ms = max(it.expires_at - it.created_at for it in segments) + MINUTE_MS
        wait_for(lambda: not any(listed(pipeline, layer) for layer in Layer), "keeper has destroyed all layers")
        yield SimpleNamespace(pipeline=pipeline, tasks=tasks, segments=segments, before=before)


def documents(pipeline, layer):
    """Those that are listed, and not gone by the time that they are read."""
    with pipeline.administrators_vault() as vault:
        found = {path: vault.read(path) for path in vault.names(layer.value)}
    return {path: unpack(document.blob) for path, document in found.items() if document is not None}


def listed(pipeline, layer):
    with pipeline.administrators_vault() as vault:
        return vault.names(layer.value)


def test_each_segment_has_ended_because_its_time_was_over_and_the_audit_says_so(ended):
    told = {it.resource: it.reason for it in ended.pipeline.events(EventType.SEGMENT_DESTROYED)}
    assert told == {f"segment/{it.segment_id}": Why.EXPIRED.value for it in ended.segments}
    ended.pipeline.reconciled()


def test_its_records_still_lie_on_the_topics_sealed(ended):
    for layer in LAYERS:
        records = list(ended.pipeline.log.read(topic_of(layer, ended.pipeline.project)))
        assert {it.key.decode() for it in records} == {it.segment_id for it in ended.segments}
        assert sum(len(unpack(it.value).entries) for it in records) == TASKS
        assert not any(CANARY.lower().encode() in it.value.lower() for it in records)


def test_join_finds_no_seed_to_open_them_with(ended):
    pipeline = ended.pipeline
    around = started(pipeline.root, Identity("join", pipeline.project), pipeline.project, pipeline.topology)
    with closing(around), closing(KafkaSegmentTopics(around.access)) as stored:
        geometries = Geometries(around.vault, pipeline.project, topics=stored)
        for task in ended.tasks:
            with pytest.raises(Refused) as caught:
                geometries.geometry(task.segment_id, task.task_id)
            assert caught.value.reason is Reason.UNKNOWN_SEGMENT


def test_of_no_layer_a_version_is_left_in_vault(ended):
    """A document is listed for as long as any version of it is there."""
    assert all(ended.before.values())
    assert [len(listed(ended.pipeline, layer)) for layer in Layer] == [0] * len(Layer)
