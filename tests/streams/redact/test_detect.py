# ruff: noqa: RUF001 - disguised characters are what is tested

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError
from streams.redact.detect.detector import build_detector
from streams.redact.detect.find import Find
from streams.redact.detect.merge import union
from streams.redact.detect.own_values import KnownValue, OwnValues
from tests.support.growth import repeated, require_linear
from topology.policies import parse_policy

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\nfields: {text: detect}\n"


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("write to anna.b@example.com today", "anna.b@example.com", "EMAIL_ADDRESS"),
        ("my card 4485360473893059 is lost", "4485360473893059", "CREDIT_CARD"),
        ("my card 4485360473893058 is lost", "4485360473893058", "CREDIT_CARD"),
        ("pay to DE89 3704 0044 0532 0130 00 now", "DE89 3704 0044 0532 0130 00", "IBAN_CODE"),
        ("ssn 273-11-2517 it is", "273-11-2517", "US_SSN"),
        ("see https://shop.example/a?b=c now", "https://shop.example/a?b=c", "URL"),
        ("from 69.196.0.85 again", "69.196.0.85", "IP_ADDRESS"),
        ("ask @some_one42 about it", "@some_one42", "USERNAME"),
        ("born 12 March 1984 here", "12 March 1984", "DATE_TIME"),
        ("it was 8/10/1988 then", "8/10/1988", "DATE_TIME"),
        ("at 1994-06-17 08:11:32 then", "1994-06-17 08:11:32", "DATE_TIME"),
        ("call 070 4493 5104 today", "070 4493 5104", "PHONE_NUMBER"),
        ("ask Mr. Trevor McDonald for it", "Mr. Trevor McDonald", "PERSON"),
        ("the number is 99421 now", "99421", "NUMBER"),
        ("we met Zsuzsanna there", "Zsuzsanna", "PERSON"),
        ("we met zsuzsanna there", "zsuzsanna", "PERSON"),
        ("John has gone home", "John", "PERSON"),
        ("code ab12cd34ef please", "ab12cd34ef", "UNUSUAL"),
        ("she is 李小龍 there", "李小龍", "PERSON"),
    ],
)
def test_usual_forms_are_found_whole_and_named(find, text, value, kind):
    assert (value, kind) in find(text)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("an\u200bna.b@exam\u200bple.com", "na.b@exam"),
        ("card ４４８５３６０４７３８９３０５９ ok", "４４８５３６０４７３８９３０５９"),
        ("card ٤٤٨٥٣٦٠٤٧٣٨٩٣٠٥٩ ok", "٤٤٨٥٣٦٠٤٧٣٨٩٣٠٥٩"),
        ("we met \u0410nna there", "\u0410nna"),
        ("we met Jose\u0301 Garci\u0301a there", "Jose\u0301 Garci\u0301a"),
        ("write anna (at) example (dot) com", "anna (at) example (dot) com"),
        ("\u202eמשה\u202c is here", "משה"),
    ],
)
def test_disguised_values_are_hidden(hides, text, secret):
    assert hides(text, secret)


@pytest.mark.parametrize(
    "text",
    [
        "The delivery was late and the box was broken.",
        "I can't log in. What should I do now? It's not working at all!",
        "Please help me with 3 boxes in the kitchen, it takes 10 minutes.",
        "PLEASE HELP ME NOW",
        pytest.param(
            "Please help me with 3 boxes on the 2nd floor, it takes 10 min.",
            marks=pytest.mark.xfail(strict=True, reason="a known limit: ordinals and units are hidden"),
        ),
    ],
)
def test_common_words_stay(find, text):
    assert find(text) == []


def test_name_that_starts_a_sentence_is_hidden_when_it_is_hidden_elsewhere(find):
    assert [found for found, _ in find("Baker left early. I called Baker again.")] == ["Baker", "Baker"]


def test_a_mistyped_checksum_still_hides_the_digits(hides):
    assert hides("account GB56 NBNN 4314 3728 0943 19 ok", "4314")
    assert hides("tax number 12345678911 ok", "12345678911")


def test_custom_patterns_deny_and_allow_are_heeded():
    detector = build_detector(
        parse_policy(
            HEAD + "detection:\n  deny: [blue tree]\n  allow: [Veilstream]\n"
            "  patterns: [{name: ticket, category: TICKET, regex: 'tk[0-9]{2}'}]\n",
            "p",
        )
    )
    text = "In Veilstream the Blue Tree has tk42 on it"
    [finds] = [one.finds for one in detector.search([text])]
    assert [(text[f.start : f.end], f.entity_type) for f in finds] == [("Blue Tree", "DENIED"), ("tk42", "TICKET")]


@pytest.mark.parametrize("regex", [r"(a+)\1", r"(?<=x)a", r"(?=ab)a"])
def test_pattern_that_needs_backtracking_is_refused(regex):
    policy = parse_policy(HEAD + f"detection: {{patterns: [{{name: x, category: X, regex: '{regex}'}}]}}\n", "p")
    with pytest.raises(ConfigError, match="pattern x"):
        build_detector(policy)


def test_unknown_language_is_refused():
    with pytest.raises(ConfigError, match="language"):
        build_detector(parse_policy(HEAD + "language: xx\n", "p"))


def test_batch_gives_what_single_calls_give(detector):
    texts = ["", "Anna", "call 070 4493 5104", "nothing here"]
    assert detector.search(texts) == [detector.search([text])[0] for text in texts]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20), st.sampled_from("ABC"), st.floats(0, 1))))
def test_union_covers_all_finds_and_nothing_else(raw):
    finds = [Find(start, start + length, kind, weight) for start, length, kind, weight in raw]
    merged = union(finds)
    covered = {index for find in finds for index in range(find.start, find.end)}
    assert {index for find in merged for index in range(find.start, find.end)} == covered
    assert all(one.end <= two.start for one, two in pairwise(merged))
    assert union(reversed(finds)) == merged


@given(text=st.text(max_size=200))
def test_finds_are_ascending_disjoint_and_inside(detector, text):
    [finds] = [one.finds for one in detector.search([text])]
    assert all(0 <= find.start < find.end <= len(text) for find in finds)
    assert all(one.end <= two.start for one, two in pairwise(finds))


@pytest.mark.parametrize("unit", ["a", "a.", "1", "1 ", "a@b.c ", "12-", "\u0436", "http://", "'", "\n", "aB"])
def test_time_grows_with_length_only(detector, unit):
    require_linear(lambda text: detector.search([text]), partial(repeated, unit))


def own(*values: str) -> OwnValues:
    return OwnValues([KnownValue(value, "PERSON") for value in values], {"will", "the", "new"}.__contains__)


@pytest.mark.parametrize(
    ("value", "text", "hidden"),
    [
        ("Anna Schmidt", "hello ANNA, dear", "ANNA"),
        ("Anna Schmidt", "annaschmidt99 is her name", "annaschmidt99"),
        ("anna.schmidt@x.org", "she signs as schmidt", "schmidt"),
        ("+49 171 2345678", "call 01712345678", "01712345678"),
        ("+49 171 2345678", "ends in 5678", "5678"),
        ("Will Stone", "so Will said", "Will"),
        ("Müller", "frau muller", "muller"),
        ("李小龍", "she is 李小龍", "李小龍"),
    ],
)
def test_own_values_are_found_in_parts_and_spellings(value, text, hidden):
    assert hidden in {text[find.start : find.end] for find in own(value).find(text)}


@pytest.mark.parametrize(
    ("value", "text"), [("Will", "it will rain"), ("Al", "al fresco"), ("", "x"), ("the new", "the old")]
)
def test_everyday_and_tiny_values_do_not_black_out_the_text(value, text):
    assert own(value).find(text) == []
