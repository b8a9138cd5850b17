# ruff: noqa: RUF001 - disguised characters are what is tested

from __future__ import annotations

import base64
from functools import partial
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.geometry import Span
from streams.redact.detect.merge import union
from streams.redact.detect.own_values import KnownValue, OwnValues
from streams.redact.verify import Shown, holds
from tests.support.growth import repeated, require_linear
from topology.policies import Action, FieldRule, Treatment, parse_policy

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"
POLICY = parse_policy(HEAD + "fields: {t: detect}\n", "p")
DETECT, PASS = FieldRule("t", Treatment(Action.DETECT)), FieldRule("k", Treatment(Action.PASS))
_EVERYDAY = "the a and to of will new is it that was"
EVERYDAY = frozenset(_EVERYDAY.split())
PIECES = (
    "please Smithers johnathan JSmithers smithers84 ask will 1984 0958 7946 44 20 12 May and mailbox 84 J. it's 05"
    " / - , ."
)
MASK = "*****"
KNOWN = [
    KnownValue("Johnathan Smithers", "PERSON"),
    KnownValue("j.smithers84@mailbox.example", "EMAIL_ADDRESS"),
    KnownValue("+44 20 7946 0958", "PHONE_NUMBER"),
    KnownValue("1984-05-12", "DATE_TIME"),
]


def safe(text: str, known=KNOWN, rule=DETECT, policy=POLICY) -> bool:
    return holds([Shown(rule, text, ())], known, policy, EVERYDAY.__contains__)


# One mutant a line: what a redactor with a hole there would leave in an otherwise clean text.
MUTANTS = [
    "me@x.org",
    "ｍｅ＠ｘ．ｏｒｇ",
    "me at x dot org",
    "me%40x.org",
    "&#109;e&#64;x.org",
    base64.b64encode(b"write to me@x.org please").decode(),
    "4485 3604 7389 3059",
    "４４８５ ３６０４ ７３８９ ３０５９",
    "DE89 3704 0044 0532 0130 00",
    "273-11-2517",
    "AB123456C",
    "943 476 5919",
    "490154203237518",
    "(0171) 234 56 78",
    "Smithers",
    "smi\u200bthers",
    "SMITHERS",
    "Johnathan Smithers",
    "johnathansmithers",
    "J o h n a t h a n",
    "srehtims nahtanhoj",
    base64.b64encode(b"Johnathan Smithers").decode(),
    base64.urlsafe_b64encode(b'{"name": "Smithers"}').decode(),
    quote("Johnathan Smithers").replace("Smithers", "%53mithers"),
    b"Johnathan Smithers".hex(),
    "442079460958",
    "44-2079-460958",
    "1984/05/12",
    "[PERSON_7]",
    "[EMAIL_ADDRESS:abcdefgh01234567]",
]


@pytest.mark.parametrize("left_in", MUTANTS)
def test_what_was_left_in_is_refused(left_in):
    assert safe("please ask the branch about it and call back")
    assert not safe(f"please ask the branch about {left_in} and call back")


def test_what_a_policy_passes_is_no_reason_to_refuse():
    passing = parse_policy(HEAD + "categories: {DATE_TIME: pass, EMAIL_ADDRESS: pass}\nfields: {t: detect}\n", "p")
    assert safe("on 2024-01-15 10:30", (), policy=passing)
    assert not safe("on 2024-01-15 10:30", ())
    assert safe("me@x.org", (), policy=passing)
    assert not safe("4485 3604 7389 3059", (), policy=passing)


def test_a_wordy_category_that_passes_shows_no_numbers():
    passing = parse_policy(HEAD + "categories: {LOCATION: pass}\nfields: {t: detect}\n", "p")
    assert not safe("call 0171 2345678", (), policy=passing)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ask Smithers", True),
        ("Johnathan Smithers", False),
        ("me@x.org", False),
        ("4485 3604 7389 3059", False),
        ("https://x.org/?to=Johnathan%20Smithers", False),
        ("Johnathan&nbsp;Smithers", False),
        (base64.b64encode(b"Johnathan Smithers").decode(), False),
        (base64.b64encode(b"to me@x.org").decode(), False),
        (b"4485360473893059".hex(), False),
        ("1700000000000", True),
        ("2024-01-15T10:30:00Z", True),
        ("550e8400-e29b-41d4-a716-446655440000", True),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", True),
    ],
)
def test_a_passed_field_may_hold_what_identifies_nobody(text, expected):
    assert safe(text, rule=PASS) is expected


def test_a_passed_field_with_a_category_has_been_thought_about():
    assert safe("me@x.org", rule=FieldRule("k", Treatment(Action.PASS), category="EMAIL_ADDRESS"))


def test_a_surrogate_equal_to_a_known_value_is_refused():
    surrogate = Span("t", 0, 3, 0, 18, "PERSON", "Johnathan Smithers", "surrogate")
    field = Shown(DETECT, "Johnathan Smithers", (surrogate,), "Bob")
    assert not holds([field], KNOWN, POLICY, EVERYDAY.__contains__)
    assert holds([field], KNOWN[2:], POLICY, EVERYDAY.__contains__)


def test_each_of_very_many_values_counts():
    many = [*(KnownValue(f"q{number}zorb", "PERSON") for number in range(2_000)), KnownValue("zorbin", "PERSON")]
    assert safe("nobody came", many)
    assert not safe("zorbin came", many)
    assert not safe("zorbin came", many, rule=PASS)


@given(
    words=st.lists(
        st.sampled_from(PIECES.split()),
        max_size=14,
    ),
    gaps=st.lists(st.sampled_from((" ", " ", "-", "", ", ", ".")), min_size=14, max_size=14),
)
@settings(max_examples=300)
def test_what_own_values_leave_stands_the_last_look(words, gaps):
    """Else records would be refused for what detection doesn't even look for."""
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=False))
    rendered, spans = _masked(text, union(OwnValues(KNOWN, EVERYDAY.__contains__).find(text)))
    passing = parse_policy(HEAD + "categories: {NUMBER: pass}\nfields: {t: detect}\n", "p")
    shown = [Shown(DETECT, rendered, spans, text)]
    is_sound = holds(
        shown, (), passing, EVERYDAY.__contains__
    )  # 1984794620 is a number of the NHS's, whoever is named
    assert holds(shown, KNOWN, passing, EVERYDAY.__contains__) is is_sound


def _masked(text, finds):
    parts, spans, position, length = [], [], 0, 0
    for find in finds:
        length += find.start - position
        spans.append(Span("t", find.start, find.end, length, length + len(MASK), "X", MASK, "mask"))
        parts += (text[position : find.start], MASK)
        position, length = find.end, length + len(MASK)
    return "".join([*parts, text[position:]]), tuple(spans)


@pytest.mark.parametrize(
    "unit", ["a", "a@", "a.", "1 ", "%41", "&#6", "QUJD", "(at)", "[a_1", "smi ", "s-m-", "dot ", "\u0301"]
)
def test_time_grows_with_the_length_only(unit):
    require_linear(safe, partial(repeated, unit))
