from __future__ import annotations

import hashlib
import sys
import time
from dataclasses import replace

import psutil
import pytest

from schemas.errors import Reason, Refused
from streams.redact.detect.failure_budget import BUDGET_S, FailureBudget
from streams.redact.detect.recognizer_files import LIMIT_S
from streams.redact.detect.user_recognizers import UserRecognizers, load_user_recognizers
from topology.policies import Recognizer, RecognizerForm

CODE = """
from presidio_analyzer import Pattern, PatternRecognizer

class Tickets(PatternRecognizer):
    def __init__(self):
        super().__init__(supported_entity="TICKET", patterns=[Pattern("t", r"TK-\\d{3}", 0.5)])

    def validate_result(self, pattern_text):
        return pattern_text.endswith("7")
"""
# Hyperscan finds it without the lookbehind; with it, backtracking tries every way to cut the run.
FILE = (
    r"recognizers: [{name: n, supported_entity: X, patterns: [{name: p, regex: '(?:a|aa)+(?<!a)', score: 0.5}]}]"
)


def test_without_any_no_process_is_started():
    before = psutil.Process().children()
    user = load_user_recognizers(())
    assert user.find_raw(["a"]) == user.find_folded(["a"]) == [[]]
    assert psutil.Process().children() == before


def test_a_presidio_class_runs_unchanged_with_its_own_checks(tmp_path, monkeypatch):
    (tmp_path / "own_tickets.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    sha256 = hashlib.sha256((tmp_path / "own_tickets.py").read_bytes()).hexdigest()
    user = load_user_recognizers([Recognizer("t", RecognizerForm.PYTHON, "own_tickets:Tickets", sha256)])
    try:
        text = "see TK-127, not TK-128"
        assert [(text[f.start : f.end], f.entity_type) for f in user.find_raw([text])[0]] == [("TK-127", "TICKET")]
    finally:
        user.close()
    assert "own_tickets" not in sys.modules


@pytest.fixture(scope="module")
def evil(tmp_path_factory) -> UserRecognizers:
    """A pattern that does not end on a run of a's."""
    place = tmp_path_factory.mktemp("own") / "evil.yaml"
    place.write_text(FILE)
    sha256 = hashlib.sha256(place.read_bytes()).hexdigest()
    return load_user_recognizers([Recognizer("e", RecognizerForm.FILE, str(place), sha256)])


def test_a_pattern_that_does_not_end_refuses_the_text(evil):
    with pytest.raises(Refused) as refused:
        evil.find_folded(["a" * 40])
    assert refused.value.reason is Reason.DETECTION_FAILED


def test_patterns_that_do_not_end_cost_no_more_than_the_budget(evil):
    assert BUDGET_S < LIMIT_S * 100
    impatient = replace(evil, budget=FailureBudget(lambda: time.monotonic() * 100))
    assert impatient.find_folded(["b"]) == [[]]
    for text in ("a" * 40, "b"):
        with pytest.raises(Refused):
            impatient.find_folded([text])
