"""Records at a steady rate, all processes at work.

`VEIL_SOAK_RECORDS`: how many (3000 unless set). Few say nothing about what grows; from FLAT_FROM on it is judged.
"""

from __future__ import annotations

import os

import pytest

from deploy.bench.ground import Ground
from deploy.bench.soak import KEPT, REDACT_PROCESSES, WINDOWS, measure

pytestmark = [pytest.mark.own_stack]

RECORDS = int(os.environ.get("VEIL_SOAK_RECORDS") or 3_000)
PER_SECOND = 500
"""With room for what else a machine does that runs tests."""
FLAT_FROM = 100_000


def test_every_record_is_through_and_nothing_grows(tmp_path):
    told: list[str] = []
    with Ground(tmp_path / "soak", told.append, REDACT_PROCESSES, KEPT) as ground:
        found = measure(ground, RECORDS, PER_SECOND)
    assert found.reconciled
    assert len(found.windows) == WINDOWS
    assert found.windows[-1].records >= RECORDS
    if RECORDS >= FLAT_FROM:
        assert [target for target in found.targets() if not target.met] == []
