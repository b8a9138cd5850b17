"""The metrics and alerts of a project from its log, from nothing: what watch must have published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from streams.watch.book import Book, Final
from streams.watch.rules import Rule
from streams.watch.windows import Arrival, Windows


def recompute(
    project: str, arrivals: Iterable[Arrival], times: Mapping[int, int], rules: Sequence[Rule], windows: Windows
) -> Iterator[Final]:
    """All windows that are final when each partition has come to its time in `times`, in order.

    `arrivals`: every event of the project's log up to there, in order within a partition. Memory: the log's. Pure.
    """
    book = Book(project, rules, windows)
    for arrival in arrivals:
        book.take(arrival)
    yield from book.advance(times)
