"""Where one string stands in another, overlapping itself or not."""

from __future__ import annotations

from collections.abc import Iterator


def occurrences(text: str, value: str) -> Iterator[int]:
    """Each start of `value`, which is not empty, in `text`. Time grows with the length of both together.

    A search from each start anew would read all of "aaaa…" for each of its letters. Two starts less than half
    a value apart mean that the value repeats itself in that distance, and so do the starts while the text does;
    the next start after that is at least half a value away (Fine and Wilf), which pays for a new search.
    """
    before, at = -len(value), text.find(value)
    while at >= 0:
        yield at
        period = at - before
        if 2 * period <= len(value):
            again = value[-period:]
            while text.startswith(again, at + len(value)):
                at += period
                yield at
        before, at = at, text.find(value, at + 1)
