"""A text without its tags: what they cut in two (`<em>Smi</em>th`) is read as one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from schemas.hidden import Hidden

_TAG = re.compile(r"<[/!]?[A-Za-z-][^<>]{0,300}>")


class Untagged(Hidden):
    """`text` is what is left without tags."""

    __slots__ = ("_joins", "_moved", "text")

    def __init__(self, text: str, tags: Sequence[re.Match[str]]) -> None:
        parts, end, length = [], 0, 0
        self._joins: list[int] = []
        self._moved: list[int] = []
        for tag in tags:
            parts.append(text[end : tag.start()])
            length += tag.start() - end
            end = tag.end()
            self._joins.append(length)
            self._moved.append(end - length)
        self.text = "".join([*parts, text[end:]])

    def is_cut(self, start: int, end: int) -> bool:
        """Whether a tag stands inside `[start, end)` of what is left."""
        join = bisect_right(self._joins, start)
        return join < len(self._joins) and self._joins[join] < end

    def to_tagged(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the text with its tags."""
        return self._place(start), self._place(end - 1) + 1

    def _place(self, at: int) -> int:
        before = bisect_right(self._joins, at)
        return at + (self._moved[before - 1] if before else 0)


def untagged(text: str) -> Untagged | None:
    """None for a text without tags."""
    tags = list(_TAG.finditer(text)) if "<" in text else []
    return Untagged(text, tags) if tags else None
