"""How Label Studio counts characters, and ours.

Its editor converts what the browser gives, UTF-16 code units, to code points before it stores them (since
label-studio-frontend 1.4, pull request 308: `charsToCodePoints`, and `[...text]` in `domManager.ts`): what we
count too. Files of older versions hold code units; for text outside the Basic Multilingual Plane, an emoji for
example, those are others. `value.text` tells which it was, so that it is checked and never guessed. Pure.
"""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import accumulate

_BREAKS = re.compile(r"[\r\n]")
_WHITE = re.compile(r"(?:\\n|\s)+")
_BEYOND_BMP = 0xFFFF


class Unit(StrEnum):
    """What the offsets of a file count."""

    CODE_POINTS = "code-points"
    UTF_16 = "utf-16"
    """Code units, as Label Studio before 1.4 stored them."""


def to_code_points(text: str, offset: int, unit: Unit) -> int | None:
    """The offset in code points; None where it lies outside the text or within a surrogate pair."""
    if unit is Unit.CODE_POINTS:
        return offset if 0 <= offset <= len(text) else None
    units = list(accumulate((1 + (ord(char) > _BEYOND_BMP) for char in text), initial=0))
    try:
        return units.index(offset)
    except ValueError:
        return None


def quoted(text: str) -> str:
    """A piece of text as Label Studio quotes it in `value.text`: a line break is a backslash and an n."""
    return _BREAKS.sub(r"\\n", text)


def quotes(said: str, text: str) -> bool:
    """Whether `value.text` quotes this piece. It is what was displayed, and a browser collapses white space: that
    tells nothing.
    """
    return _WHITE.sub("", said) == _WHITE.sub("", text)
