"""Latin letters that Unicode has again: in circles, squares, brackets, and such as nobody sees."""

from __future__ import annotations

import re
import unicodedata

import pytest

from schemas.hidden import RawRecord
from streams.redact.detect.detector import build_detector
from streams.redact.detect.shadow import fold
from streams.redact.outcome import Redacted
from streams.redact.redactor import redact
from streams.redact.verify.readings import normal
from topology.policies import parse_policy

POLICY = parse_policy(
    "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"
    "fields: {name: {category: PERSON}, note: detect}\n",
    "p",
)
LETTER = re.compile(r"(?!COMBINING|TAG)(.*LATIN (?:CAPITAL|SMALL) LETTER) ([A-Z])$")
"""By the names that Unicode gives. Those that combine stand above another letter; tags are hidden as such."""


@pytest.fixture(scope="module")
def detector():
    return build_detector(POLICY)


def spelled(text: str, first: int, base: str = "A") -> str:
    return "".join(chr(first + ord(it) - ord(base)) if it.isalpha() else it for it in text)


@pytest.mark.parametrize(
    "written",
    [
        spelled("ANNA SCHMIDT", 0x1F150),
        spelled("ANNA SCHMIDT", 0x1F170),
        spelled("ANNA SCHMIDT", 0x1F1E6),
        spelled("ANNA SCHMIDT", 0x1F110),
        spelled("anna schmidt", 0x249C, "a"),
        "".join(chr(0xE0000 + ord(it)) for it in "Anna Schmidt"),
    ],
)
def test_a_name_of_the_record_is_hidden_however_it_is_spelled(detector, written):
    record = RawRecord({"name": "Anna Schmidt", "note": f"ask {written} at once"})
    outcome = redact(record, POLICY, detector)
    assert isinstance(outcome, Redacted)
    assert not set(str(outcome.record.fields["note"])) & set(written.replace(" ", ""))


def test_what_nobody_sees_is_hidden_right_behind_a_word(detector):
    unseen = "".join(chr(0xE0000 + ord(it)) for it in "Anna Schmidt")
    outcome = redact(RawRecord({"name": "x", "note": f"hello{unseen} there"}), POLICY, detector)
    assert isinstance(outcome, Redacted)
    assert not set(str(outcome.record.fields["note"])) & set(unseen)


@pytest.mark.parametrize("read", [fold, normal])
def test_every_alphabet_that_unicode_calls_latin_is_read_as_such(read):
    """Whoever adds another one is noticed here. A single odd letter spells no name."""
    alphabets: dict[str, dict[str, str]] = {}
    for code in range(0x80, 0x110000):
        if named := LETTER.match(unicodedata.name(chr(code), "")):
            alphabets.setdefault(named[1], {})[named[2]] = chr(code)
    whole = {name: letters for name, letters in alphabets.items() if len(letters) == 26}
    assert len(whole) >= 9
    for name, letters in whole.items():
        assert {it: read(char).upper() for it, char in letters.items()} == {it: it for it in letters}, name
