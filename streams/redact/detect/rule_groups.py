"""What rules found, as the classifier sees it: for each byte of the batch the group of the rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streams.redact.detect.find import Find
from streams.redact.detect.tokens import Bytes, Tokens

PERSON, PLACE, TIME, NET, NUMBERS, ROLE, NATION = range(1, 8)
_GROUP = {
    "PERSON": PERSON, "PREFIX": ROLE, "TITLE": ROLE, "NRP": NATION,
    "ADDRESS": PLACE, "LOCATION": PLACE, "ORGANIZATION": PLACE,
    "DATE_TIME": TIME, "AGE": TIME, "YEAR": TIME,
    "URL": NET, "EMAIL_ADDRESS": NET, "USERNAME": NET, "IP_ADDRESS": NET, "DOMAIN_NAME": NET,
}  # fmt: skip


def mark(tokens: Tokens, found: Sequence[Sequence[Find]]) -> Bytes:
    """The groups for `describe`: `found` are the rules' finds of each text, in its folded coordinates."""
    marks = np.zeros(tokens.data.size, np.uint8)
    for first, finds in zip(tokens.bounds.tolist(), found, strict=False):
        for find in finds:
            marks[first + find.start : first + find.end] = _GROUP.get(find.entity_type, NUMBERS)
    return marks
