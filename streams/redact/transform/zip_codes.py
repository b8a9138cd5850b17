"""US ZIP codes: three digits, 000 where at most 20,000 people live in all units that begin with them."""

from __future__ import annotations

import re

# By the census of 2000, as the guidance of HHS on 45 CFR 164.514(b)(2)(i)(B) lists them.
SPARSE = frozenset(
    [
        "036",
        "059",
        "063",
        "102",
        "203",
        "556",
        "692",
        "790",
        "821",
        "823",
        "830",
        "831",
        "878",
        "879",
        "884",
        "890",
        "893",
    ]
)
NOBODY = "000"
_ZIP = re.compile(r"(\d{3})\d{2}(?:[- ]?\d{4})?")


def zip3(code: str) -> str | None:
    """`941`, or `000`; None for what is no ZIP code."""
    match = _ZIP.fullmatch(code)
    return None if match is None else NOBODY if match[1] in SPARSE else match[1]
