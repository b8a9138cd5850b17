from __future__ import annotations

import pytest

from schemas.states import KeptSegment, SegmentStage
from streams.keeper.lifetimes import (
    HalfPlace,
    Lifetimes,
    Why,
    end_of,
    half_is_due,
    half_place_of,
    is_forgotten,
)
from tests.streams.keeper.making import index
from vault.segments.halves import HOUR_MS

LIVES = Lifetimes(retention_ms=10, hard_ttl_ms=100, forget_ms=10)


def kept(stage: SegmentStage, finished_at: int = 0, since: int = 0) -> KeptSegment:
    return KeptSegment("s/1/0", stage, (), (), finished_at, "", since)


@pytest.mark.parametrize(
    ("segment", "expires", "now", "why"),
    [
        (kept(SegmentStage.LIVE), 50, 49, None),
        (kept(SegmentStage.LIVE), 50, 50, Why.EXPIRED),
        (kept(SegmentStage.LIVE), 500, 100, Why.EXPIRED),
        (kept(SegmentStage.LIVE, finished_at=5), 50, 14, None),
        (kept(SegmentStage.LIVE, finished_at=5), 50, 15, Why.FINISHED),
        (kept(SegmentStage.SUSPECT), 0, 99, None),
        (kept(SegmentStage.SUSPECT), 0, 100, Why.EXPIRED),
        (kept(SegmentStage.EARLY), 0, 1_000, None),
        (kept(SegmentStage.DOOMED), 0, 1_000, None),
        (kept(SegmentStage.DESTROYED), 0, 1_000, None),
    ],
)
def test_a_segment_ends_by_retention_after_its_last_task_or_by_its_ttl(segment, expires, now, why) -> None:
    assert end_of(segment, index(0, expires=expires), now, LIVES) is why


def test_what_is_over_is_forgotten_and_nothing_else() -> None:
    assert is_forgotten(kept(SegmentStage.DESTROYED), 10, LIVES)
    assert is_forgotten(kept(SegmentStage.EARLY), 100, LIVES)
    assert not is_forgotten(kept(SegmentStage.EARLY), 99, LIVES)
    assert not is_forgotten(kept(SegmentStage.LIVE), 10_000, LIVES)
    assert not is_forgotten(kept(SegmentStage.DOOMED), 10_000, LIVES)


def test_a_half_leaves_a_ttl_after_its_hour_unless_a_segment_of_it_lives() -> None:
    place = HalfPlace("redact.demo.0", 3)
    due = 4 * HOUR_MS + LIVES.hard_ttl_ms
    assert not half_is_due(place, due - 1, frozenset(), LIVES)
    assert half_is_due(place, due, frozenset(), LIVES)
    assert not half_is_due(place, due, frozenset({place}), LIVES)
    assert half_is_due(place, due, frozenset({HalfPlace("redact.demo.0", 4)}), LIVES)


def test_only_the_path_of_a_half_has_its_place() -> None:
    assert half_place_of("half-a/redact.demo.0/17/ab") == HalfPlace("redact.demo.0", 17)
    assert half_place_of("half-a/redact.demo.0/x/ab") is None
    assert half_place_of("half-a/17") is None
