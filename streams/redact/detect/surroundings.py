"""What stands around a word: signs, the start of its sentence and line, parentheses and quotes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect import columns as of
from streams.redact.detect import lexicon as known
from streams.redact.detect import signs
from streams.redact.detect.native import native
from streams.redact.detect.tokens import Bytes, Ints

_MOST = 250
_IN_PARENTHESES, _IN_QUOTES = 1, 2


@native
def write_surroundings(
    data: Bytes,
    bounds: NDArray[np.int64],
    start: Ints,
    end: Ints,
    text: Ints,
    at: Ints,
    classes: Bytes,
    values: Bytes,
) -> None:
    """BEFORE, AFTER, START, PLACE, LINE and INSIDE of every word."""
    inside, place, line_first = 0, 0, 0
    for index in range(start.size):
        row = values[at[index]]
        fresh = index == 0 or text[index] != text[index - 1]
        first = int(bounds[text[index]] if fresh else end[index - 1])
        ends = index + 1 == start.size or text[index + 1] != text[index]
        stop = int(bounds[text[index] + 1] - 1 if ends else start[index + 1])
        row[of.BEFORE] = _sign_before(data, first, start[index], classes)
        row[of.AFTER] = _sign_after(data, end[index], stop, classes)
        begins, inside = _gap(data, first, start[index], of.TEXT if fresh else of.WITHIN, 0 if fresh else inside)
        if begins == of.SENTENCE and _abbreviates(values[at[index - 1]]):
            begins = of.PERHAPS
        if begins in (of.TEXT, of.NEW_LINE):
            _write_line(values, at, line_first, index)
            line_first = index
        place = 0 if begins in (of.TEXT, of.SENTENCE, of.NEW_LINE) else min(place + 1, _MOST)
        row[of.START], row[of.PLACE], row[of.INSIDE] = begins, place, inside
    _write_line(values, at, line_first, start.size)


@native
def _gap(data: Bytes, first: int, stop: int, begins: int, inside: int) -> tuple[int, int]:
    """What begins after the signs `data[first:stop]`, and inside of what it stands."""
    for position in range(first, stop):
        byte = data[position]
        if byte == signs.LINE_FEED:
            inside = 0
            begins = of.TEXT if begins == of.TEXT else of.NEW_LINE
        elif byte in (signs.POINT, signs.EXCLAMATION, signs.QUESTION):
            if begins in (of.WITHIN, of.COLON) and position + 1 < stop:
                begins = of.SENTENCE
        elif byte in (signs.COLON_SIGN, signs.QUOTE, signs.STAR, signs.BAR) and begins == of.WITHIN:
            begins = of.COLON
        inside = _inside(byte, inside)
    return begins, inside


@native
def _inside(byte: int, inside: int) -> int:
    if byte == signs.OPENS:
        return inside | _IN_PARENTHESES
    if byte == signs.CLOSES:
        return inside & ~_IN_PARENTHESES
    return inside ^ _IN_QUOTES if byte == signs.QUOTE else inside


@native
def _abbreviates(row: Bytes) -> bool:
    """Whether a full stop after the word need not end the sentence: titles, companies' endings, initials."""
    short = row[of.SHAPE] == of.ONE_CAPITAL or (row[of.LENGTH] == 1 and row[of.SHAPE] == of.LOWERCASE)
    return short or (row[known.CUE] in (known.TITLES, known.COMPANY_ENDINGS) and row[of.SHAPE] < of.ONE_CAPITAL)


@native
def _write_line(values: Bytes, at: Ints, first: int, stop: int) -> None:
    for index in range(first, stop):
        values[at[index], of.LINE] = min(stop - first, _MOST)


@native
def _sign_before(data: Bytes, first: int, stop: int, classes: Bytes) -> int:
    position = stop - 1
    while position >= first and data[position] <= signs.SPACE:
        position -= 1
    if position < first:
        return 0 if stop > first else 1
    return 2 * int(classes[data[position]]) + (position == stop - 1)


@native
def _sign_after(data: Bytes, first: int, stop: int, classes: Bytes) -> int:
    position = first
    while position < stop and data[position] <= signs.SPACE:
        position += 1
    if position >= stop:
        return 0 if stop > first else 1
    return 2 * int(classes[data[position]]) + (position == first)
