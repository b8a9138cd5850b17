"""From patterns to Hyperscan databases, and what each of them found."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import hyperscan as hs
import regex  # type: ignore[import-untyped]  # it ships no types

from streams.redact.detect.kept import kept
from streams.redact.detect.recognizers import Recognizer

PER_DATABASE = 24  # decisions/0001
TEXT_END = r"\n"  # what follows each text of a sheet
END_BITS = 32  # a text longer than 4 GB is refused long before
_FLAGS = hs.HS_FLAG_DOTALL | hs.HS_FLAG_MULTILINE
Entry = tuple[str, int]
"""An expression and its flags."""
# Repetitions of ours that don't give back, so that backtracking stays linear; Hyperscan has no backtracking.
_POSSESSIVE = re.compile(r"(?<!\\)([*+?}])\+")
# `\A`, `\Z` and their like, and switching off that `^` is of each line. Seen once too often costs only time.
_TEXT_ANCHOR = re.compile(r"\\[AZzG]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
_LOOKAROUND = re.compile(r"\(\?<?[!=](?:\\.|\[(?:\\.|[^\]\\])*\]|[^()\\\[])*\)")


@dataclass(frozen=True, slots=True)
class Rule:
    """A recognizer as it is searched.

    `exact` is the pattern with backtracking, for places that Hyperscan finds too widely; `whole`: it knows only
    where one may end. `spare` characters at the end of a place are not part of it.
    """

    recognizer: Recognizer
    exact: regex.Pattern[str] | None = None
    grouped: bool = False
    whole: bool = False
    spare: int = 0


def compile_rules(recognizers: Sequence[Recognizer]) -> tuple[list[hs.Database], list[Rule]]:
    """Databases whose ids are places in the list of rules."""
    databases: list[hs.Database] = []
    rules: list[Rule] = []
    for first in range(0, len(recognizers), PER_DATABASE):
        part = recognizers[first : first + PER_DATABASE]
        try:
            entries = [_entries(one) for one in part]
            databases.append(_kept(part, repr((first, entries)), partial(_database, first, entries)))
            rules += [_rule(one) for one in part]
        except hs.HyperscanError:
            widened = [_widened(one) for one in part]
            databases.append(_database(first, [[entry] for entry, _ in widened]))
            rules += [rule for _, rule in widened]
    return databases, rules


def scan(databases: Sequence[hs.Database], text: str) -> list[int]:
    """All matches, one for each end, sorted: rule, start and end as one number, the latter two of `END_BITS` bits.

    Tuples would take three times as long to sort (100,000 of them, 2026-11-25). `text` is ASCII.
    """
    hits: list[int] = []

    def on_match(number: int, start: int, end: int, _flags: int, _context: object) -> None:
        hits.append(((number << END_BITS | start) << END_BITS) | end)

    data = text.encode("ascii")
    for database in databases:
        database.scan(data, match_event_handler=on_match)
    hits.sort()
    return hits


def _kept(part: Sequence[Recognizer], expressions: str, build: Callable[[], hs.Database]) -> hs.Database:
    """Only what is ours goes to the disk: a user's word list may be names."""
    return kept(expressions, build) if all(one.is_ours for one in part) else build()


def _database(first: int, entries: Sequence[Sequence[Entry]]) -> hs.Database:
    """Several expressions of one rule share its id."""
    numbered = [(number, entry) for number, some in enumerate(entries, first) for entry in some]
    database = hs.Database(mode=hs.HS_MODE_BLOCK)
    database.compile(
        expressions=[source.encode() for _, (source, _) in numbered],
        ids=[number for number, _ in numbered],
        flags=[flags for _, (_, flags) in numbered],
    )
    return database


def _entries(one: Recognizer) -> list[Entry]:
    return [(re.escape(word), _flags(one)) for word in one.literals] or [(_source(one), _flags(one))]


def _flags(one: Recognizer) -> int:
    caseless = hs.HS_FLAG_CASELESS if one.caseless else 0
    return int(_FLAGS | caseless | (0 if one.behind else hs.HS_FLAG_SOM_LEFTMOST))


def _source(one: Recognizer) -> str:
    """What Hyperscan looks for. A user's lookaround stays: it refuses that, and the text is searched whole."""
    if _anchors_text(one):
        return TEXT_END
    if one.trigger:
        return one.trigger
    return without_lookarounds(_POSSESSIVE.sub(r"\1", one.pattern)) if one.is_ours else one.pattern


def _anchors_text(one: Recognizer) -> bool:
    """Whether a user's pattern asks where the text starts or ends, which a sheet can't say."""
    return not one.is_ours and _TEXT_ANCHOR.search(one.pattern) is not None


def without_lookarounds(pattern: str) -> str:
    """A pattern that matches wherever `pattern` does, and perhaps elsewhere."""
    wider = _LOOKAROUND.sub("", pattern)
    return wider if wider == pattern else without_lookarounds(wider)


def _rule(one: Recognizer) -> Rule:
    if _anchors_text(one):
        return _of_texts(one)
    if _source(one) == one.pattern and not one.behind:
        return Rule(one)
    exact = _exact(one)
    if one.trigger is None and not one.literals:
        return Rule(one, exact, whole=one.behind > 0)
    return Rule(one, exact, exact.groups > 0, whole=one.behind > 0, spare=1)


def _widened(one: Recognizer) -> tuple[Entry, Rule]:
    """Where a pattern is too much for an exact start, a wider one says that the text holds it somewhere.

    Where even that is too much (or it may match nothing), each text is searched: its end is the trigger.
    """
    entry = _source(one), _flags(one)
    if _compiles(entry):
        return entry, _rule(one)
    wider = one.pattern, int((_flags(one) & ~hs.HS_FLAG_SOM_LEFTMOST) | hs.HS_FLAG_PREFILTER)
    return (wider if _compiles(wider) else (TEXT_END, int(_FLAGS))), _of_texts(one)


def _of_texts(one: Recognizer) -> Rule:
    """Each text in which something ends is searched whole; the line feed after it may be what was found there."""
    return Rule(one, _exact(one), whole=True, spare=1)


def _compiles(entry: Entry) -> bool:
    try:
        _database(0, [[entry]])
    except hs.HyperscanError:
        return False
    return True


def _exact(one: Recognizer) -> regex.Pattern[str]:
    flags = regex.ASCII | regex.MULTILINE | regex.DOTALL | (regex.IGNORECASE if one.caseless else 0)
    return regex.compile(one.pattern, flags)
