from __future__ import annotations

import hashlib

import pytest

from schemas.errors import ConfigError
from streams.redact.detect.patterns import PatternScanner
from streams.redact.detect.recognizer_files import read_recognizers
from streams.redact.detect.shadow import fold

FILE = r"""
recognizers:
  - name: "Zip code Recognizer"
    supported_language: "de"
    patterns:
      - {name: "zip code (weak)", regex: '(\b\d{5}(?:\-\d{4})?\b)', score: 0.01}
    context: [zip, code]
    supported_entity: "ZIP"
  - name: "Titles recognizer"
    supported_languages: [{language: en, context: [x]}]
    supported_entity: "TITLE"
    deny_list: [Mr., "Frau Doktor"]
  - {name: Streets, supported_entities: [STREET], patterns: [{name: s, regex: 'Straße \d+', score: 0.5}]}
  - {name: Unused, enabled: false, supported_entity: HIDDEN, patterns: [{name: o, regex: abc, score: 1}]}
  - {name: EmailRecognizer, type: predefined}
  - CreditCardRecognizer
"""


@pytest.fixture
def kept(tmp_path):
    def write(text: str):
        place = tmp_path / "recognizers.yaml"
        place.write_text(text)
        return place, hashlib.sha256(place.read_bytes()).hexdigest()

    return write


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("my zip 12345", "12345", "ZIP"),
        ("ask MR. X", "MR.", "TITLE"),
        ("Frau Doktor Y", "Frau Doktor", "TITLE"),
        ("in der Straße 12", "Strasse 12", "STREET"),
    ],
)
def test_presidios_own_file_format_is_read_unchanged(kept, text, value, kind):
    scanner = PatternScanner(read_recognizers(*kept(FILE)))
    folded = fold(text)
    assert (value, kind) in [(folded[one.start : one.end], one.entity_type) for one in scanner.find(folded)]


def test_what_is_switched_off_or_predefined_is_left_out(kept):
    assert {one.entity_type for one in read_recognizers(*kept(FILE))} == {"ZIP", "TITLE", "STREET"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("recognizers: 5", "recognizers"),
        ("{", "no YAML"),
        ("recognizers: [{name: n}]", "supported_entity"),
        (
            "recognizers: [{name: n, supported_entity: lower, deny_list: [a]}]",
            r"recognizers\.0\.\S*supported_entity",
        ),
        (
            "recognizers: [{name: n, supported_entity: X, patterns: [{name: p, regex: '(', score: 1}]}]",
            "regular expression",
        ),
    ],
)
def test_a_wrong_file_is_refused_by_name(kept, text, message):
    with pytest.raises(ConfigError, match=message):
        read_recognizers(*kept(text))


def test_a_file_that_changed_since_the_policy_named_it_is_refused(kept):
    place, sha256 = kept(FILE)
    place.write_text(FILE + "\n")
    with pytest.raises(ConfigError, match="SHA-256"):
        read_recognizers(place, sha256)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="can't be read"):
        read_recognizers(tmp_path / "none.yaml", "0" * 64)
