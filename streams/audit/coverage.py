"""Whether the batches of redact cover each raw partition without a gap and without overlap.

Batches of one partition may stand in several slots (the partition moved), so nothing is said about their order
before the end. Memory: about 240 bytes a batch event, not a record.

Each finding at the end comes with the time since when it can be told: of the first batch that should not be here
without one that is missing; None where nothing that comes can make it right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from schemas.audit import BatchCoverage, OffsetOutcome, RawOutcome
from schemas.records import RawReference
from streams.audit.beginnings import TASK_LIFE_MS, is_whole
from streams.audit.findings import Finding, FindingKind

Partition = tuple[str, int]
Told = tuple[Finding, int | None]
"""A finding, and since when it can be told."""


@dataclass(frozen=True, slots=True, order=True)
class _Range:
    first: int
    next: int
    where: str
    time: int


@dataclass(slots=True)
class Coverage:
    """What all batches together cover."""

    counts: Counter[RawOutcome] = field(default_factory=Counter)
    _ranges: dict[Partition, list[_Range]] = field(default_factory=dict)
    _again: dict[tuple[str, int, int], dict[int, tuple[str, int]]] = field(default_factory=dict)
    """By raw record: the event of each later revision, and its time."""

    def add(self, where: str, batch: BatchCoverage, time: int) -> list[Finding]:
        """Take one batch event, named `where`, of that time (ms)."""
        self.counts.update(outcome.outcome for outcome in batch.outcomes)
        findings = [Finding(FindingKind.BATCH, where, text) for text in _misfits(batch)]
        if any(outcome.revision > 1 for outcome in batch.outcomes):
            return findings + self._add_again(where, batch, time)
        ranges = self._ranges.setdefault((batch.topic, batch.partition), [])
        ranges.append(_Range(batch.first, batch.next, where, time))
        return findings

    def end(self, ends: Mapping[Partition, int] | None = None, since: int = 0) -> list[Told]:
        """No more batches follow. `ends`: the next offset each partition must be covered up to, where known;
        `since`: from when on all of them are there (`Beginnings`).
        """
        findings = [
            found
            for place, ranges in sorted(self._ranges.items())
            for found in _walk(place, sorted(ranges), (ends or {}).get(place), since)
        ]
        for topic, partition in sorted((ends or {}).keys() - self._ranges.keys()):
            if (ends or {})[topic, partition] > 0 and not since:
                text = "no batch covers this partition"
                findings.append((Finding(FindingKind.GAP, f"{topic}/{partition}", text), None))
        return findings + list(self._revisions(since))

    def has(self, raw: RawReference) -> bool:
        """Whether a later revision has its outcome."""
        return raw.revision in self._again.get((raw.topic, raw.partition, raw.offset), {})

    def ranges(self) -> dict[Partition, tuple[int, int]]:
        """First and next offset covered, by partition."""
        return {
            place: (min(it.first for it in ranges), max(it.next for it in ranges))
            for place, ranges in sorted(self._ranges.items())
        }

    def _add_again(self, where: str, batch: BatchCoverage, time: int) -> list[Finding]:
        findings = []
        for outcome in batch.outcomes:
            seen = self._again.setdefault((batch.topic, batch.partition, outcome.offset), {})
            if outcome.revision in seen:
                text = f"revision {outcome.revision} of {batch.topic}/{batch.partition}/{outcome.offset}"
                text += f" has an outcome in {seen[outcome.revision][0]} already"
                findings.append(Finding(FindingKind.COVERED_TWICE, where, text))
            seen[outcome.revision] = where, time
        return findings

    def _revisions(self, since: int) -> Iterator[Told]:
        """A later revision needs every one before it; the first one is what the ranges cover."""
        for (topic, partition, offset), seen in sorted(self._again.items()):
            ranges = self._ranges.get((topic, partition), [])
            there = {1} if any(it.first <= offset < it.next for it in ranges) else set()
            missing = set(range(1, max(seen))) - seen.keys() - there
            if missing and is_whole(min(time for _, time in seen.values()), since, TASK_LIFE_MS):
                text = f"offset {offset} has revision {max(seen)} but not {min(missing)}"
                told = min(time for revision, (_, time) in seen.items() if revision > min(missing))
                yield Finding(FindingKind.REVISION, f"{topic}/{partition}/{offset}", text), told


def _walk(place: Partition, ranges: list[_Range], end: int | None, since: int) -> Iterator[Told]:
    """What is missing after a batch was written after it: where that was before `since`, it may have expired."""
    topic, partition = place
    reached, reached_at = ranges[0].first, ranges[0].time
    earliest = list(accumulate((it.time for it in reversed(ranges)), min))
    for it, told in zip(ranges, reversed(earliest), strict=True):  # since when there are batches behind a gap
        if it.first > reached and is_whole(reached_at, since):
            text = f"offsets {reached} to {it.first - 1} are in no batch"
            yield Finding(FindingKind.GAP, f"{topic}/{partition}/{reached}", text), told
        if it.first < reached:
            last = min(reached, it.next) - 1
            text = f"offsets {it.first} to {last} of {topic}/{partition} are in another batch too"
            yield Finding(FindingKind.COVERED_TWICE, it.where, text), None
        if it.next > reached:
            reached, reached_at = it.next, it.time
    if end is not None and reached < end and is_whole(reached_at, since):
        text = f"offsets {reached} to {end - 1} are in no batch: the log ends too early"
        yield Finding(FindingKind.GAP, f"{topic}/{partition}/{reached}", text), None


def _misfits(batch: BatchCoverage) -> Iterator[str]:
    """What is wrong with a batch by itself."""
    offsets = [outcome.offset for outcome in batch.outcomes]
    if batch.first >= batch.next:
        yield f"the batch covers nothing: [{batch.first}, {batch.next})"
    if len(set(offsets)) != len(offsets):
        yield "an offset has two outcomes"
    revisions = {outcome.revision for outcome in batch.outcomes}
    if 1 in revisions and len(revisions) > 1:
        yield "first and later revisions in one batch"
    expected = set(range(batch.first, batch.next)) if revisions <= {1} else set(offsets)
    if len(expected ^ set(offsets)):
        yield f"{len(expected ^ set(offsets))} offsets are outside the batch or have no outcome"
    if any(not _well_formed(outcome) for outcome in batch.outcomes):
        yield "an outcome with a task id and a reason, or with neither"


def _well_formed(outcome: OffsetOutcome) -> bool:
    if outcome.revision < 1:
        return False
    if outcome.outcome is RawOutcome.TASK:
        return bool(outcome.task_id) and not outcome.reason
    return not outcome.task_id and (bool(outcome.reason) or outcome.outcome is RawOutcome.EMPTY)


def origins(batch: BatchCoverage) -> Iterator[tuple[str, RawReference]]:
    """The tasks that begin in a batch, and the raw record each comes from."""
    for it in batch.outcomes:
        if it.outcome is RawOutcome.TASK:
            yield it.task_id, RawReference(batch.topic, batch.partition, it.offset, it.revision)
