from __future__ import annotations

import unicodedata
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.hidden import RawRecord
from streams.redact.normalizing import MOST_MARKS, normalized
from streams.redact.outcome import Redacted
from streams.redact.redactor import redact
from tests.streams.redact.test_redactor import Scripted
from tests.support.growth import require_linear
from topology.policies import parse_policy

ABOVE, BELOW = "\u0301", "\u0323"
POLICY = parse_policy(
    "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\nfields: {name: {category: PERSON}, t: detect}\n",
    "p",
)


def marked(length: int) -> str:
    """A letter whose marks take longest to put in order; a few less than fit into a record."""
    half = length // 2 - 8
    return "e" + ABOVE * half + BELOW * half


@given(st.text(max_size=MOST_MARKS))
def test_a_text_with_few_marks_is_in_its_normal_form(text):
    assert normalized("NFKD", text) == unicodedata.normalize("NFKD", text)


def test_further_marks_of_a_letter_are_left_out():
    assert normalized("NFC", "e" + ABOVE * 100 + "x") == unicodedata.normalize(
        "NFC", "e" + ABOVE * MOST_MARKS + "x"
    )


def test_time_grows_with_the_length_only_however_many_marks_a_letter_has():
    require_linear(partial(normalized, "NFKD"), marked)


@pytest.mark.parametrize("fields", [lambda it: {"t": it}, lambda it: {"name": it, "t": "hello"}])
def test_a_record_of_marks_is_redacted_in_linear_time(fields):
    def work(text: str) -> None:
        assert isinstance(redact(RawRecord(fields(text)), POLICY, Scripted()), Redacted)

    require_linear(work, marked)
