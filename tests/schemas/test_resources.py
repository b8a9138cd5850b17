from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import resources
from schemas.audit import Event, EventType
from schemas.errors import Unparseable
from schemas.records import RawReference
from schemas.resources import Kind, Resource

offsets = st.integers(0, 2**63 - 1)
topics = st.text("abc.-_0", min_size=1)
EXAMPLES = {
    resources.task_resource("5f"): Resource(Kind.TASK, "5f"),
    resources.raw_resource(RawReference("raw.demo", 0, 17)): Resource(Kind.RAW, "raw.demo/0/17/1"),
    resources.batch_resource("raw.demo", 0, 0, 500): Resource(Kind.BATCH, "raw.demo/0/0/500"),
    resources.message_resource("labels.demo", 2, 40): Resource(Kind.MESSAGE, "labels.demo/2/40"),
    resources.lease_resource("5f-1"): Resource(Kind.LEASE, "5f-1"),
    resources.incident_resource("2026-11-26-9c"): Resource(Kind.INCIDENT, "2026-11-26-9c"),
    resources.label_resource("5f-1"): Resource(Kind.LABEL, "5f-1"),
    resources.comment_resource("77"): Resource(Kind.COMMENT, "77"),
    resources.verdict_resource("5f"): Resource(Kind.VERDICT, "5f"),
    resources.joined_resource("5f"): Resource(Kind.JOINED, "5f"),
    resources.segment_resource("redact.demo.0/3/12"): Resource(Kind.SEGMENT, "redact.demo.0/3/12"),
    resources.slot_resource("redact.demo.0"): Resource(Kind.SLOT, "redact.demo.0"),
    resources.control_resource("policy/demo/ab/ada"): Resource(Kind.CONTROL, "policy/demo/ab/ada"),
    resources.policy_resource("ab"): Resource(Kind.POLICY, "ab"),
    resources.project_resource("demo"): Resource(Kind.PROJECT, "demo"),
    resources.session_resource("0b"): Resource(Kind.SESSION, "0b"),
    resources.webhook_resource("warehouse"): Resource(Kind.WEBHOOK, "warehouse"),
    resources.alert_resource("4e"): Resource(Kind.ALERT, "4e"),
    resources.key_resource("view-demo"): Resource(Kind.KEY, "view-demo"),
    resources.app_resource("triage-ui"): Resource(Kind.APP, "triage-ui"),
    resources.person_resource("ann-1"): Resource(Kind.PERSON, "ann-1"),
}


@pytest.mark.parametrize(("text", "resource"), EXAMPLES.items())
def test_resource_comes_back_in_parts(text, resource):
    assert resources.parse(text) == resource
    assert str(resource) == text


def test_every_kind_has_a_constructor_and_a_row_in_the_docstring():
    assert {it.kind for it in EXAMPLES.values()} == set(Kind)
    rows = [line.split("`")[1] for line in (resources.__doc__ or "").splitlines() if line.startswith("| `")]
    assert rows == [kind.value for kind in Kind]


@given(topics, offsets, offsets, offsets)
def test_raw_reference_comes_back(topic, partition, offset, revision):
    reference = RawReference(topic, partition, offset, revision)
    assert resources.raw_reference(resources.raw_resource(reference)) == reference


@pytest.mark.parametrize("text", ["", "task", "task/", "/5f", "thing/5f", "TASK/5f"])
def test_other_text_is_no_resource(text):
    with pytest.raises(Unparseable):
        resources.parse(text)


@pytest.mark.parametrize("text", ["task/5f", "raw/raw.demo/0/17", "raw/raw.demo/0/x/1", "raw/raw.demo/0/-1/1"])
def test_other_resource_is_no_raw_reference(text):
    with pytest.raises(Unparseable):
        resources.raw_reference(text)


@pytest.mark.parametrize(
    ("resource", "parents", "details", "expected"),
    [
        ("task/a", (), {}, ("a",)),
        ("label/a-1", ("lease/a-1", "task/a"), {}, ("a",)),
        ("verdict/a", ("label/a-1",), {}, ("a",)),
        ("raw/raw.demo/0/1/1", ("task/a", "verdict/a"), {}, ("a",)),
        ("segment/s", ("task/a", "task/b"), {}, ("a", "b")),
        ("lease/a-1", (), {"task": "a"}, ("a",)),
        ("slot/s", (), {}, ()),
        ("task/", (), {}, ()),
    ],
)
def test_tasks_an_event_speaks_of_are_named_once_and_in_order(resource, parents, details, expected):
    event = Event(EventType.TASK_VIEWED, resource, parents=parents, details=details)
    assert resources.task_ids(event) == expected
