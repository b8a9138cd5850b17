"""Groups of two to four letters of a word, hashed: what unknown words look like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect.native import native
from streams.redact.detect.tokens import Bytes

GROUPS = 1 << 15
SCALE = 16  # weights are stored as eight-bit integers, sixteenths of a logit
_EDGE = 96  # stands for the start and the end of the word; the byte before "a"
_LONGEST = 40  # letters looked at


@native
def group_places(data: Bytes, start: int, end: int, places: NDArray[np.int64]) -> int:
    """Write where the groups of `data[start:end]` (in lower case, edges marked) lie in the table.

    Returns how many there are: at most three for each letter and both edges.
    """
    count = 0
    end = min(end, start + _LONGEST)
    for first in range(start - 1, end):
        value = 0
        for length in range(1, 5):
            index = first + length - 1
            if index > end:
                break
            byte = _EDGE if index < start or index == end else int(data[index]) | 32
            value = value * 131 + byte
            if length > 1:
                places[count] = (value * 40503 >> 4) & (GROUPS - 1)
                count += 1
    return count


@native
def likeness(data: Bytes, start: int, end: int, grams: NDArray[np.int8], places: NDArray[np.int64]) -> int:
    """How much the word looks like a person's (low byte) and a place's name (next byte); 128 is undecided."""
    count = group_places(data, start, end, places)
    person, place = 0, 0
    for number in range(count):
        person += grams[places[number], 0]
        place += grams[places[number], 1]
    person = min(255, max(0, 128 + person))
    place = min(255, max(0, 128 + place))
    return person | place << 8
