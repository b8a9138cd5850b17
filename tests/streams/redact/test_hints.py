"""A hint tells a coarse class: never a word of the value, never one that few values share."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.hidden import RawRecord
from streams.redact.detect.shadow import fold
from streams.redact.hints import hint_of, shares_a_word, sharing
from streams.redact.outcome import Redacted
from streams.redact.redactor import redact
from streams.redact.transform.places import kind_of_place, known_places
from tests.streams.redact.test_redactor import Scripted
from topology.policies import parse_policy
from topology.policies.hints import Hint

LATEST = 2036
PLACES = tuple(name for name, _ in known_places())
MONTHS = ("January", "Mai", "12", "mars", "Dec.")
words = st.text(min_size=1, max_size=20)
dates = st.builds(
    lambda day, month, year, form: form.format(day=day, month=month, year=year),
    st.integers(1, 28),
    st.sampled_from(MONTHS),
    st.integers(1600, 2199),
    st.sampled_from(("{day} {month} {year}", "{year}-{month}-{day}", "{month} {year}", "{year}", "after {year}")),
)
ages = st.builds(
    "{}{}".format, st.integers(0, 140), st.sampled_from(("", " years old", " y", ", older", " months"))
)
values = st.one_of(
    st.sampled_from(PLACES), dates, ages, words, st.sampled_from(("Mexico City", "France", "Texas"))
)
LEASTS = st.integers(10, 60)


@pytest.mark.parametrize(
    ("value", "hint", "said"),
    [
        ("Lyon", Hint.COUNTRY, "city in France"),
        ("LYON", Hint.COUNTRY, "city in France"),
        ("Zürich", Hint.COUNTRY, None),  # the table has fewer than ten cities of Switzerland
        ("Mexico City", Hint.COUNTRY, None),
        ("France", Hint.COUNTRY, "country"),
        ("Texas", Hint.COUNTRY, "state in United States"),
        ("Georgia", Hint.COUNTRY, None),  # a country and a state
        ("Springfield Elementary", Hint.COUNTRY, None),
        ("12 March 1984", Hint.DECADE, "after 1979, before 1990"),
        ("1989", Hint.DECADE, "after 1979, before 1990"),
        ("3/4/84", Hint.DECADE, "after 1979, before 1990"),
        ("1949", Hint.DECADE, "before 1950"),
        ("1901-02-03", Hint.DECADE, "before 1950"),
        ("Monday", Hint.DECADE, None),
        ("1990-1995", Hint.DECADE, None),
        ("34", Hint.BAND, "older than 29, younger than 40"),
        ("aged 30", Hint.BAND, "older than 29, younger than 40"),
        ("8 years", Hint.BAND, "younger than 10"),
        ("97", Hint.BAND, "older than 89"),
        ("6 months", Hint.BAND, None),
        ("שלום", Hint.COUNTRY, None),
    ],
)
def test_what_is_told(value, hint, said):
    assert hint_of(value, hint, 10, LATEST) == said


@given(values, st.sampled_from(Hint), LEASTS)
def test_no_hint_holds_a_word_of_its_value(value, hint, least):
    said = hint_of(value, hint, least, LATEST)
    if said is not None:
        in_value = set(re.findall(r"[a-z0-9]+", fold(value).lower()))
        assert in_value.isdisjoint(re.findall(r"[a-z0-9]+", said.lower()))
        assert not shares_a_word(said, value)


@given(values, st.sampled_from(Hint), LEASTS)
def test_a_hint_is_the_same_each_time(value, hint, least):
    assert hint_of(value, hint, least, LATEST) == hint_of(value, hint, least, LATEST)


@pytest.mark.parametrize("least", [10, 30, 200])
def test_every_kind_of_place_that_is_told_is_shared_by_so_many(least):
    told = Counter(hint_of(place, Hint.COUNTRY, least, LATEST) for place in PLACES)
    del told[None]
    assert told
    assert min(told.values()) >= least
    assert all(count == sharing(said) for said, count in told.items())


def test_every_place_of_the_table_is_of_one_kind_and_none_that_is_two():
    kinds = Counter(kind for _, (kind, _) in known_places())
    assert set(kinds) == {"city", "state", "country"}
    assert kind_of_place("Georgia") is None
    assert kind_of_place("Łódź, really") is None


@given(st.integers(2000, 2099))
def test_ten_years_at_least_share_each_span_of_years(latest):
    told = Counter(hint_of(str(year), Hint.DECADE, 10, latest) for year in range(1600, 2200))
    assert None not in told
    assert min(told.values()) >= 10


def test_ten_ages_at_least_share_each_band():
    told = Counter(hint_of(str(age), Hint.BAND, 10, LATEST) for age in range(131))
    assert None not in told
    assert min(told.values()) >= 10


@given(st.integers(2000, 2099))
def test_nobody_older_than_89_is_told_apart_by_a_year(latest):
    oldest = {hint_of(str(year), Hint.DECADE, 10, latest) for year in range(1600, latest - 89)}
    assert len(oldest) == 1


HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2036-01-01\n"
HINTS = "hints: {categories: {LOCATION: country, CITY: country}}\n"


def told(body: str, fields: dict[str, object], **kinds: str) -> dict[str, str]:
    """The hints of a record in which these words are found."""
    outcome = redact(RawRecord(fields), parse_policy(HEAD + body, "p"), Scripted(**kinds))
    assert isinstance(outcome, Redacted)
    return dict(outcome.hints.by_name)


def test_only_placeholders_of_kinds_that_the_policy_names_get_a_hint():
    found = {"Lyon": "LOCATION", "Paris": "PERSON", "Nowhere": "LOCATION"}
    fields = {"text": "Paris moved from Lyon to Nowhere"}
    assert told("fields: {text: detect}\n" + HINTS, fields, **found) == {"[LOCATION_1]": "city in France"}
    assert told("fields: {text: detect}\n", fields, **found) == {}


def test_a_record_of_one_text_is_redacted_alike_with_hints_and_without():
    fields, body = {"text": "They went to Lyon"}, "fields: {text: detect}\n"
    outcomes = [
        redact(RawRecord(fields), parse_policy(HEAD + body + hints, "p"), Scripted(Lyon="LOCATION"))
        for hints in ("", HINTS)
    ]
    plain, hinted = (one._replace(hints=outcomes[0].hints) for one in outcomes)
    assert plain == hinted


def test_hints_are_not_printed():
    outcome = redact(
        RawRecord({"text": "to Lyon"}),
        parse_policy(HEAD + "fields: {text: detect}\n" + HINTS, "p"),
        Scripted(Lyon="LOCATION"),
    )
    assert "France" not in repr(outcome)
    assert "France" not in repr(outcome.hints)


@pytest.mark.parametrize(
    ("rules", "more"),
    [
        ("{category: CITY, action: mask}", ""),
        ("{category: CITY, action: drop}", ""),
        ("{category: CITY, tier: confidential}", ""),
        ("{category: PERSON}", ""),
        ("pass", "conditions: [{when: {near: born}, categories: {LOCATION: mask}}]\n"),
    ],
)
def test_what_is_hidden_better_somewhere_in_the_record_gets_no_hint_anywhere(rules, more):
    body = f"fields: {{text: detect, note: detect, other: {rules}}}\n{more}{HINTS}"
    other = "else" if rules == "pass" else "Lyon"
    fields = {"text": "They went to Lyon", "note": "nice" if not more else "was born in Lyon", "other": other}
    assert told(body, fields, Lyon="LOCATION") == {}


def test_what_a_denied_field_holds_gets_no_hint_in_a_text():
    body = "fields: {text: detect}\n" + HINTS
    assert told(body, {"text": "They went to Lyon", "secret": "Lyon"}, Lyon="LOCATION") == {}


def test_a_text_of_a_stricter_tier_gets_none():
    body = "fields: {text: {action: detect, tier: confidential}, product: pass}\n" + HINTS
    assert told(body, {"text": "They went to Lyon", "product": "x"}, Lyon="LOCATION") == {}
