"""From sensitive words to finds: neighbours become one, and their kind is what they are most like together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.redact.detect import columns as of
from streams.redact.detect import lexicon as known
from streams.redact.detect import rule_groups, signs
from streams.redact.detect.features import Rows
from streams.redact.detect.find import DEFAULT, LIKELY, NUMBER, UNUSUAL, WEAK, Find
from streams.redact.detect.model import CLASSES
from streams.redact.detect.native import native
from streams.redact.detect.tokens import Bytes, Ints, Tokens

# Kinds are the classes without the first, then the one for what is of no sure kind.
_KINDS = (*CLASSES[1:], UNUSUAL)
_ADDRESS, _NUMBER, _UNSURE = _KINDS.index("ADDRESS"), _KINDS.index("NUMBER"), _KINDS.index(UNUSUAL)
_PERSON, _OTHER = _KINDS.index("PERSON"), _KINDS.index("OTHER")
_SURE = 0.6  # share of probability from which a kind is named
_GAP = 3  # characters between words of one name: "Smith, J."
_LONGEST = 400  # characters a name or an address may grow to
_JOINING = 2  # words such as "of the" between two parts of a name
_SHOWN_AS = [
    {"NUMBER": (NUMBER, WEAK), "OTHER": (UNUSUAL, DEFAULT), UNUSUAL: (UNUSUAL, DEFAULT)}.get(kind, (kind, LIKELY))
    for kind in _KINDS
]


def join(tokens: Tokens, rows: Rows, hidden: NDArray[np.int64], kinds: NDArray[np.float32]) -> list[list[Find]]:
    """Finds of each text, ascending and disjoint, in its coordinates. `kinds`: scores `[kinds, hidden words]`.

    Words that rules took for a person, a place or a number count as hidden, so that a find spans them too.
    """
    finds: list[list[Find]] = [[] for _ in range(tokens.bounds.size - 1)]
    best = _best(kinds, hidden, rows.values, rows.at)
    runs = _runs(tokens.data, tokens.start, tokens.end, tokens.text, rows.values, rows.at, best)
    first, last, kind = _named(runs, rows.values, rows.at, hidden, kinds, best)
    starts = tokens.start[first] - tokens.bounds[tokens.text[first]]
    ends = tokens.end[last] - tokens.bounds[tokens.text[first]]
    for text, start, end, name in zip(
        tokens.text[first].tolist(), starts.tolist(), ends.tolist(), kind.tolist(), strict=True
    ):
        finds[text].append(Find(start, end, *_SHOWN_AS[name]))
    return finds


@native
def _best(kinds: NDArray[np.float32], hidden: NDArray[np.int64], values: Bytes, at: Ints) -> NDArray[np.int8]:
    """For each word its likeliest kind; -1 for what is shown, and what rules hide under a name of their own."""
    best = np.full(at.size, -1, np.int8)
    for index in range(at.size):
        group = values[at[index], of.RULE]
        if group in (rule_groups.PERSON, rule_groups.PLACE):
            best[index] = _PERSON if group == rule_groups.PERSON else _ADDRESS
    for place in range(hidden.size):
        word = hidden[place]
        if values[at[word], of.RULE] in (0, rule_groups.PERSON, rule_groups.PLACE):
            best[word] = np.argmax(kinds[:, place])
    return best


@native
def _runs(
    data: Bytes, start: Ints, end: Ints, text: Ints, values: Bytes, at: Ints, best: NDArray[np.int8]
) -> NDArray[np.int64]:
    """First and last word of each run of neighbours, `[runs, 2]`."""
    runs = np.empty((at.size, 2), np.int64)
    count = 0
    for index in range(at.size):
        if best[index] < 0:
            continue
        last = runs[count - 1, 1] if count else -1
        near = count > 0 and end[index] - start[runs[count - 1, 0]] <= _LONGEST
        if near and _belongs(data, start, end, text, values, at, best, last, index):
            runs[count - 1, 1] = index
        else:
            runs[count] = index
            count += 1
    return runs[:count]


@native
def _belongs(
    data: Bytes, start: Ints, end: Ints, text: Ints, values: Bytes, at: Ints, best: NDArray[np.int8], left: int,
    right: int,
) -> bool:  # fmt: skip
    """Whether two words that are hidden are parts of one name or address."""
    if text[left] != text[right] or right - left > _JOINING + 1:
        return False
    place = best[left] == _ADDRESS and best[right] == _ADDRESS
    for index in range(left, right):
        if not _glued(data, end[index], start[index + 1], place):
            return False
    for index in range(left + 1, right):
        if best[left] != best[right] or values[at[index], known.CUE] != known.PARTICLES:
            return False
    return True


@native
def _glued(data: Bytes, start: int, end: int, place: bool) -> bool:
    """Whether only signs that names hold lie between two words; in an address, commas and lines too."""
    if end - start > _GAP:
        return False
    for position in range(start, end):
        byte = data[position]
        if place and byte in (signs.COMMA, signs.LINE_FEED):
            continue
        if byte not in (signs.SPACE, signs.APOSTROPHE, signs.AMPERSAND, signs.HYPHEN, signs.POINT, signs.SLASH):
            return False
    return True


@native
def _named(
    runs: NDArray[np.int64], values: Bytes, at: Ints, hidden: NDArray[np.int64], kinds: NDArray[np.float32],
    best: NDArray[np.int8],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """First word, last word and kind of each find: runs, but numbers stand alone unless they are of an address."""
    room = at.size
    first, last, named = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    count = place = 0
    for run in range(runs.shape[0]):
        begin = place
        while begin < hidden.size and hidden[begin] < runs[run, 0]:
            begin += 1
        place = begin
        while place < hidden.size and hidden[place] <= runs[run, 1]:
            place += 1
        kind = _kind(kinds, begin, place)
        open_ = False
        for word in range(runs[run, 0], runs[run, 1] + 1):
            lone = kind != _ADDRESS and values[at[word], of.SHAPE] == of.NUMERAL and best[word] >= 0
            if lone or not open_:
                first[count], named[count] = word, _NUMBER if lone else kind
                count += 1
            last[count - 1] = word
            open_ = not lone
    return first[:count], last[:count], named[:count]


@native
def _kind(kinds: NDArray[np.float32], first: int, stop: int) -> int:
    """The kind with the highest mean score over some hidden words; that of no sure kind when it is not sure."""
    if first == stop:
        return _UNSURE
    means = np.zeros(kinds.shape[0], np.float64)
    for place in range(first, stop):
        for kind in range(means.size):
            means[kind] += kinds[kind, place] / (stop - first)
    best = int(np.argmax(means))
    total = 0.0
    for kind in range(means.size):
        total += np.exp(means[kind] - means[best])
    return best if 1 / total >= _SURE else _UNSURE
