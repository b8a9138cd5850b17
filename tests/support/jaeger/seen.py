"""What Jaeger shows of a trace, as its page gets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Seen:
    """A span. Times in microseconds since the epoch; `links`: traces and spans it names besides its parent."""

    id: str
    parent: str | None
    name: str
    service: str
    began: int
    ended: int
    tags: Mapping[str, str | int | bool]
    events: Sequence[Mapping[str, str | int]]
    links: frozenset[tuple[str, str]]
    warnings: tuple[str, ...]
    process: Mapping[str, str | int]


def spans_of(trace: Mapping[str, Any]) -> list[Seen]:
    """Its spans, in the order in which they began."""
    return sorted((_seen(trace, it) for it in trace["spans"]), key=lambda it: (it.began, it.ended))


def _seen(trace: Mapping[str, Any], span: Mapping[str, Any]) -> Seen:
    process = trace["processes"][span["processID"]]
    own, others = [], []
    for one in span["references"]:
        (own if one["refType"] == "CHILD_OF" else others).append(one)
    assert [it["traceID"] for it in own] in ([], [span["traceID"]])
    return Seen(
        id=span["spanID"],
        parent=own[0]["spanID"] if own else None,
        name=span["operationName"],
        service=process["serviceName"],
        began=span["startTime"],
        ended=span["startTime"] + span["duration"],
        tags=_values(span["tags"]),
        events=[_values(it["fields"]) for it in span["logs"]],
        links=frozenset((it["traceID"], it["spanID"]) for it in others),
        warnings=tuple(span["warnings"] or ()),
        process=_values(process["tags"]),
    )


def _values(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {it["key"]: it["value"] for it in told}
