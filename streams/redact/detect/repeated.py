"""A word hidden once is hidden wherever it stands in the same text: else the one place tells the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from streams.redact.detect.find import DEFAULT, Find

MIN_PART = 3  # letters from which a part of a person's name counts by itself
FEW = 16  # words up to which counting each in a text costs at most half of taking the text apart
_WORD = re.compile(r"[0-9A-Za-z]+")


def repeated(text: str, finds: Sequence[Find], is_everyday: Callable[[str], bool]) -> list[Find]:
    """More finds in folded `text`: words found whole, and parts of people's names that are no everyday words.

    Written alike only: "Will" does not hide the verb. Linear in the text.
    """
    hidden: dict[str, str] = {}
    held = 0  # places of these words that finds hold already
    for find in finds:
        piece = text[find.start : find.end]
        if piece.isalnum():
            hidden[piece] = find.entity_type
            held += 1
        elif find.entity_type == "PERSON":
            for part in _WORD.findall(piece):
                if len(part) >= MIN_PART and not is_everyday(part.lower()):
                    hidden[part] = "PERSON"
                    held += 1
    if not hidden or (len(hidden) <= FEW and sum(map(text.count, hidden)) == held):
        return []
    return [
        Find(match.start(), match.end(), hidden[match.group()], DEFAULT)
        for match in _WORD.finditer(text)
        if match.group() in hidden
    ]
