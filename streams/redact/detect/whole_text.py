"""What a word's row says of its whole text and sentence, and of the word's other occurrences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect import columns as of
from streams.redact.detect import signs
from streams.redact.detect.native import native
from streams.redact.detect.tokens import LOWER, UPPER, Bytes, Hashes, Ints

_FULL = 255
_MOST_SEEN, _LONGEST_RUN = 15, 8
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # spreads the texts' numbers over the table


@native
def write_texts(data: Bytes, bounds: NDArray[np.int64], text: Ints, at: Ints, kinds: Bytes, values: Bytes) -> None:
    """TEXT_CAPITALS, TEXT_UPPER, TEXT_WORDS and STYLE."""
    first = 0
    for number in range(bounds.size - 1):
        stop = first
        while stop < text.size and text[stop] == number:
            stop += 1
        style, upper = _style(data, bounds[number], bounds[number + 1] - 1, kinds)
        capitals = _capitals(values, at, first, stop)
        for index in range(first, stop):
            row = values[at[index]]
            row[of.TEXT_CAPITALS], row[of.TEXT_UPPER], row[of.STYLE] = capitals, upper, style
            row[of.TEXT_WORDS] = min(stop - first, _FULL)
        first = stop


@native
def _style(data: Bytes, start: int, end: int, kinds: Bytes) -> tuple[int, int]:
    """STYLE of a text, and its share of capitals among letters."""
    lower = upper = 0
    style = 0
    for position in range(start, end):
        byte = data[position]
        lower += kinds[byte] == LOWER
        upper += kinds[byte] == UPPER
        if byte in (signs.COMMA, signs.POINT) and position > start and data[position - 1] == signs.SPACE:
            style |= of.APART
        if byte in (signs.HASH, signs.AT):
            style |= of.SOCIAL
    style |= (of.NO_LOWER if lower == 0 else 0) | (of.NO_UPPER if upper == 0 else 0)
    return style, _FULL * upper // max(lower + upper, 1)


@native
def _capitals(values: Bytes, at: Ints, first: int, stop: int) -> int:
    """The share of words with a capital among those of letters."""
    capitals = letters = 0
    for index in range(first, stop):
        shape = values[at[index], of.SHAPE]
        letters += shape < of.NUMERAL
        capitals += of.LOWERCASE < shape < of.NUMERAL
    return _FULL * capitals // max(letters, 1)


@native
def write_sentences(at: Ints, text: Ints, values: Bytes) -> None:
    """SENTENCE_CAPITALS, RUN_BEFORE and RUN_AFTER."""
    first = 0
    for index in range(at.size + 1):
        if index == at.size or values[at[index], of.PLACE] == 0:
            share = _capitals(values, at, first, index)
            for member in range(first, index):
                values[at[member], of.SENTENCE_CAPITALS] = share
            first = index
    for index in range(1, at.size):
        if text[index] == text[index - 1] and _touches(values[at[index]], values[at[index - 1]]):
            values[at[index], of.RUN_BEFORE] = min(values[at[index - 1], of.RUN_BEFORE] + 1, _LONGEST_RUN)
    for index in range(at.size - 2, -1, -1):
        if text[index] == text[index + 1] and _touches(values[at[index + 1]], values[at[index]]):
            values[at[index], of.RUN_AFTER] = min(values[at[index + 1], of.RUN_AFTER] + 1, _LONGEST_RUN)


@native
def _touches(row: Bytes, left: Bytes) -> bool:
    """Whether the word left of `row`'s has a capital and only a space, hyphen, point or ampersand lies between."""
    near = row[of.BEFORE] // 2 in (signs.BLANK, signs.POINT_CLASS, signs.HYPHEN_CLASS, signs.AMPERSAND_CLASS)
    return near and of.LOWERCASE < left[of.SHAPE] < of.NUMERAL and row[of.START] in (of.WITHIN, of.PERHAPS)


@native
def write_again(key: Hashes, text: Ints, at: Ints, values: Bytes) -> None:
    """SEEN_LOWER, SEEN_CAPITAL and SEEN. One table serves the whole batch: time is linear in its words."""
    size = 16
    while size < 2 * key.size:
        size *= 2
    owner = np.full(size, -1, np.int32)
    counts = np.zeros((size, 3), np.uint8)
    where = np.empty(key.size, np.int64)
    for index in range(key.size):
        where[index] = _place(owner, key, text, index)
        shape, count = values[at[index], of.SHAPE], counts[where[index]]
        capital = of.LOWERCASE < shape < of.NUMERAL and values[at[index], of.START] == of.WITHIN
        count[0] = min(count[0] + (shape == of.LOWERCASE), _MOST_SEEN)
        count[1] = min(count[1] + capital, _MOST_SEEN)
        count[2] = min(count[2] + 1, _MOST_SEEN)
    for index in range(key.size):
        row, count = values[at[index]], counts[where[index]]
        row[of.SEEN_LOWER], row[of.SEEN_CAPITAL], row[of.SEEN] = count[0], count[1], count[2]


@native
def _place(owner: Ints, key: Hashes, text: Ints, index: int) -> np.int64:
    """Where the table counts this word of this text; `owner` is the first word counted there."""
    mask = np.uint64(owner.size - 1)
    place = (key[index] ^ (np.uint64(text[index]) * _GOLDEN)) & mask
    while owner[place] >= 0:
        first = owner[place]
        if key[first] == key[index] and text[first] == text[index]:
            return np.int64(place)
        place = (place + np.uint64(1)) & mask
    owner[place] = index
    return np.int64(place)
