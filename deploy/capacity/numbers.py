"""Large numbers as a person reads them, two digits of each at least."""

from __future__ import annotations

SHORT = ((1e12, " trillion"), (1e9, " billion"), (1e6, " million"))
BYTES = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
EXACT = 10
"""Below so many, a tenth counts."""


def in_short(number: float) -> str:
    """`3.5 million`; below a million every digit, and below ten a tenth."""
    for size, name in SHORT:
        if number >= size:
            return f"{number / size:,.1f}{name}"
    return f"{number:,.0f}" if number >= EXACT or number == int(number) else f"{number:.1f}"


def in_bytes(size: float) -> str:
    """`3.5 GB`: powers of a thousand, as disks are sold."""
    for unit, name in BYTES:
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size:,.0f} B"
