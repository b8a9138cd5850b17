"""The table of quality: which sets are measured, and what each mode shall reach on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from topology.policies import Mode


@dataclass(frozen=True, slots=True)
class Target:
    """At most these shares, in per cent."""

    leak: float
    over_redaction: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One set of texts. `key` names it in the baseline."""

    key: str
    title: str
    targets: Mapping[Mode, Target]


def _row(key: str, title: str, fast: Target, strict: Target, most: Target) -> Row:
    return Row(key, title, {Mode.FAST: fast, Mode.STRICT: strict, Mode.MAX: most})


ROWS = (
    _row(
        "synthetic",
        "synthetic records, templates not seen in training",
        Target(2.2, 9),
        Target(1.5, 9),
        Target(0.6, 15),
    ),
    _row("wikipedia", "Wikipedia: people, organizations, places", Target(2, 12), Target(1, 13), Target(0.4, 18)),
    _row("tweets", "tweets: the same, links and handles left out", Target(4, 11), Target(2.5, 12), Target(1, 18)),
    _row("lower", "the synthetic ones in lower case", Target(3, 12), Target(2, 12), Target(1, 20)),
    _row("upper", "the synthetic ones in upper case", Target(3, 12), Target(2, 12), Target(1, 20)),
    _row("identifiers", "documented identifiers of all countries", Target(1), Target(0.5), Target(0.2)),
    _row("tagged", "tagged fields of JSON and Avro records", Target(0), Target(0), Target(0)),
)

BATCH_RATIO: Mapping[Mode, float] = {Mode.FAST: 100, Mode.STRICT: 40, Mode.MAX: 10}
"""Times the speed of stock Presidio at least, in batches, on one core."""
SINGLE_RATIO = 20.0
"""The same, one text at a time."""
