"""Garbage on the topics between the stages, as only an administrator could write it: refused, and all goes on."""

from __future__ import annotations

import pytest

from schemas.audit import EventType
from schemas.records import JoinedLabel, LabelSpan, SlotEpoch
from tests.support.waiting import wait_for

pytestmark = pytest.mark.stack

PERSONS = ("iris", "igor", "inge")
READER = {
    "tasks": "label",
    "work": "label",
    "labels": "decide",
    "verdicts": "join",
    "segments": "keeper",
    "joined": "keeper",
}
FOREIGN = SlotEpoch("redact.nobody.0", 7)
"""A good record of a type that none of these topics holds (`segments` only under another key)."""


def garbage(inner):
    encoded = inner.codec.encode(FOREIGN)
    return {
        "empty": b"",
        "short": b"\x00\x00",
        "no-wire-format": b"Zorvikquelmer called",
        "unknown-schema": b"\x00\x7f\xff\xff\xff" + b"Zorvikquelmer",
        "of-another-type": encoded,
        "cut": encoded[:8],
        "with-more-behind": encoded + b"\x00",
        "nul-bytes": bytes(64),
        "large": b"\x00" + b"Z" * 1_500_000,
    }


@pytest.fixture(scope="module")
def inner(pipeline_of):
    pipeline = pipeline_of("inner")
    pipeline.start()
    pipeline.sign("ida", "ivo")
    return pipeline


@pytest.fixture(scope="module")
def written(inner):
    """Every kind of garbage on every topic, by its place."""
    kinds = garbage(inner)
    for topic in READER:
        for kind, value in kinds.items():
            inner.write(f"{topic}.{inner.project}", f"bad-{kind}".encode(), value)
        inner.write(f"{topic}.{inner.project}", b"\xff\xfe", kinds["no-wire-format"])
        if topic in ("tasks", "work", "labels", "verdicts"):  # on a compacted topic a tombstone is no garbage
            inner.write(f"{topic}.{inner.project}", b"bad-tombstone", None)
    return {topic: places(inner, topic) for topic in READER}


def places(inner, topic):
    return {
        (m.topic, str(m.partition), str(m.offset))
        for m in inner.messages(topic)
        if (m.key or b"").startswith((b"bad-", b"\xff\xfe"))
    }


def refused(inner, role):
    found = [e for e in inner.events(EventType.RECORD_REFUSED) if e.process == f"{role}.{inner.project}"]
    return [(e.details["topic"], e.details["partition"], e.details["offset"]) for e in found]


@pytest.mark.parametrize("topic", READER)
def test_garbage_is_refused_once_each_with_its_place_and_reason(topic, inner, written):
    role = READER[topic]
    wait_for(lambda: set(refused(inner, role)) >= written[topic], f"all on {topic} refused")
    seen = [place for place in refused(inner, role) if place in written[topic]]
    assert len(seen) == len(set(seen)) == len(written[topic])
    assert all(e.reason for e in inner.events(EventType.RECORD_REFUSED))


def test_no_garbage_is_quoted_by_an_event(inner, written):
    for message in inner.messages("audit"):
        assert b"Zorvikquelmer" not in (message.value or b"") + b"".join(message.headers.values())


def test_every_stage_goes_on(inner, written):
    (raw,) = inner.publish({"product": "kettle", "text": "my kettle broke"})
    wait_for(lambda: joined_of(inner, raw), "the record is joined")
    inner.reconciled()


def joined_of(inner, raw):
    inner.annotate("isa", PERSONS, label_kettle)
    found = [m for m in inner.messages("joined") if not (m.key or b"").startswith((b"bad-", b"\xff\xfe"))]
    labels = [inner.codec.decode(m.value, JoinedLabel) for m in found]
    return [label for label in labels if label.raw == raw]


def label_kettle(client, lease):
    field = next(iter(sorted(lease.fields)))
    client.label(lease, [LabelSpan(field, 0, 1, "PRODUCT")], {"tone": "neutral"})
