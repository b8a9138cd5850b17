"""What a batch's audit event covers: every offset of a partition since the last batch (DESIGN invariant 2)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

from schemas.audit import BatchCoverage, Event, EventType, OffsetOutcome, RawOutcome
from schemas.resources import batch_resource, policy_resource
from streams.engine.messages import TopicPartition
from streams.redact.bundle import Bundle
from topology.policies import Policy

MAX_OFFSETS = 4096
"""Offsets of one event, at most 300 kB of it. An aborted transaction of a producer can leave a million of them."""


def covered(place: TopicPartition, first: int, outcomes: Mapping[int, OffsetOutcome]) -> list[BatchCoverage]:
    """`outcomes` by offset, the offsets between them named as holding no record (transaction markers).

    One coverage a batch, unless it spans more offsets than an event holds.
    """
    after = max(outcomes) + 1
    return [
        _covering(place, start, min(start + MAX_OFFSETS, after), outcomes)
        for start in range(first, after, MAX_OFFSETS)
    ]


def covered_again(place: TopicPartition, outcomes: Mapping[int, OffsetOutcome]) -> BatchCoverage:
    """Of a later revision: the offsets that a batch has, by themselves; no other is claimed. Raises ValueError."""
    found = tuple(outcomes[offset] for offset in sorted(outcomes))
    return BatchCoverage(place.topic, place.partition, min(outcomes), max(outcomes) + 1, found)


def redacted_event(
    coverage: BatchCoverage,
    bundle: str,
    policy: Policy,
    segments: tuple[str, ...],
    measured: Mapping[str, str],
) -> Event:
    """The one event that covers these offsets. The overlap lets an auditor check the number of labels; `measured`
    are the amounts of its records.
    """
    return Event(
        EventType.BATCH_REDACTED,
        batch_resource(coverage.topic, coverage.partition, coverage.first, coverage.next),
        bundle=bundle,
        batch=coverage,
        details={
            "policy": policy.hash,
            "overlap": str(policy.overlap),
            "segments": ",".join(segments),
            **measured,
        },
    )


def adopted_event(bundle: Bundle, policy: Policy) -> Event:
    """What the bundle of the tasks that follow is made of, in the transaction of the first of them."""
    return Event(
        EventType.BUNDLE_ADOPTED,
        policy_resource(policy.hash),
        bundle=bundle.hash,
        details={
            "policy": policy.id,
            "detector": bundle.detector,
            "data": bundle.data,
            "code": bundle.code,
            "release": version("veilstream"),
        },
    )


def _covering(
    place: TopicPartition, first: int, after: int, outcomes: Mapping[int, OffsetOutcome]
) -> BatchCoverage:
    every = (outcomes.get(o) or OffsetOutcome(o, RawOutcome.EMPTY) for o in range(first, after))
    return BatchCoverage(place.topic, place.partition, first, after, tuple(every))
