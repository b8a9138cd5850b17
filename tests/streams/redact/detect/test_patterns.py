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

PIECES = ["call +49 171 2345678", "4111 1111 1111 1111", "jane@example.org", "on 3 May 2020", "12 Main Street", ""]
PIECES += ["GB29 NWBK 6016 1331 9268 19", "456 789", "Mr. Fowler", "https://a.example/b", "\n", "aged 7", "@jane"]
SENTENCES = st.lists(st.sampled_from(PIECES), max_size=12)


def finds(recognizers: list[Recognizer], text: str) -> list[tuple[str, float]]:
    return [(text[one.start : one.end], one.weight) for one in PatternScanner(recognizers).find(text)]


@given(texts=SENTENCES)
def test_a_batch_gives_what_its_texts_give_alone(scanner, texts):
    assert [sorted(one) for one in scanner.find_many(texts)] == [sorted(scanner.find(text)) for text in texts]


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
]


@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_with_length_only(scanner, unit):
    def seconds(length: int) -> float:
        text = shadow_of((unit * length)[:length]).text
        begun = time.process_time()
        scanner.find(text)
        return time.process_time() - begun

    short = max(min(seconds(8_000) for _ in range(2)), 0.004)
    assert seconds(64_000) < 24 * short  # 8 times the length; quadratic would be 64
