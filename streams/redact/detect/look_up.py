"""What the lexicon knows of a word: as it stands, or of what it was made from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect import columns as of
from streams.redact.detect import lexicon as known
from streams.redact.detect.lexicon import find_slot
from streams.redact.detect.native import native
from streams.redact.detect.tokens import Bytes, Hashes, Ints, hash_lower

Slots = NDArray[np.uint32]
_ENDINGS = np.frombuffer(b"s\0\0\0es\0\0ed\0\0d\0\0\0ing\0ly\0\0er\0\0y\0\0\0", np.uint8).reshape(8, 4)
_LEAST_STEM = 4  # letters left when an ending is taken away
_LOWER_BIT = 32  # makes a letter lower case
_DRAWN_OUT = 3  # equal letters in a row that no word has
_SHORTEST, _LONGEST = 6, 32  # letters of a word that may be several, as hashtags are
_LONGEST_PART, _LETTERS_PER_PART = 12, 3
_PART_ZIPF, _PART_COMMON, _PART_NAME = 85, 6, 100  # parts are everyday words, and no usual names

# Ordinals and measures as everyone writes them: up to three digits, then one of these.
_UNITS = "st nd rd th am pm s k m x km kg cm mm ml gb mb h hr hrs min mins p d yr yrs"
_UNIT_CODES = tuple(int.from_bytes(unit.encode(), "big") for unit in _UNITS.split())
_MOST_DIGITS, _LONGEST_UNIT = 3, 4
_ZERO, _NINE = 48, 57
_MEASURE_ZIPF, _MEASURE_COMMON = 100, 6  # as of a usual word


@native
def look_up(
    start: Ints, key: Hashes, stem: Hashes, at: Ints, slots: Slots, rows: Bytes, values: Bytes
) -> NDArray[np.int64]:
    """Write the lexicon's columns and SOURCE of the words that are listed; return which are not."""
    unlisted = np.empty(start.size, np.int64)
    count = 0
    for index in range(start.size):
        place = find_slot(slots, key[index])
        if slots[place] == 0:
            values[at[index], of.SOURCE] = of.STEM
            place = find_slot(slots, stem[index])
        if slots[place] == 0:
            unlisted[count] = index
            count += 1
        values[at[index], : of.LEXICAL] = rows[place, : of.LEXICAL]
    return unlisted[:count].copy()


@native
def derive(
    data: Bytes,
    start: Ints,
    end: Ints,
    chosen: NDArray[np.int64],
    at: Ints,
    slots: Slots,
    rows: Bytes,
    values: Bytes,
) -> None:
    """Write the columns of words that are not listed, from what they were made of."""
    for index in chosen:
        row = values[at[index]]
        source, place = _changed(data, start[index], end[index], slots, rows)
        row[: of.LEXICAL] = rows[place, : of.LEXICAL]
        if source == of.UNLISTED and _measures(data, start[index], end[index]):
            source, row[known.ZIPF], row[known.COMMON] = of.DERIVED, _MEASURE_ZIPF, _MEASURE_COMMON
        row[of.SOURCE] = source


@native
def _measures(data: Bytes, start: int, end: int) -> bool:
    """Whether the word is a number with an ordinal ending or a unit: "2nd", "10km"."""
    digits = start
    while digits < end and _ZERO <= data[digits] <= _NINE:
        digits += 1
    if not 1 <= digits - start <= _MOST_DIGITS or end - digits > _LONGEST_UNIT:
        return False
    code = 0
    for index in range(digits, end):
        code = code * 256 + (int(data[index]) | _LOWER_BIT)
    return code in _UNIT_CODES


@native
def _changed(data: Bytes, start: int, end: int, slots: Slots, rows: Bytes) -> tuple[int, int]:
    """SOURCE and slot of a word that stands in no list."""
    place = _without_ending(data, start, end, slots)
    if slots[place] == 0:
        place = _squeezed(data, start, end, slots)
    if slots[place] != 0:
        return of.DERIVED, place
    place = _compound(data, start, end, slots, rows)
    return (of.COMPOUND if slots[place] != 0 else of.UNLISTED), place


@native
def _nowhere(slots: Slots) -> int:
    """A free slot, whose row is empty."""
    place = 0
    while slots[place] != 0:
        place += 1
    return place


@native
def _without_ending(data: Bytes, start: int, end: int, slots: Slots) -> int:
    for ending in _ENDINGS:
        length = 1 + (ending[1] > 0) + (ending[2] > 0)
        if end - start < length + _LEAST_STEM:
            continue
        same = True
        for index in range(length):
            same = same and (data[end - length + index] | _LOWER_BIT) == ending[index]
        if same:
            place = int(find_slot(slots, hash_lower(data, start, end - length, 0)))
            if slots[place] != 0:
                return place
    return _nowhere(slots)


@native
def _squeezed(data: Bytes, start: int, end: int, slots: Slots) -> int:
    """The word with letters that are drawn out ("soooo") written twice, or once."""
    drawn_out = False
    for index in range(start + _DRAWN_OUT - 1, end):
        drawn_out = drawn_out or data[index] == data[index - 1] == data[index - 2]
    if not drawn_out:
        return _nowhere(slots)
    place = 0
    for most in (2, 1):
        squeezed = np.empty(end - start, np.uint8)
        count = 0
        for index in range(start, end):
            if count < most or data[index] != squeezed[count - 1] or data[index] != squeezed[count - most]:
                squeezed[count] = data[index]
                count += 1
        place = int(find_slot(slots, hash_lower(squeezed, 0, count, 0)))
        if slots[place] != 0:
            break
    return place


@native
def _compound(data: Bytes, start: int, end: int, slots: Slots, rows: Bytes) -> int:
    """The rarest part of a word made of everyday words ("lovethoseshoes"), put together from as few as can be."""
    size = end - start
    if size < _SHORTEST or size > _LONGEST:
        return _nowhere(slots)
    parts = np.full(size + 1, size, np.int64)
    rarest = np.zeros(size + 1, np.int64)
    parts[0] = 0
    for last in range(2, size + 1):
        for first in range(max(0, last - _LONGEST_PART), last - 1):
            if parts[first] + 1 >= parts[last]:
                continue
            place = int(find_slot(slots, hash_lower(data, start + first, start + last, 0)))
            if slots[place] != 0 and _everyday(rows[place]):
                parts[last] = parts[first] + 1
                before = rarest[first]
                rarer = first == 0 or rows[place, known.ZIPF] < rows[before, known.ZIPF]
                rarest[last] = place if rarer else before
    if parts[size] * _LETTERS_PER_PART > size or parts[size] == 1:
        return _nowhere(slots)
    return int(rarest[size])


@native
def _everyday(row: Bytes) -> bool:
    named = row[known.GEO] > 0 or row[known.GIVEN] >= _PART_NAME
    return bool(row[known.ZIPF] >= _PART_ZIPF and row[known.COMMON] >= _PART_COMMON and not named)
