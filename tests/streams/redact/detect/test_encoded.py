from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.encoded import ENCODED, MAX_PIECES, SPARE_CHARACTERS, encoded_finds, readings
from streams.redact.detect.find import Find
from tests.support.growth import repeated, require_linear

SECRET = "Anna Schmidt"


def search(texts: Sequence[str]) -> list[list[Find]]:
    return [
        [Find(at, at + len(SECRET), "PERSON", 0.4)] if (at := text.find(SECRET)) >= 0 else [] for text in texts
    ]


def base(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def hidden(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.entity_type) for one in encoded_finds([text], search)[0]]


@pytest.mark.parametrize(
    "code",
    [
        base(SECRET),
        base(SECRET).rstrip("="),
        base64.urlsafe_b64encode(f"{SECRET}??>>".encode()).decode(),
        base(base(SECRET)),
        SECRET.encode().hex(),
        "0x" + SECRET.encode().hex().upper(),
        "Anna%20Schmidt",
        "".join(f"%{byte:02x}" for byte in SECRET.encode()),
        "&#65;nna&#32;Schmidt",
        "&#x41;nna&#x20;Schmidt",
        "=41nna=20Schmidt",
        "".join(f"\\x{byte:02x}" for byte in SECRET.encode()),
        "".join(f"\\u{byte:04x}" for byte in SECRET.encode()),
        base("Anna%20Schmidt"),
    ],
)
def test_a_find_inside_hides_the_whole_piece(code):
    assert (code.removeprefix("0x"), "PERSON") in [(one.removeprefix("0x"), kind) for one, kind in hidden(code)]
    assert code.removeprefix("0x") in hidden(f"see {code} there")[0][0]


@pytest.mark.parametrize(
    "text",
    [
        base("nothing in here"),
        "internationalization",
        "100% of it",
        "a=20",
        "R&D &amp; more",
        "CamelCaseIdentifierName",
        "",
    ],
)
def test_pieces_without_a_find_stay(text):
    assert hidden(text) == []


def test_what_is_encoded_three_times_is_hidden_without_a_look():
    code = base(base(base("nobody at all, really")))
    assert hidden(code) == [(code, ENCODED)]


def test_pieces_beyond_the_budget_are_hidden_without_a_look():
    codes = [base(f"nothing in here {number:04}") for number in range(MAX_PIECES + 3)]
    assert len(hidden(" ".join(codes))) == 3


def searched_for(text: str) -> list[str]:
    """What is given to the search, of all depths."""
    given: list[str] = []

    def note(texts: Sequence[str]) -> list[list[Find]]:
        given.extend(texts)
        return [[] for _ in texts]

    encoded_finds([text], note)
    return given


MIXED = "%2541&amp;#65;=3D41\\x5cx41" + base(base("nothing in here"))


@pytest.mark.parametrize("unit", [MIXED, MIXED + " ", "%41", "%2541 ", "a%41&#65; ", "=41=3D41&#38;#65; "])
@pytest.mark.parametrize("length", [3_000, 100_000])
def test_no_more_is_searched_than_the_text_is_long(unit, length):
    given = searched_for((unit * length)[:length])
    assert sum(map(len, given)) <= length + SPARE_CHARACTERS
    assert len(given) <= MAX_PIECES


def test_pieces_inside_pieces_count_against_the_budget_of_their_text():
    codes = [base(f"a%20b{number:03}&#65;c&#66;d") for number in range(MAX_PIECES)]
    assert len(searched_for(" ".join(codes))) == MAX_PIECES
    assert {kind for _, kind in hidden(" ".join(codes))} == {ENCODED}


def test_what_the_budget_left_out_is_not_searched_as_if_it_were_empty():
    assert "" not in searched_for(
        " ".join(base(f"nothing in here {number:04}") for number in range(MAX_PIECES + 3))
    )


@given(st.text(max_size=200))
def test_no_text_makes_it_fail_and_finds_lie_inside(text):
    assert all(0 <= one.start < one.end <= len(text) for one in encoded_finds([text], search)[0])


@pytest.mark.parametrize("text", ["\ud800=41nna", "\\ud800\\udc00x", "%ff%fe%fd", "&#1114112;a", "&#55296;&#0;b"])
def test_halves_of_characters_are_no_reason_to_fail(text):
    encoded_finds([text], search)


@pytest.mark.parametrize("unit", ["!", "-.", "a", "%41", "aA1/", "&#65;", "=41", "\\x41", "ab "])
def test_time_grows_with_length_only(unit):
    require_linear(lambda text: encoded_finds([text], lambda texts: [[] for _ in texts]), partial(repeated, unit))


@pytest.mark.parametrize(
    "code",
    [
        base(SECRET),
        SECRET.encode().hex(),
        "Anna%20Schmidt",
        "Anna&#32;Schmidt",
        "Anna=20Schmidt",
        r"Ann\u0061 Schmidt",
    ],
)
def test_a_value_that_is_code_as_a_whole_is_read(code):
    assert SECRET in readings(code)


def test_a_value_of_few_bytes_is_read():
    assert readings(base("Newman")) == {"Newman"}


@pytest.mark.parametrize(
    "value", [SECRET, "Schmidt", "AB12345X", "a@b.org", "100 % of it", "AT&T", "1990-05-12", ""]
)
def test_a_value_in_clear_says_nothing_else(value):
    assert readings(value) == set()
