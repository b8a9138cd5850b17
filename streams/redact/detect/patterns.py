"""All patterns at once: Hyperscan finds them in one pass over a whole batch, with start and end.

What Hyperscan can't say exactly (lookarounds, back-references) it finds too widely; `regex` then looks at the
place alone. The patterns lie in several databases, not one: those compile faster (decisions/0001).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby

from streams.redact.detect.compiled import END_BITS, Rule, compile_rules, scan
from streams.redact.detect.find import CERTAIN, Find
from streams.redact.detect.recognizers import Recognizer
from streams.redact.detect.sheet import Sheet, sheet, sheets

Place = tuple[int, int, int, float]
"""A match that counts: number of its text on the sheet, start and end in that text, weight."""
CONTEXT_REACH = 40  # characters before a match in which a context word counts
CONTEXT_WEIGHT = 0.35  # Presidio's own factor
SPACED = 0.21  # a weaker pattern of ours over several words ("the 60s" as a number plate) needs a context word
_END = (1 << END_BITS) - 1


class PatternScanner:
    """Many recognizers, compiled once. One thread at a time: the scratch space is shared."""

    def __init__(self, recognizers: Sequence[Recognizer]) -> None:
        self._recognizers = tuple(recognizers)
        self._databases, self._rules = compile_rules(self._recognizers)

    def digest(self) -> str:
        """SHA-256 in hex over all patterns."""
        sources = [
            f"{one.name}\0{one.entity_type}\0{one.pattern}\0{one.trigger}\0{one.caseless}\0{one.weight}"
            f"\0{sorted(one.context)}\0{one.shape_suffices}\0{one.behind}\0{one.reach}\0{one.literals}"
            for one in self._recognizers
        ]
        return hashlib.sha256("\n".join(sources).encode()).hexdigest()

    def find(self, text: str) -> list[Find]:
        """As `find_many`, for one text."""
        return self.find_many([text])[0]

    def find_many(self, texts: Sequence[str]) -> list[list[Find]]:
        """For each folded (ASCII) text its finds, in its coordinates, unsorted and overlapping."""
        finds: list[list[Find]] = [[] for _ in texts]
        for page in sheets(texts):
            for number in self._search(page, finds):
                finds[number] = []
                self._search(sheet([texts[number]], number), finds)
        return finds

    def _search(self, page: Sheet, finds: list[list[Find]]) -> set[int]:
        """Add what is on `page`; texts that a match tore across are returned, to be searched alone."""
        torn: set[int] = set()
        hits = scan(self._databases, page.text)
        count, at = len(hits), 0
        while at < count:
            number, first = hits[at] >> 2 * END_BITS, at
            while at < count and hits[at] >> 2 * END_BITS == number:
                at += 1
            rule = self._rules[number]
            search = _by_start if rule.exact is None else _by_region
            for text, start, end, weight in search(rule, page, hits[first:at], torn):
                wide_start, wide_end = _whole_words(page.texts[text], start, end)
                finds[page.first + text].append(Find(wide_start, wide_end, rule.recognizer.entity_type, weight))
        return {page.first + text for text in torn}


def _by_start(rule: Rule, page: Sheet, hits: Sequence[int], torn: set[int]) -> Iterator[Place]:
    r"""What Hyperscan said is exact; of several ends of one start the best counts.

    One alone on its sheet may still end with the line feed after it (`\d{3}\s?`): that is cut off.
    """
    for start, some in groupby(hits, key=_start_of):
        ends = [hit & _END for hit in some]
        text = page.place(start)
        low, limit = page.starts[text], page.end(text)
        if ends[-1] > limit and len(page.starts) > 1:
            torn.update(range(text, page.place(ends[-1] - 1) + 1))
            continue
        inside = [min(end, limit) - low for end in ends if start < limit]
        for end, weight in _longest(rule.recognizer, page.texts[text], start - low, inside):
            yield text, start - low, end, weight


def _by_region(rule: Rule, page: Sheet, hits: Sequence[int], torn: set[int]) -> Iterator[Place]:
    """What Hyperscan found too widely is searched with backtracking; each character once, however many hits."""
    assert rule.exact is not None
    for text, first, last in _regions(rule, page, hits, torn):
        low, alone = page.starts[text], page.texts[text]
        for match in rule.exact.finditer(alone, first - low, last - low, timeout=rule.recognizer.limit_s):
            start, end = match.span(1) if rule.grouped and match.start(1) >= 0 else match.span()
            weight = _weigh(rule.recognizer, alone, start, end) if end > start else None
            if weight is not None:
                yield text, start, end, weight


def _regions(rule: Rule, page: Sheet, hits: Sequence[int], torn: set[int]) -> Iterator[tuple[int, int, int]]:
    """Where to look: around each hit, within its text; overlapping regions are one."""
    text, first, last = -1, 0, 0
    for hit in hits:
        end = hit & _END
        here = page.place(end - 1 if rule.whole else _start_of(hit))
        low, limit = page.starts[here], page.end(here)
        if end > limit + rule.spare and len(page.starts) > 1:
            torn.update(range(here, page.place(end - 1) + 1))
        start, until = _around(rule, hit, low, limit)
        if here == text and start <= last:
            last = max(last, until)
            continue
        if text >= 0:
            yield text, first, last
        text, first, last = here, start, until
    yield text, first, last


def _around(rule: Rule, hit: int, low: int, limit: int) -> tuple[int, int]:
    """As far back and ahead as the rule says."""
    behind, end = rule.recognizer.behind, hit & _END
    if not rule.whole:
        return _start_of(hit), min(end + rule.recognizer.reach, limit)
    return (max(low, end - behind), min(end + rule.recognizer.reach, limit)) if behind else (low, limit)


def _start_of(hit: int) -> int:
    return hit >> END_BITS & _END


def _longest(one: Recognizer, text: str, start: int, ends: Sequence[int]) -> Sequence[tuple[int, float]]:
    """The longest end whose checksum holds; else the longest, if it counts at all."""
    best: Sequence[tuple[int, float]] = ()
    for end in reversed(ends):
        weight = _weigh(one, text, start, end)
        if weight is not None and (weight == CERTAIN or not best):
            best = ((end, weight),)
        if weight == CERTAIN or one.check is None:
            break
    return best


def _weigh(one: Recognizer, text: str, start: int, end: int) -> float | None:
    """How sure this match is; `None` when its checksum says it is something else."""
    if one.check is not None:
        valid = one.check(text[start:end])
        if valid:
            return CERTAIN
        if valid is False and not one.shape_suffices:
            return None
    if one.context:
        before = text[max(0, start - CONTEXT_REACH) : start].lower()
        if any(word in before for word in one.context):
            return min(one.weight + CONTEXT_WEIGHT, CERTAIN - 0.01)
    unlikely = one.is_ours and one.weight < SPACED and " " in text[start:end]
    return None if unlikely and not _stands_out(text, start, end) else one.weight


def _stands_out(text: str, start: int, end: int) -> bool:
    """Whether what has letters is all capitals, and the text around it is not."""
    around = text[max(0, start - CONTEXT_REACH) : start] + text[end : end + CONTEXT_REACH]
    return text[start:end].isupper() and not around.isupper()


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen to whole runs of letters and digits: half a word shown would tell the other half."""
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end
