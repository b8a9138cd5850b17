"""Unicode's normal forms in time that grows with the text. Python puts the marks of a letter in order one by one:
a record with 80,000 on one letter took 12 s, one of twice as many four times that, and 500,000 fit into a payload.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

import regex  # type: ignore[import-untyped]  # it ships no types

MOST_MARKS = 30  # of a letter, by Unicode's Stream-Safe Text Format (UAX #15, D4)
_MANY = regex.compile(rf"(\p{{M}}{{{MOST_MARKS}}})\p{{M}}+")


def normalized(form: Literal["NFC", "NFKC", "NFD", "NFKD"], text: str) -> str:
    """`text` in a normal form; further marks of a letter are left out."""
    if len(text) > MOST_MARKS and not text.isascii():
        text = _MANY.sub(r"\1", text)
    return unicodedata.normalize(form, text)
