"""Texts in clear that end, on the real broker and vault: all of a project at once, and on the disk, too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient

from schemas.audit import EventType
from streams.opener import retracted
from tests.support.topics import alter
from tests.support.waiting import wait_for

pytestmark = pytest.mark.stack

AT_ONCE = {
    "segment.ms": "10000",
    "max.compaction.lag.ms": "1000",
    "min.compaction.lag.ms": "0",
    "file.delete.delay.ms": "0",
}


@pytest.fixture(scope="module")
def shut(pipeline_of):
    pipeline = pipeline_of("takenback")
    pipeline.start()
    pipeline.sign_open("ottoline", "osbert")
    return pipeline


def lying(pipeline) -> set[bytes]:
    """The keys that who has read all of the topic has left."""
    found: set[bytes] = set()
    for message in pipeline.messages("open"):
        found.add(message.key) if message.value is not None else found.discard(message.key)
    return found


def a_text(pipeline) -> bytes:
    """The key of one that has been laid out just now."""
    before = lying(pipeline)
    pipeline.publish({"customer": {"note": "Please call Ottalie Fenwrick"}, "product": "kettle"})
    (fresh,) = wait_for(lambda: lying(pipeline) - before, "it lies in clear")
    return fresh


@pytest.fixture
def switched_off(shut):
    """Opener runs by a file that says `open_texts: false`; afterwards as before."""
    a_text(shut)
    switched_on = shut.topology
    off = replace(switched_on.project(shut.project), open_texts=False)
    shut.stop("opener")
    shut.topology = replace(switched_on, projects=switched_on.projects | {shut.project: off})
    shut.start("opener")
    yield shut
    shut.stop("opener")
    shut.topology = switched_on
    shut.start("opener")


def test_switched_off_everything_is_taken_back_and_nothing_is_opened_any_more(switched_off):
    wait_for(lambda: not lying(switched_off), "all is taken back")
    assert "switched_off" in {it.reason for it in switched_off.events(EventType.TEXTS_RETRACTED)}
    tasks = {it.offset for it in switched_off.messages("tasks")}
    switched_off.publish({"customer": {"note": "Please call Ottalie Fenwrick"}, "product": "kettle"})
    switched_off.wait_records("tasks", len(tasks) + 1)
    newest = switched_off.messages("tasks")
    wait_for(lambda: has_read(switched_off, newest), "opener has read the task")
    assert (lying(switched_off), switched_off.reconciled().opened) == (set(), 0)


def has_read(pipeline, messages) -> bool:
    read = pipeline.log.read_up_to(f"opener.{pipeline.project}", f"tasks.{pipeline.project}")
    return all(read.get(it.place, 0) > it.offset for it in messages)


def test_a_text_that_was_taken_back_leaves_the_disk_though_nothing_else_comes(shut, stack, monkeypatch):
    """With ten seconds for an hour: Kafka compacts what is closed, and the second tombstone closes it."""
    admin = AdminClient(stack.endpoints.kafka.client_settings())
    alter(admin, [f"open.{shut.project}"], AT_ONCE)
    monkeypatch.setattr(retracted, "AGAIN_MS", 11_000)
    key = a_text(shut)
    shut.withdraw("odette", key.decode())
    wait_for(lambda: key not in lying(shut), "it is taken back")
    wait_for(
        lambda: not any(it.key == key and it.value is not None for it in shut.messages("open")),
        "Kafka holds it no more",
        deadline_s=90,
    )
