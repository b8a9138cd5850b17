# ruff: noqa: RUF001 - names in other scripts are what is tested

from __future__ import annotations

import time
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.redact.detect.merge import union
from streams.redact.detect.own_values import MAX_VALUES, KnownValue, OwnValues
from tests.support.growth import repeated, require_linear

_EVERYDAY = "the a and to of will new is it that was for on with he she they not at by this have from"
EVERYDAY = frozenset(_EVERYDAY.split())
_COMMON = "please ask bill card lost branch called about parcel order maker driving grid said"
COMMON = frozenset(_COMMON.split())
CARRIER = "please ask the branch about {} and the parcel that was lost"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
names = st.text(alphabet=LETTERS, min_size=5, max_size=10).filter(lambda word: word not in EVERYDAY | COMMON)
full_names = st.tuples(names, names).filter(lambda pair: pair[0] != pair[1])


def own(*values: str, kind: str = "PERSON") -> OwnValues:
    return OwnValues([KnownValue(value, kind) for value in values], EVERYDAY.__contains__, COMMON.__contains__)


def hidden(values: OwnValues, text: str) -> list[str]:
    return [text[find.start : find.end] for find in union(values.find(text))]


def covers(values: OwnValues, text: str, planted: str) -> bool:
    start = text.index(planted)
    covered = {place for find in values.find(text) for place in range(find.start, find.end)}
    return all(place in covered for place in range(start, start + len(planted)) if text[place].isalnum())


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("John Smith", "signed J.S. today", ["J.S."]),
        ("John Smith", "all is well /JS", ["JS"]),
        ("John Smith", "J. Smith and Smith, J. and John Q. Smith", ["J. Smith", "Smith, J.", "John Q. Smith"]),
        ("John Smith", "J o h n  S m i t h and s.m.i.t.h", ["J o h n  S m i t h", "s.m.i.t.h"]),
        ("John Smith", "John-Smith, JohnSmith, smithjohn", ["John-Smith, JohnSmith, smithjohn"]),
        ("John Smith", "jsmith; smithj99; Smiths", ["jsmith", "smithj99", "Smiths"]),
        ("William Stone", "ask Bill, the bill is here", ["Bill"]),
        ("Bob Baker", "Robert said the bakers", ["Robert", "bakers"]),
        ("Müller", "Mueller and muller and MÜLLER", ["Mueller", "muller", "MÜLLER"]),
        ("Mueller", "Herr Müller", ["Müller"]),
        ("Søren Kjær", "Soeren and Kjar and Kjaer and soren", ["Soeren", "Kjar", "Kjaer", "soren"]),
        ("Yıldız", "yildiz", ["yildiz"]),
        ("Юлия Петрова", "Yulia and Julija and Petrowa and Юлию", ["Yulia", "Julija", "Petrowa", "Юлию"]),
        ("Sergey Shcherbakov", "Сергей Щербаков", ["Сергей", "Щербаков"]),
        ("Γιώργος Παπαδόπουλος", "Giorgos Papadopoulos", ["Giorgos Papadopoulos"]),
        ("李小龍", "她是李小龍的朋友", ["李小龍"]),
        (
            "Smithers",
            "Smitehrs and Smithrs and Smiithers and Smothers",
            ["Smitehrs", "Smithrs", "Smiithers", "Smothers"],
        ),
        ("Jane Roe", "will jane come", ["jane"]),
        ("O'Neil", "ONeil and O Neil", ["ONeil", "O Neil"]),
        ("Newman", "ask new-\nman and new**man**", ["new-\nman", "new**man"]),
        ("Newman", "<p>ask <em>new</em>man <b>now</b></p>", ["new</em>man"]),
        ("+49 171 2345678", "on 0171<b>234</b>5678", ["0171<b>234</b>5678"]),
    ],
)
def test_names_are_found_as_people_write_them(value, text, expected):
    assert hidden(own(value), text) == expected


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("jsmith84@gmail.com", "Mr Smith wrote from gmail", ["Smith"]),
        ("annaschmidt@firma-weber.de", "Anna Schmidt at Weber", ["Anna Schmidt", "Weber"]),
        ("anna99.b@x.org", "she is anna99 there", ["anna99"]),
        (
            "+49 171 2345678",
            "0171/2345678 and 0049171-2345678 and 2345678",
            ["0171/2345678", "0049171-2345678", "2345678"],
        ),
        ("+49 171 2345678", "ends 56 78; or 5678", ["56 78", "5678"]),
        ("4485 3604 7389 3059", "4485,3604,7389,3059", ["4485,3604,7389,3059"]),
        (
            "1990-05-12",
            "12/05/1990 and 05/12/90 and 12.5.1990 and 120590",
            ["12/05/1990", "05/12/90", "12.5.1990", "120590"],
        ),
        (
            "1990-05-12",
            "on 12 May 1990 and To the 12th of May and Im Mai 1990",
            ["12 May 1990", "12th of May", "Mai 1990"],
        ),
        ("12 May 1990", "on 1990-05-12", ["1990-05-12"]),
    ],
)
def test_addresses_numbers_and_dates_are_found_in_other_forms(value, text, expected):
    assert hidden(own(value), text) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Will", "it will rain"),
        ("William", "the bill is here"),
        ("Baker", "the maker of it"),
        ("Ingrid", "driving in grid"),
        ("Al Re", "already"),
        ("Eve Grant", "e.g. this"),
        ("1990-05-12", "they may come"),
        ("+49 171 2345678", "in 10 days or 4567 of them"),
        ("me@gmail.com", "write to gmail dot com"),
    ],
)
def test_what_only_looks_like_a_value_stays(value, text):
    assert hidden(own(value), text) == []


def slips_of(word: str) -> st.SearchStrategy[str]:
    places = st.integers(0, len(word) - 1)
    letters = st.sampled_from(LETTERS)
    return st.one_of(
        st.builds(lambda at: word[:at] + word[at + 1 :], places),
        st.builds(lambda at, letter: word[:at] + letter + word[at:], places, letters),
        st.builds(lambda at, letter: word[:at] + letter + word[at + 1 :], places, letters),
        st.builds(lambda at: word[:at] + word[at : at + 2][::-1] + word[at + 2 :], places),
    )


@given(data=st.data(), name=full_names)
@settings(max_examples=150)
def test_a_slip_of_the_pen_hides_nothing_from_us(data, name):
    planted = data.draw(slips_of(name[1]).filter(lambda word: word not in EVERYDAY | COMMON))
    assert covers(own(" ".join(name).title()), CARRIER.format(planted), planted)


WRITTEN = (
    lambda one, two: f"{one} {two}",
    lambda one, two: f"{two}, {one}",
    lambda one, two: f"{one}-{two}",
    lambda one, two: one + two,
    lambda one, two: two + one,
    lambda one, two: f"{one}.{two}99",
    lambda one, two: f"{one[0]}{two}",
    lambda one, two: f"{one}s' {two}s",
    lambda one, two: " ".join(one + two),
    lambda one, two: "-".join(two),
    lambda one, two: f"{one[0].upper()}. {two}",
    lambda one, two: f"{one[0].upper()}.{two[0].upper()}.",
    lambda one, _: "".join(letter + "\u0301" for letter in one),
    lambda one, _: "\u200b".join(one),
)


@given(name=full_names, write=st.sampled_from(WRITTEN), case=st.sampled_from((str, str.upper, str.title)))
@settings(max_examples=200)
def test_a_name_is_found_however_it_is_written(name, write, case):
    planted = case(write(*name))
    assert covers(own(" ".join(name).title()), CARRIER.format(planted), planted)


@given(digits=st.text(alphabet="123456789", min_size=8, max_size=16), data=st.data())
@settings(max_examples=150)
def test_a_number_is_found_however_it_is_grouped(digits, data):
    gaps = data.draw(st.lists(st.sampled_from(["", "", " ", "-", ".", "/"]), min_size=16, max_size=16))
    planted = "".join(digit + gap for digit, gap in zip(digits, gaps, strict=False)).strip(" -./")
    assert covers(own(digits), CARRIER.format(planted), planted)


@given(name=full_names, text=st.lists(st.sampled_from(sorted(EVERYDAY | COMMON)), max_size=60).map(" ".join))
def test_common_text_without_the_value_has_few_finds(name, text):
    found = own(" ".join(name).title(), "1990-05-12", "+49 171 2345678").find(text)
    assert sum(find.end - find.start for find in found) <= len(text) // 5


@given(value=st.text(max_size=40), text=st.text(max_size=80))
@settings(max_examples=200)
def test_finds_are_inside_the_text_whatever_it_is(value, text):
    both = text + value
    assert all(0 <= find.start < find.end <= len(both) for find in own(value, "John Smith").find(both))


@given(value=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=8, max_size=30))
def test_a_value_of_letters_is_found_as_it_is(value):
    if sum(map(str.isalnum, value)) == len(value) and value.isascii():
        assert covers(own(value), f"it is {value} there", value)


def test_nothing_known_finds_nothing():
    assert OwnValues([], EVERYDAY.__contains__).find("Anna Smith") == []


def test_values_do_not_print():
    assert "Smith" not in repr(own("John Smith"))


@pytest.mark.parametrize(
    "unit",
    [
        "smith ",
        "smiht ",
        "s m i t h ",
        "smi-th ",
        "1712345678 ",
        "1 7 1 2 ",
        "J.S. ",
        "12 May ",
        "jsmiths",
        "Смит ",
        "x",
    ],
)
def test_time_grows_with_the_length_only(unit):
    values = own("John Smith", "+49 171 2345678", "1990-05-12", "jsmith@x.org", "17 Tumbledown Lane, Oxbridge")
    require_linear(values.find, partial(repeated, unit))


def test_a_table_of_values_takes_bounded_time():
    rows = [f"{one}{two}ra{three}em Smith{two}{three}" for one in LETTERS for two in LETTERS for three in "kmt"]
    values = own(*rows[: 2 * MAX_VALUES])
    text = " ".join(row.lower() for row in rows) * 3
    begun = time.process_time()
    found = values.find(text)
    assert found
    assert time.process_time() - begun < 10
