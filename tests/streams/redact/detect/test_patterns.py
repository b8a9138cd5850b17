from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.checksums import digits_of, luhn
from streams.redact.detect.find import CERTAIN, LIKELY
from streams.redact.detect.patterns import PatternScanner
from streams.redact.detect.recognizers import Recognizer, form, labelled
from streams.redact.detect.shadow import shadow_of
from streams.redact.detect.sheet import sheet
from tests.support.growth import repeated, require_linear

PIECES = ["call +49 171 2345678", "4111 1111 1111 1111", "jane@example.org", "on 3 May 2020", "12 Main Street", ""]
PIECES += ["GB29 NWBK 6016 1331 9268 19", "456 789", "Mr. Fowler", "https://a.example/b", "\n", "aged 7", "@jane"]
PIECES += [
    "XY 99",
    "XY 99 PIN",
    "HELLO WORLD",
    "hello",
    "123456",
    " EUR",
    "123456 EUR 12",
    "\n123\n",
    "key 123",
    "foo",
]
SENTENCES = st.lists(st.sampled_from(PIECES), max_size=12)


def finds(recognizers: list[Recognizer], text: str) -> list[tuple[str, float]]:
    return [(text[one.start : one.end], one.weight) for one in PatternScanner(recognizers).find(text)]


def users(pattern: str, weight: float = LIKELY) -> Recognizer:
    return Recognizer("u", "U", pattern, True, weight, limit_s=1.0)


@given(texts=SENTENCES)
def test_a_batch_gives_what_its_texts_give_alone(scanner, texts):
    assert [sorted(one) for one in scanner.find_many(texts)] == [sorted(scanner.find(text)) for text in texts]


FOREIGN = [r"\d{6}(?=\s+EUR)", r"\d{3}\s?", r"\A\d{3}", r"\d{3}\Z", r"\d{3}\z", r"(?-m)^\d{3}$", r"\d+(?!\s)"]
FOREIGN += [
    r"(?<=key )\d+",
    r"foo\n",
    r"\s\d+\s",
    r"x*",
    r"\d{3}(?!.)",
    r"(?<!.)\d{3}",
    r"[^x]*",
    r"\s*",
    r"\G\d{3}",
]


@pytest.fixture(scope="module")
def foreign_scanner():
    """A weak pattern of ours, and what users may write that looks beyond a match."""
    return PatternScanner([form("w", "W", r"\b[A-Z]{2} \d\d\b", 0.1, cased=True), *map(users, FOREIGN)])


@given(texts=SENTENCES)
def test_no_pattern_sees_what_else_is_in_the_batch(foreign_scanner, texts):
    alone = [foreign_scanner.find(text) for text in texts]
    assert foreign_scanner.find_many(texts) == alone
    assert all(
        0 <= one.start < one.end <= len(text) for text, finds in zip(texts, alone, strict=True) for one in finds
    )


def test_whether_a_match_stands_out_is_said_by_its_own_text():
    weak = PatternScanner([form("w", "W", r"\b[A-Z]{2} \d\d\b", 0.1, cased=True)])
    for neighbour in ("HELLO WORLD", "hello world"):
        [first, second, _] = weak.find_many(["XY 99 PIN", "XY 99", neighbour])
        assert (first, [one[:2] for one in second]) == ([], [(0, 5)])


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"\d{6}(?=\s+EUR)", "pay 123456  EUR", ["123456"]),
        (r"\d{6}(?=\s+EUR)", "pay 123456  USD", []),
        (r"(?<=pay\s\s)\d+", "pay  12", ["12"]),
        (r"\d{3}\s?", "is 123", ["123"]),
        (r"\A\w+", "one two", ["one"]),
        (r"\w+\Z", "one two", ["two"]),
        (r"\w+\z", "one two", ["two"]),
        (r"(?-m)^\w+", "one\ntwo", ["one"]),
    ],
)
def test_what_a_user_writes_is_found_in_any_place_of_a_batch(pattern, text, expected):
    scanner = PatternScanner([users(pattern)])
    for texts in ([text], ["one", text], [text, "two"], ["", text, ""]):
        finds = scanner.find_many(texts)[texts.index(text)]
        assert [text[one.start : one.end] for one in finds] == expected
        assert all(one.end <= len(text) for one in finds)


def test_a_weak_pattern_or_word_list_of_a_user_counts_with_a_space_too():
    assert finds([users(r"\bblue tree\b", 0.01)], "the blue tree is") == [("blue tree", 0.01)]
    assert finds([form("o", "O", r"\bblue tree\b", 0.01)], "the blue tree is") == []


def test_what_is_searched_by_text_is_not_searched_again_text_by_text():
    scanner = PatternScanner([users("x*"), users(r"\A\w")])
    assert scanner._search(sheet(["ax", "", "xx"]), [[], [], []]) == set()


def test_a_match_across_two_texts_is_none_and_hides_nothing_else():
    numbers = PatternScanner([form("n", "N", r"\b\d{3}\s\d{3}\b", LIKELY)])
    assert numbers.find_many(["a 123", "456 789 b", "c"]) == [[], numbers.find("456 789 b"), []]
    assert [one[:2] for one in numbers.find("456 789 b")] == [(0, 7)]


def test_the_longest_end_with_a_valid_checksum_wins():
    card = form("c", "C", r"\b\d{4}(?: ?\d{4}){1,4}\b", LIKELY, check=lambda text: luhn(digits_of(text)))
    assert ("4111 1111 1111 1111", CERTAIN) in finds([card], "4111 1111 1111 1111 2222")


def test_a_failed_checksum_drops_the_find_unless_its_shape_suffices():
    for suffices, expected in ((False, []), (True, [("12", LIKELY)])):
        one = Recognizer("x", "X", r"\b\d\d\b", True, LIKELY, lambda _: False, shape_suffices=suffices)
        assert finds([one], "a 12 b") == expected


def test_a_context_word_before_a_match_adds_weight():
    one = Recognizer("x", "X", r"\b\d\d\b", True, 0.05, context=frozenset({"badge"}))
    assert finds([one], "my badge is 12")[0][1] > finds([one], "it is 12")[0][1]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"(?<!\d)\d{3}(?!\d)", "a123 1234 567", ["a123", "567"]),
        (r"\b(?!000)\d{3}\b", "000 123", ["123"]),
        (r"\b(\w)\1\1\b", "aaa abc", ["aaa"]),
        (r"(?<=key )\w+", "key one, two", ["one"]),
        (r"\b\p{Lu}\w+", "ab Cd", ["Cd"]),
        (r"x*", "axxb", ["axxb"]),
    ],
)
def test_what_hyperscan_cannot_say_is_found_exactly_all_the_same(pattern, text, expected):
    assert [found for found, _ in finds([form("p", "P", pattern, LIKELY, cased=True)], text)] == expected


def test_a_pattern_too_much_for_hyperscan_leaves_its_neighbours_exact():
    both = [form("a", "A", r"\b(\w)\1\1\b", LIKELY), form("b", "B", r"\b\d{2}\b", LIKELY)]
    assert {found for found, _ in finds(both, "aaa 12 345")} == {"aaa", "12"}


def test_a_label_is_no_part_of_the_value_it_names():
    assert finds([labelled("l", "L", r"\bcode:? ", r"\w+\b", LIKELY)], "the code: abc it is") == [("abc", LIKELY)]


def test_literals_ask_for_the_exact_pattern_around_them():
    one = form(
        "l",
        "L",
        r"\b\w+",
        LIKELY,
        literals=("Greek",),
        behind=9,
        reach=9,
        check=lambda text: None if text == "Greeks" else False,
    )
    assert finds([one], "two Greeks came") == [("Greeks", LIKELY)]


def test_a_find_is_widened_to_whole_words():
    assert finds([form("p", "P", r"\d{6}", LIKELY)], "x123456y z") == [("x123456y", LIKELY)]


def test_backtracking_of_a_foreign_pattern_ends_in_time():
    evil = Recognizer("e", "E", r"(?:a|aa)+(?<!a)", True, LIKELY, limit_s=0.05)
    begun = time.process_time()
    with pytest.raises(TimeoutError):
        PatternScanner([evil]).find("a" * 40)
    assert time.process_time() - begun < 5


UNITS = ["a", "a.", "1", "1 ", "a@b.c ", "12-", "http://", "'", "\n", "aB", "Ab ", "%41", "12 Main ", "on May "]
UNITS += [
    "A-" * 20 + " ",
    "1" * 100 + "a ",
    "1.1.1.1 ",
    "::1 ",
    "Mr. A ",
    "12345 A ",
    ", the a b c nurse ",
    "a:",
    "A1 ",
    "(1",
    "@a",
    "the nurse ",
    "Rue a ",
    "12 St ",
    "12 ",
]


@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_with_length_only(scanner, unit):
    require_linear(scanner.find, lambda length: shadow_of(repeated(unit, length)).text)
