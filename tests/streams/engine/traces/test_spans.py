"""What a span may hold, by type: ids, numbers, members of a few enums. No text."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from enum import Enum

from streams.engine.traces import spans
from streams.engine.traces.ids import SpanId, TraceId

ALLOWED = (int, types.NoneType, TraceId, SpanId)


def leaves(kind) -> set:
    """The types that a value of this type is made of in the end."""
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return set().union(*(leaves(hints[field.name]) for field in fields(kind)))
    if inner := [it for it in typing.get_args(kind) if it is not Ellipsis]:
        return set().union(*map(leaves, inner))
    return {kind}


def test_a_span_has_no_place_for_a_text():
    found = leaves(spans.Span)
    assert spans.Outcome in found
    assert {it for it in found if it not in ALLOWED and not issubclass(it, Enum)} == set()


def test_a_process_says_names_of_the_topology_and_a_hash_and_nothing_else():
    assert [field.name for field in fields(spans.Source)] == ["role", "project", "slot", "clock"]
    assert typing.get_type_hints(spans.Source)["clock"] is bytes


def test_topics_that_would_tell_gold_or_a_person_s_work_are_not_among_those_told():
    told = {it.value for it in spans.Topic}
    assert told.isdisjoint({"gold", "scores", "joined", "people", "label-state", "finds", "quarantine", "audit"})
