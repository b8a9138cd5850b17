"""Texts as words: one buffer of folded bytes for a whole batch, and where each word stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect.native import native
from streams.redact.detect.shadow import FOREIGN

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]
Hashes = NDArray[np.uint64]

# Kinds of characters.
SPACE, OTHER, DIGIT, LOWER, UPPER, ALIEN = 0, 1, 2, 3, 4, 5
MAX_WORD = 128  # bytes; a longer run was made foreign by the fold
_FNV = np.uint64(0xCBF29CE484222325)  # FNV-1a, 64 bits
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xFF51AFD7ED558CCD)  # the finalizer of MurmurHash3: FNV's low bits alone are weak


def _kinds() -> Bytes:
    kinds = np.full(256, OTHER, np.uint8)
    kinds[[9, 10, 11, 12, 13, 32]] = SPACE
    kinds[48:58] = DIGIT
    kinds[65:91] = UPPER
    kinds[97:123] = LOWER
    kinds[ord(FOREIGN)] = ALIEN
    return kinds


KINDS = _kinds()


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """Words of a batch, ascending.

    `start`, `end`: bytes of the buffer; `text`: which text; `key`: hash of the word in lower case; `stem`: the
    same without an ending after an apostrophe, or without any apostrophe.
    """

    data: Bytes
    bounds: NDArray[np.int64]
    start: Ints
    end: Ints
    text: Ints
    key: Hashes
    stem: Hashes


def tokenize(texts: Sequence[str]) -> Tokens:
    """Words of folded (ASCII) texts: runs of letters and digits, an apostrophe between letters included."""
    joined = "\n".join(texts).encode("ascii")
    data = np.frombuffer(joined, np.uint8)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(lengths + 1, out=bounds[1:])
    return Tokens(data, bounds, *_scan(data, bounds, KINDS))


@native
def hash_lower(data: Bytes, start: int, end: int, skip: int) -> np.uint64:
    """Hash of `data[start:end]` in lower case, without bytes equal to `skip` (0 for none)."""
    value = _FNV
    for index in range(start, end):
        byte = data[index]
        if byte == skip:
            continue
        if 65 <= byte <= 90:  # noqa: PLR2004 - A to Z
            byte += 32
        value = (value ^ np.uint64(byte)) * _PRIME
    value ^= value >> np.uint64(33)
    value *= _MIX
    return value ^ (value >> np.uint64(33))


@native
def _scan(data: Bytes, bounds: NDArray[np.int64], kinds: Bytes) -> tuple[Ints, Ints, Ints, Hashes, Hashes]:
    room = data.size // 2 + bounds.size + 1
    start, end, text = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    key, stem = np.empty(room, np.uint64), np.empty(room, np.uint64)
    count = 0
    for number in range(bounds.size - 1):
        position, stop = bounds[number], bounds[number + 1] - 1
        while position < stop:
            if kinds[data[position]] < DIGIT:
                position += 1
                continue
            last = _word_end(data, position, stop, kinds)
            start[count], end[count], text[count] = position, last, number
            key[count] = hash_lower(data, position, last, 0)
            stem[count] = _stem(data, position, last, key[count])
            count += 1
            position = last
    return start[:count].copy(), end[:count].copy(), text[:count].copy(), key[:count].copy(), stem[:count].copy()


@native
def _word_end(data: Bytes, position: int, stop: int, kinds: Bytes) -> int:
    while position < stop:
        if kinds[data[position]] >= DIGIT:
            position += 1
        elif data[position] == 39 and position + 1 < stop and kinds[data[position + 1]] >= LOWER:  # noqa: PLR2004 - '
            position += 2
        else:
            break
    return position


@native
def _stem(data: Bytes, start: int, end: int, key: np.uint64) -> np.uint64:
    """Hash of the word without its `'s`, of `O'Brien` as `OBrien`, or of the word itself."""
    last = -1
    for index in range(start, end):
        if data[index] == 39:  # noqa: PLR2004 - '
            last = index
    if last < 0:
        return key
    if end - last == 2 and data[end - 1] in (83, 115):  # noqa: PLR2004 - 's
        return hash_lower(data, start, last, 39)
    return hash_lower(data, start, end, 39)


def hash_word(word: str) -> int:
    """The key of one folded word."""
    data = np.frombuffer(word.encode("ascii"), np.uint8)
    return int(hash_lower(data, 0, data.size, 0))
