"""Verdicts and geometries for the tests of join."""

from __future__ import annotations

from typing import Any

from schemas.codec import Codec, FixedIds
from schemas.geometry import FieldGeometry, Span
from schemas.geometry_codec import Geometry
from schemas.gold import GoldTruth
from schemas.records import (
    FieldDigest,
    FieldShape,
    PlaceholderSpan,
    RawReference,
    SupportedSpan,
    Verdict,
    VerdictStatus,
)
from schemas.resources import raw_resource
from streams.engine.clock import SystemClock
from streams.engine.messages import Outgoing
from streams.join.gold_book import GoldBook
from tests.simulation.broker import Broker, MemoryFollower

CODEC = Codec(FixedIds())

# raw       "Hi Ada Lovelace, bye" (20), the name at 3..15
# redacted  "Hi [PERSON_1], bye"   (18), the placeholder at 3..13
NAME = Span("text", 3, 15, 3, 13, "PERSON", "[PERSON_1]", "placeholder")
TEXT = FieldGeometry("text", 20, 18, (NAME,))
SHAPE = FieldShape("text", 18, (PlaceholderSpan(3, 13, "PERSON"),))
DIGEST = FieldDigest("text", 20, b"digest")
GEOMETRY = Geometry(RawReference("raw.demo", 2, 17), (TEXT,), (DIGEST,))


def gold_book(*truths: GoldTruth, broker: Broker | None = None) -> GoldBook:
    """A book on a log that holds these truths."""
    broker = broker or Broker({"gold.demo": 1})
    for truth in truths:
        broker.append(gold_record(truth))
    return GoldBook(MemoryFollower(broker, ["gold.demo"]), CODEC, "demo", SystemClock())


def gold_record(truth: GoldTruth) -> Outgoing:
    return Outgoing("gold.demo", raw_resource(truth.raw).encode(), CODEC.encode(truth))


def span(start: int, end: int, label: str = "NAME", support: int = 2, field: str = "text") -> SupportedSpan:
    return SupportedSpan(field, start, end, label, support)


def verdict(*spans: SupportedSpan, **changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "task_id": "task-1",
        "revision": 1,
        "bundle": "bundle",
        "policy": "policy",
        "segment_id": "redact.demo.0/1/0",
        "status": VerdictStatus.AGREED,
        "method": "majority/1",
        "confidence": 0.75,
        "spans": spans,
        "choices": (),
        "contributions": (),
        "fields": (SHAPE,),
        "decided_at": 1,
    }
    return Verdict(**(values | changes))
