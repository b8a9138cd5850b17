"""How many synthetic records are missing for a share, from where partitions end: nothing has to be read for it.

A gold record takes two offsets on `raw.P` and two in the partition of the same number on `gold.P`: itself and the
marker of its transaction (`streams.publish.gold_publisher`). So what `raw.P` has more is other records, and half
of what `gold.P` has is gold. A transaction that was aborted between its two records counts as two others: a share
of one in twenty then misses a tenth of a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OFFSETS_A_RECORD = 2
PERMILLE = 1000


@dataclass(frozen=True, slots=True)
class Published:
    """How many records of each sort there are."""

    others: int
    gold: int

    def since(self, before: Published) -> Published:
        """What has come since."""
        return Published(max(0, self.others - before.others), max(0, self.gold - before.gold))


def published(raw_ends: Mapping[int, int], gold_ends: Mapping[int, int]) -> Published:
    """From the end offsets of both topics, by partition."""
    gold = sum(gold_ends.values())
    return Published(sum(raw_ends.values()) - gold, gold // OFFSETS_A_RECORD)


def missing(found: Published, share_permille: int) -> int:
    """How many more records of gold bring their share of all records up to this one.

    A share of 1 asks for none more: it can't be reached while there are others.
    """
    if not 0 < share_permille < PERMILLE:
        return 0
    wanted = found.others * share_permille // (PERMILLE - share_permille)
    return max(0, wanted - found.gold)
