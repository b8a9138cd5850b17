"""Known numbers where a text repeats them: grouped otherwise, cut to their end, without their country code."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from schemas.hidden import Hidden
from streams.redact.detect.context.dates import Dates, compact_forms, triples
from streams.redact.detect.context.words import only_digits
from streams.redact.detect.find import CERTAIN, WEAK, Find

MIN_DIGITS = 4
LAST_FOUR = 4
MIN_INSIDE = 5  # digits from which a piece out of the middle of a known number counts
CORE = 7  # digits of a subscriber's number: what stays when the codes of country and area are written otherwise
COMPACT = (6, 8)  # digits of a date without separators
MAX_DIGITS = 40  # of one known number; a longer one is a table

# Digits with what groups them: any one sign, or two of those that stand together in "(0171) 234-5678".
_RUN = re.compile(r"\d(?:(?:[^0-9A-Za-z]|[ ().+/-]{2})?\d)*")
_GROUP = re.compile(r"\d+")


class Digits(Hidden):
    """Numbers and dates to look for. Each step is a look-up of a piece of a run: time grows with the text only."""

    __slots__ = (
        "_compact",
        "_cores",
        "_dates",
        "_ends",
        "_joined",
        "_kinds",
        "_lengths",
        "_starts",
        "_triples",
        "_whole",
    )

    def __init__(self, dates: Dates) -> None:
        self._dates = dates
        self._whole: dict[str, str] = {}
        self._joined: str | None = None
        self._starts: list[int] = []
        self._kinds: list[str] = []
        self._triples: dict[tuple[int, int, int], str] | None = None
        self._compact: dict[str, str] | None = None

    def add(self, digits: str, kind: str) -> None:
        if MIN_DIGITS <= len(digits) <= MAX_DIGITS:
            self._whole.setdefault(digits, kind)

    def find(self, text: str) -> list[Find]:
        """Finds in folded text, in its coordinates."""
        if len(only_digits(text)) < MIN_DIGITS:
            return []
        if self._joined is None:
            self._prepare()
        runs = [match for match in _RUN.finditer(text) if match.end() - match.start() >= MIN_DIGITS]
        return [find for run in runs for find in self._in_run(run.group(), run.start())]

    def _prepare(self) -> None:
        """What is looked up: put together when the first text with a number comes, since most have none."""
        self._joined = " ".join(self._whole)
        self._starts = list(accumulate((len(digits) + 1 for digits in self._whole), initial=0))
        self._kinds = list(self._whole.values())
        self._ends = {digits[-LAST_FOUR:]: kind for digits, kind in self._whole.items()}
        self._ends |= {digits[:LAST_FOUR]: kind for digits, kind in self._whole.items()}
        self._cores = {digits[-CORE:]: kind for digits, kind in self._whole.items() if len(digits) > CORE}
        self._lengths = {len(digits) for digits in self._whole if len(digits) >= MIN_INSIDE}

    def _in_run(self, run: str, start: int) -> Iterator[Find]:
        """What of one run of digits is known: all of it, or else groups of it."""
        groups = list(_GROUP.finditer(run))
        digits = "".join([group.group() for group in groups])
        kind = self._whole.get(digits) or self._date(digits)
        if kind is not None:
            yield Find(start, start + len(run), kind, CERTAIN)
        elif (kind := self._part_of_known(digits) or self._holds_known(digits)) is not None:
            yield Find(start, start + len(run), kind, WEAK)
        elif len(groups) > 1:
            yield from self._in_groups(groups, start)

    def _in_groups(self, groups: Sequence[re.Match[str]], start: int) -> Iterator[Find]:
        for group in groups:
            kind = self._date(group.group()) or self._part_of_known(group.group())
            if kind is not None:
                yield Find(start + group.start(), start + group.end(), kind, WEAK)
        numbers = [int(group.group()[:MAX_DIGITS]) for group in groups] if self._dates.days else []
        for first, triple in enumerate(zip(numbers, numbers[1:], numbers[2:], strict=False)):
            kind = self._triple(triple)
            if kind is not None:
                yield Find(start + groups[first].start(), start + groups[first + 2].end(), kind, CERTAIN)

    def _date(self, digits: str) -> str | None:
        """The kind of a date that is written as `digits` alone."""
        if len(digits) not in COMPACT or not self._dates.days:
            return None
        if self._compact is None:
            self._compact = {form: kind for date, kind in self._dates.days for form in compact_forms(date)}
        return self._compact.get(digits)

    def _triple(self, numbers: tuple[int, int, int]) -> str | None:
        """The kind of a date that is written as three `numbers`."""
        if self._triples is None:
            self._triples = {triple: kind for date, kind in self._dates.days for triple in triples(date)}
        return self._triples.get(numbers)

    def _part_of_known(self, digits: str) -> str | None:
        if len(digits) <= LAST_FOUR:
            return self._ends.get(digits)
        at = (self._joined or "").find(digits)
        return None if at < 0 else self._kinds[bisect_right(self._starts, at) - 1]

    def _holds_known(self, digits: str) -> str | None:
        """A known number with something before or after it, or with other codes in front."""
        for length, kinds in ((CORE, self._cores), *((length, self._whole) for length in self._lengths)):
            for start in range(len(digits) - length + 1):
                kind = kinds.get(digits[start : start + length])
                if kind is not None:
                    return kind
        return None
