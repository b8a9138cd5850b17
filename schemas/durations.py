"""Many durations as counts on a geometric scale: small, mergeable, with a known error; and as one short string.

The scale is that of DDSketch (Masson, Rim, Lee: "DDSketch", PVLDB 12(12), 2019, §2.1): bucket `i` holds what is
above g^(i-1) and at most g^i milliseconds, with g = 1.05. A quantile read from it is off by at most (g-1)/(g+1) =
2.4 % of its value, and half a millisecond of rounding. What is under a millisecond counts as one, what is above
`LONGEST_MS` as that. Bounds are whole numbers, so that two machines put a duration into the same bucket.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil

GAMMA = 1.05
ERROR = (GAMMA - 1) / (GAMMA + 1)
"""Relative error of a quantile."""
LONGEST_MS = 90 * 86_400_000
"""As long as labels are kept; 469 buckets reach so far."""


def _bounds() -> tuple[int, ...]:
    found, edge = [1], 1.0
    while found[-1] < LONGEST_MS:
        edge *= GAMMA
        found.append(max(found[-1] + 1, ceil(edge)))
    return tuple(found)


BOUNDS = _bounds()
"""The longest duration of each bucket."""
MAX_COUNT_DIGITS = 9


def bucket(duration_ms: int) -> int:
    """Which bucket holds a duration."""
    return bisect_left(BOUNDS, min(max(duration_ms, 1), BOUNDS[-1]))


def counted(durations_ms: Iterable[int]) -> Counter[int]:
    """How many are in each bucket."""
    return Counter(bucket(it) for it in durations_ms)


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """The duration that `share` of them do not exceed, in milliseconds; None where there is none."""
    rank = max(1, ceil(share * sum(counts.values())))
    seen = 0
    for at in sorted(counts):
        seen += counts[at]
        if seen >= rank:
            return _middle(at)
    return None


def written(counts: Mapping[int, int]) -> str:
    """As a detail of an audit event: `bucket:count`, ascending, one space between."""
    return " ".join(f"{at}:{counts[at]}" for at in sorted(counts))


def waited(duration_ms: int) -> dict[str, str]:
    """Of a single one, as the detail `waited` of an audit event."""
    return {"waited": written(counted([duration_ms]))}


def read(text: str) -> Counter[int]:
    """What `written` wrote; what is not so is left out: a foreign string is no reason to stop."""
    found: Counter[int] = Counter()
    for part in text.split():
        at, _, count = part.partition(":")
        if _is_number(at) and _is_number(count) and int(at) < len(BOUNDS):
            found[int(at)] += int(count)
    return found


def _middle(at: int) -> float:
    """The value with the least relative error to both ends of the bucket."""
    low, high = (BOUNDS[at - 1] if at else 1), BOUNDS[at]
    return 2 * low * high / (low + high)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_COUNT_DIGITS
