"""Numbers as ranges: `52000-52999`."""

from __future__ import annotations

import re

FINEST = 10_000  # a range narrower than a ten-thousandth of the value would tell it, as of a card number
_AMOUNT = re.compile(r"[^\d\-]{0,6}(-?)(\d{1,3}(?:[,.' ]\d{3})+|\d{1,18})(?:[.,]\d{1,2})?[^\d]{0,6}")


def number_range(value: str, step: int) -> str | None:
    """The range of width `step` around a whole number or amount; cents, currency and separators are left out."""
    match = _AMOUNT.fullmatch(value)
    if match is None:
        return None
    size = int("".join(filter(str.isdigit, match[2])))
    if size // step >= FINEST:
        return None
    # Below zero the cents count downwards: -0.50 lies in -1000 to -1.
    start = -((size // step + 1) * step) if match[1] else size // step * step
    return f"{start}-{start + step - 1}" if start >= 0 else f"{start} to {start + step - 1}"
