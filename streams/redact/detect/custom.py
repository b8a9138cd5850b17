"""A policy's own deny list and patterns, matched by Hyperscan alone: linear time, whatever a policy says."""

from __future__ import annotations

import re

import hyperscan as hs

from schemas.errors import ConfigError
from streams.redact.detect.find import CERTAIN, DENIED, Find
from streams.redact.detect.shadow import fold
from topology.policies import Detection


class CustomScanner:
    """What the policy itself names. Raises `ConfigError` at once for a pattern that needs backtracking."""

    def __init__(self, detection: Detection) -> None:
        terms = [(DENIED, _term(word), hs.HS_FLAG_CASELESS) for word in detection.deny]
        self._entries = terms + [(one.category, one.regex, 0) for one in detection.patterns]
        for one in detection.patterns:
            _compile([(one.category, one.regex, 0)], one.name)
        self._database = _compile(self._entries, "deny") if self._entries else None

    def find(self, text: str) -> list[Find]:
        """Finds in folded text: of each pattern all matches, whose union the caller takes."""
        if self._database is None:
            return []
        longest: dict[tuple[int, int], int] = {}

        def on_match(number: int, start: int, end: int, _flags: int, _context: object) -> None:
            longest[number, start] = max(end, longest.get((number, start), 0))

        self._database.scan(text.encode("ascii"), match_event_handler=on_match)
        return [
            Find(start, end, self._entries[number][0], CERTAIN)
            for (number, start), end in sorted(longest.items())
            if end > start
        ]


def _term(word: str) -> str:
    folded = fold(word)
    before = r"\b" if folded[:1].isalnum() else ""
    after = r"\b" if folded[-1:].isalnum() else ""
    return before + re.escape(folded) + after


def _compile(entries: list[tuple[str, str, int]], name: str) -> hs.Database:
    database = hs.Database(mode=hs.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=[source.encode("ascii") for _, source, _ in entries],
            ids=list(range(len(entries))),
            flags=[flags | hs.HS_FLAG_SOM_LEFTMOST for _, _, flags in entries],
        )
    except (hs.HyperscanError, UnicodeEncodeError):
        raise ConfigError(
            f"detection pattern {name}: can't run in linear time; leave out lookarounds, back-references and"
            " large repetitions"
        ) from None
    return database
