from __future__ import annotations

import pytest

from streams.redact.detect.forms import load_forms
from streams.redact.detect.patterns import PatternScanner
from streams.redact.detect.recognizers import load_recognizers
from streams.redact.detect.shadow import fold


@pytest.fixture(scope="session")
def scanner():
    """All patterns, alone: no word lists, no model."""
    return PatternScanner((*load_recognizers(), *load_forms(bare_years=True)))


@pytest.fixture(scope="session")
def found(scanner):
    """What the patterns find in a text: a set of (text, type)."""

    def search(text: str) -> set[tuple[str, str]]:
        folded = fold(text)
        return {(folded[find.start : find.end], find.entity_type) for find in scanner.find(folded)}

    return search


@pytest.fixture(scope="session")
def covers(scanner):
    """Whether the patterns alone hide all of `secret`, wherever else they find something."""

    def check(text: str, secret: str) -> bool:
        folded, wanted = fold(text), fold(secret)
        hidden = bytearray(len(folded))
        for find in scanner.find(folded):
            hidden[find.start : find.end] = b"\1" * (find.end - find.start)
        start = folded.index(wanted)
        return all(hidden[start : start + len(wanted)])

    return check
