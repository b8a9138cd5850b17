"""What stands in brackets for a value, `[PERSON_1]` or `[PERSON:16 characters]`, and what only looks so."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from streams.redact.cuts import Cut
from streams.redact.detect.shadow import shadow_of

ESCAPE = "escape"
ESCAPED = "ESCAPED"
PLACEHOLDER = re.compile(r"\[([A-Z][A-Z0-9_]*)(?:_(\d+)|:[0-9a-z]{16})\]")
_LOOKALIKE = re.compile(r"\[\s*[A-Za-z][A-Za-z0-9_ ]{0,60}(?:[_ ]?\d+|:\s*[0-9A-Za-z]{16})\s*\]")


def may_need_escapes(text: str) -> bool:
    """Whether there is a square bracket in `text`, or one of the two characters that fold to it (NFKC)."""
    return "[" in text or (not text.isascii() and ("\uff3b" in text or "\ufe47" in text))


def escapes(text: str, hidden: Sequence[Cut]) -> list[Cut]:
    """The brackets of what looks like a placeholder in raw text, if not hidden anyway; they become `(` and `)`.

    `hidden` are ascending and disjoint.
    """
    shadow = shadow_of(text)
    if "[" not in shadow.text:
        return []
    pieces = []
    ends = [cut.end for cut in hidden]
    for match in _LOOKALIKE.finditer(shadow.text):
        for position in (match.start(), match.end() - 1):
            start, end = shadow.to_raw(position, position + 1)
            after = bisect_right(ends, start)  # the first that ends behind the bracket's start
            if after == len(hidden) or hidden[after].start >= end:
                pieces.append(Cut(start, end, ESCAPED, 0.0, None))
    return pieces


def escaped(raw: str) -> str:
    """The round bracket that stands for a square one."""
    return "(" if shadow_of(raw).text.startswith("[") else ")"
