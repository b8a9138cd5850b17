"""From overlapping finds to disjoint ones: the union, never a choice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from streams.redact.detect.find import NUMBER, WORDY, Find

_GLUE = re.compile(
    r"[ \-'/&]{1,3}|'s |(?: (?:van|von|der|den|de|del|della|di|da|dos|du|la|le|el|al|bin|ibn|zu|y|of|and))+ "
)
_ADDRESS_GLUE = re.compile(r"[\s,.\-]{1,3}")
_SHORT_NUMBER = re.compile(r"(?<![\w.,])(\d{1,3}[A-Za-z]?)([ ,\n]{1,2})$")
_NUMBER_AFTER = re.compile(r"[ ,\n]{1,2}(\d{1,3}[A-Za-z]?)(?![\w%]|[.,:]\d)")
MAX_PLACE = 400  # characters an address may be drawn together to


def union(finds: Iterable[Find]) -> list[Find]:
    """Overlapping finds become one, as wide as both, of the type with the greatest weight, then length, then name.

    Empty finds are ignored. The result is ascending and disjoint.
    """
    merged: list[Find] = []
    for find in sorted(finds, key=lambda one: (one.start, -one.end, -one.weight, one.entity_type)):
        if find.end <= find.start:
            continue
        if merged and find.start < merged[-1].end:
            merged[-1] = _join(merged[-1], find)
        else:
            merged.append(find)
    return merged


def draw_together(finds: list[Find], text: str) -> list[Find]:
    """Parts of one name or address, found word by word in `text`, become one find, gaps included."""
    result: list[Find] = []
    for find in (_with_house_number(one, text) for one in finds):
        if result and _belongs(result[-1], find, text):
            result[-1] = _join(result[-1], find)
        else:
            result.append(find)
    return result


def _belongs(left: Find, right: Find, text: str) -> bool:
    if left.entity_type not in WORDY or right.entity_type not in WORDY:
        return False
    if right.start - left.end <= 0:
        return right.start < left.end
    if right.start - left.end > 16 or right.end - left.start > MAX_PLACE:  # noqa: PLR2004 - the longest glue
        return False
    between = text[left.end : right.start]
    if _GLUE.fullmatch(between):
        return True
    if _ADDRESS_GLUE.fullmatch(between):
        return _is_place(left) or _is_place(right)
    return False


def _is_place(find: Find) -> bool:
    return find.entity_type in {"ADDRESS", NUMBER}


def _with_house_number(find: Find, text: str) -> Find:
    """A name with a short number beside it is taken for a street, and the number hidden with it."""
    if find.entity_type not in WORDY or find.entity_type == NUMBER:
        return find
    before = _SHORT_NUMBER.search(text, max(0, find.start - 8), find.start)
    after = _NUMBER_AFTER.match(text, find.end)
    if before is None and after is None:
        return find
    start = before.start(1) if before else find.start
    return Find(start, after.end(1) if after else find.end, "ADDRESS", find.weight)


def _join(left: Find, right: Find) -> Find:
    strongest = max(left, right, key=lambda one: (one.weight, one.end - one.start, one.entity_type))
    place = strongest.entity_type in WORDY and (left.entity_type == "ADDRESS" or right.entity_type == "ADDRESS")
    kind = "ADDRESS" if place else strongest.entity_type
    return Find(min(left.start, right.start), max(left.end, right.end), kind, strongest.weight)
