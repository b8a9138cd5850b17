"""What is true of a record, in raw coordinates. The harness keeps it; no process and no annotator ever sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.demo.phrases import LEXICON, TONE
from schemas.records import LabelSpan

_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(
    rf"(?<![\w/.-])(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}/\d{{1,2}}/\d{{2,4}}|\d{{1,2}} (?:{_MONTH})(?: \d{{4}})?"
    rf"|(?:{_MONTH}) \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?)(?![\w/-])"
)
"""Dates as people write them. Written apart from the redactor's patterns, whose work is measured by it."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The labels of one record: spans of raw fields (code points, end-exclusive) and its tone."""

    spans: frozenset[LabelSpan]
    tone: str


def truth_of_text(field: str, text: str) -> Truth:
    """The truth of a text that nobody has annotated: each phrase and date in it, and the tone of its words."""
    return Truth(frozenset(_found(field, text)), tone_of(text))


def tone_of(text: str) -> str:
    """The option of the first phrase that tells of a tone, else the default."""
    folded = text.casefold()
    return next((tone for phrase, tone in TONE.options.items() if phrase.casefold() in folded), TONE.default)


def _found(field: str, text: str) -> Iterator[LabelSpan]:
    dates = [match.span() for match in _DATE.finditer(text)]
    for start, end in dates:
        yield LabelSpan(field, start, end, "DATE_MENTION")
    assert LEXICON.pattern is not None
    for match in LEXICON.pattern.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in dates):
            yield LabelSpan(field, match.start(), match.end(), LEXICON.folded[match.group().casefold()])
