"""Which trace a record is in, and which of them are told: by hash, nothing is drawn.

A trace's id follows from its task's id, so a batch that is repeated falls on the same trace, a header says nothing
that its reader can't compute, and a trace links what the task's id on the audit links already. Ids of spans follow
from it, too: no byte of a producer or a client gets into one.
"""

from __future__ import annotations

import hashlib
import re
from typing import NewType

TraceId = NewType("TraceId", bytes)
"""16 bytes."""
SpanId = NewType("SpanId", bytes)
"""8 bytes."""

HEADER = "traceparent"
"""W3C Trace Context, version 00. `tracestate` and `baggage` are free text: neither read nor written."""
_FORM = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-01")
_RANGE = 2**64


def trace_of(task_id: bytes) -> TraceId:
    """The trace of a task."""
    return TraceId(_hashed(b"task", task_id)[:16])


def making_of(trace: TraceId) -> SpanId:
    """The span in which a task was made: redact's. It depends on nothing else, being named on `tasks.P`."""
    return SpanId(_hashed(b"making", trace)[:8])


def trace_of_round(slot: str, epoch: int, number: int, began_ms: int) -> TraceId:
    """The trace of a round itself. With its time: a stack that was set up anew counts from one again."""
    return TraceId(_hashed(b"round", slot.encode(), b"%d" % epoch, b"%d" % number, b"%d" % began_ms)[:16])


def span_in(trace: TraceId, slot: str, epoch: int, number: int, part: str = "") -> SpanId:
    """What a round of a slot has to do with a trace. A repeated round has another epoch, and so another span."""
    return SpanId(_hashed(b"span", trace, slot.encode(), b"%d" % epoch, b"%d" % number, part.encode())[:8])


def is_sampled(trace: TraceId, ratio: float) -> bool:
    """Whether it is told. With the same ratio processes agree; a greater one has all that a smaller one has."""
    return int.from_bytes(trace[8:]) < ratio * _RANGE


def header_of(trace: TraceId, span: SpanId) -> bytes:
    """The header of a record that is told."""
    return f"00-{trace.hex()}-{span.hex()}-01".encode()


def parent_in(header: bytes | None, trace: TraceId) -> SpanId | None:
    """The span that a record came of; None where the header is none of ours for this very task."""
    found = _FORM.fullmatch(header or b"")
    if found is None or found[1] != trace.hex().encode():
        return None
    return SpanId(bytes.fromhex(found[2].decode()))


def _hashed(*parts: bytes) -> bytes:
    """Each part with its length, so that no two lists of parts are one text."""
    told = [it for part in parts for it in (len(part).to_bytes(4), part)]
    return hashlib.sha256(b"".join((b"veilstream trace", *told))).digest()
