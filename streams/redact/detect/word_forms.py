"""How a word is written, and whether it is part of a name of several words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect import columns as of
from streams.redact.detect import lexicon as known
from streams.redact.detect.letters import likeness
from streams.redact.detect.lexicon import find_slot
from streams.redact.detect.native import native
from streams.redact.detect.signs import SPACE
from streams.redact.detect.tokens import ALIEN, DIGIT, LOWER, UPPER, Bytes, Ints, hash_lower

_LETTER_BITS = 31  # a letter's place in the alphabet
_YEARS = (1500, 2100)
_MAY_BE_YEAR, _MAY_BE_MONTH, _MAY_BE_DAY, _SHORT = 20, 16, 17, 2
_YEAR_DIGITS, _MONTHS, _DAYS = 4, 12, 31
_MOST_DIGITS, _MOST_LETTERS = 15, 20


@native
def write_forms(
    data: Bytes,
    start: Ints,
    end: Ints,
    at: Ints,
    kinds: Bytes,
    grams: NDArray[np.int8],
    rules: Bytes,
    values: Bytes,
) -> None:
    """Shape, length, digits, letters, likeness, and the rule that found the word."""
    places = np.empty(400, np.int64)  # three groups for each of 42 places at most
    for index in range(start.size):
        first, last = start[index], end[index]
        row = values[at[index]]
        counts = np.zeros(6, np.int32)
        for position in range(first, last):
            counts[kinds[data[position]]] += 1
        row[of.SHAPE] = _shape(counts, kinds[data[first]] == UPPER)
        row[of.LENGTH] = min(last - first, _MOST_LETTERS)
        numeral = counts[DIGIT] == last - first
        row[of.DIGITS] = _digits(data, first, last) if numeral else min(counts[DIGIT], _MOST_DIGITS)
        row[of.RULE] = rules[first]
        if counts[LOWER] + counts[UPPER] > 0:
            row[of.LAST] = _letter(data[last - 1], kinds)
            row[of.LAST_BUT_ONE] = _letter(data[last - 2], kinds) if last - first > 1 else 0
            like = likeness(data, first, last, grams, places)
            row[of.LIKE_PERSON] = like & 255
            row[of.LIKE_PLACE] = like >> 8


@native
def _letter(byte: int, kinds: Bytes) -> int:
    return byte & _LETTER_BITS if kinds[byte] >= LOWER else 0


@native
def _shape(counts: Ints, capital: bool) -> int:
    if counts[ALIEN]:
        return of.ALIEN_WORD
    if counts[DIGIT]:
        return of.WITH_DIGITS if counts[LOWER] + counts[UPPER] else of.NUMERAL
    if counts[UPPER] == 0:
        return of.LOWERCASE
    if counts[UPPER] == 1 and capital:
        return of.CAPITAL if counts[LOWER] else of.ONE_CAPITAL
    return of.MIXED if counts[LOWER] else of.CAPITALS


@native
def _digits(data: Bytes, start: int, end: int) -> int:
    """Digits of a number, or what it may be."""
    length = end - start
    value = 0
    for position in range(start, min(end, start + _YEAR_DIGITS)):
        value = value * 10 + data[position] - 48
    if length == _YEAR_DIGITS and _YEARS[0] <= value <= _YEARS[1]:
        return _MAY_BE_YEAR
    if length <= 2:  # noqa: PLR2004 - a month or day has at most two digits
        return _MAY_BE_MONTH if value <= _MONTHS else _MAY_BE_DAY if value <= _DAYS else _SHORT
    return min(length, _MOST_DIGITS)


@native
def mark_phrases(
    data: Bytes, start: Ints, end: Ints, text: Ints, at: Ints,
    slots: NDArray[np.uint32], rows: Bytes, values: Bytes,
) -> None:  # fmt: skip
    """Marks words of known names of two or three words, one space apart."""
    for index in range(start.size - 1):
        for more in range(1, 3):
            last = index + more
            if last >= start.size or text[last] != text[index] or start[last] - end[last - 1] != 1:
                break
            if data[end[last - 1]] != SPACE:
                break
            place = find_slot(slots, hash_lower(data, start[index], end[last], 0))
            if slots[place] != 0 and rows[place, known.PHRASE]:
                for member in range(index, last + 1):
                    values[at[member], known.PHRASE] = rows[place, known.PHRASE]
