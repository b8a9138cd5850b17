"""Labels and messages for the tests of decide."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from schemas.codec import Codec, FixedIds
from schemas.records import Contribution, FieldShape, Label, LabelOutcome, LabelSpan
from streams.engine.messages import Message

CODEC = Codec(FixedIds())
FIELDS = (FieldShape("text", 40),)


def span(start: int, end: int, label: str = "PERSON", field: str = "text") -> LabelSpan:
    return LabelSpan(field, start, end, label)


def says(person: str, *spans: LabelSpan, **choices: str) -> Contribution:
    return Contribution(person, f"label-of-{person}", spans, choices)


def label(person: str, *spans: LabelSpan, **changes: Any) -> Label:
    task_id = changes.pop("task_id", "task-1")
    values: dict[str, Any] = {
        "label_id": f"{task_id}-{person}",
        "task_id": task_id,
        "revision": 1,
        "bundle": "bundle",
        "policy": "policy",
        "segment_id": "redact.demo.0/1/0",
        "overlap": 3,
        "extra": 0,
        "person": person,
        "outcome": LabelOutcome.LABEL,
        "reason": "",
        "spans": spans,
        "choices": {},
        "fields": FIELDS,
        "leased_at": 1,
        "submitted_at": 2,
    }
    return Label(**(values | changes))


def message(record: object, offset: int = 0, topic: str = "labels.demo", timestamp: int = 0) -> Message:
    value = record if isinstance(record, bytes) or record is None else CODEC.encode(record)
    return Message(topic, 0, offset, b"key", value, timestamp=timestamp)


@st.composite
def spans(draw: st.DrawFn) -> LabelSpan:
    start = draw(st.integers(0, 12))
    return span(start, draw(st.integers(start + 1, 14)), draw(st.sampled_from(["PERSON", "PLACE"])))


@st.composite
def answers(draw: st.DrawFn, most: int = 6) -> list[Contribution]:
    people = [f"p{number}" for number in range(draw(st.integers(1, most)))]
    choice = st.dictionaries(st.sampled_from(["tone", "topic"]), st.sampled_from(["a", "b", "c"]))
    return [
        Contribution(person, f"label-of-{person}", tuple(draw(st.lists(spans(), max_size=4))), draw(choice))
        for person in people
    ]
