"""Deny by default: every word and number that common text would not hold is a find."""

from __future__ import annotations

import re

from streams.redact.detect.find import DEFAULT, LIKELY, NUMBER, UNUSUAL, WEAK, Find
from streams.redact.detect.shadow import FOREIGN
from streams.redact.detect.vocabulary import Vocabulary

# Group 1: what may start a sentence. Group 2: a word, possibly with an apostrophe inside.
_TOKEN = re.compile(rf"([.!?][\s\"')\]]+|[\n\":(]+)|([0-9A-Za-z{FOREIGN}]+(?:'[A-Za-z{FOREIGN}]+)*)")
_POINTED = "mr mrs ms dr prof st apt no vs inc ltd jr sr ave rd gen sen rep capt sgt rev hon mt ft"
_ABBREVIATION = frozenset(_POINTED.split())
# Numbers with a unit or ordinal ending, as everyone writes them.
_MEASURE = re.compile(
    r"\d{1,3}(?:st|nd|rd|th|am|pm|s|k|m|x|km|kg|cm|mm|ml|gb|mb|h|hr|hrs|min|mins|p|d)", re.IGNORECASE
)
MIN_NUMBER = 4  # digits in a row from which a number can be somebody's; shorter ones count only beside a find
MOSTLY_CAPITALS = 0.6  # share of capitals from which they are a style, and no evidence


class WordScanner:
    """Finds unusual words in folded text. Pure."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._words = vocabulary
        self._listed = vocabulary.names | vocabulary.places

    def find(self, text: str) -> list[Find]:
        shouting = _is_shouting(text)
        finds: list[Find] = []
        shown_for_starting: list[tuple[int, int]] = []
        starts, previous = True, ""
        for match in _TOKEN.finditer(text):
            if match.lastindex == 1:
                starts = not (match.group()[0] == "." and (previous in _ABBREVIATION or len(previous) == 1))
                continue
            word = match.group()
            kind = self._judge(word, starts, shouting)
            if kind is not None:
                finds.append(Find(match.start(), match.end(), *kind))
            elif starts and word[0].isupper():
                shown_for_starting.append(match.span())
            starts, previous = False, word.lower()
        return finds + _seen_again(text, finds, shown_for_starting)

    def _judge(self, word: str, starts: bool, shouting: bool) -> tuple[str, float] | None:
        """What `word` is if it must be hidden; `None` when it may be shown."""
        words = self._words
        if word in words.common or word in words.capitals:  # most words end here
            return None
        if word.isdigit():
            return (NUMBER, WEAK) if len(word) >= MIN_NUMBER else None
        lower = word.lower()
        stem = lower.partition("'")[0] if lower.endswith("'s") or word.isupper() else lower
        if stem in self._listed:
            return ("PERSON" if stem in words.names else "LOCATION", LIKELY)
        if word.islower() or shouting:
            shown = stem in words.common or lower in words.common
        elif starts and len(word) > 1:
            shown = lower in words.starters or stem in words.starters
        else:
            shown = False
        if shown or (word[0].isdigit() and _MEASURE.fullmatch(word)):
            return None
        return (UNUSUAL, DEFAULT)


def _seen_again(text: str, finds: list[Find], shown: list[tuple[int, int]]) -> list[Find]:
    """Words that may start a sentence, but were hidden elsewhere: as in "Baker left. I called Baker"."""
    if not shown or not finds:
        return []
    hidden = {text[find.start : find.end] for find in finds}
    return [Find(start, end, UNUSUAL, DEFAULT) for start, end in shown if text[start:end] in hidden]


def _is_shouting(text: str) -> bool:
    capitals = sum(map(str.isupper, text))
    return capitals > 1 and capitals >= MOSTLY_CAPITALS * sum(map(str.isalpha, text))
