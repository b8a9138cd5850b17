from __future__ import annotations

from functools import partial

import pytest

from streams.redact.verify.own_secrets import OwnSecrets
from streams.redact.verify.readings import normal
from tests.support.growth import repeated, require_linear

EVERYDAY = {"the", "and", "will", "new"}


def secrets(*values: str, named: bool = True) -> OwnSecrets:
    own = OwnSecrets(EVERYDAY.__contains__)
    for value in values:
        own.add(value, named=named)
    return own


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Will Stone", "ask stone"),
        ("Will Stone", "so will  stone came"),
        ("Will Stone", "so willstone came"),
        ("Will Stone", "w i l l s t o n e"),
        ("Stone", "s-t-o-n-e"),
        ("Will Stone", "enots lliw"),
        ("stone.w@x.org", "mr stone"),
        ("+49 171 2345678", "49,171,2345678"),
        ("1990-05-12", "1990 05 12"),
        ("the new", "the new"),
        ("Müller", "Muller"),
        ("李小龍", "李小龍"),
        ("李小龍", "我是李小龍嗎"),
        ("김철수", "저는 김철수입니다"),
    ],
)
def test_a_value_left_in_is_seen(value, text):
    assert secrets(value).are_in(normal(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Will", "it will be"),
        ("Will Stone", "will the stones"),
        ("Ingrid", "in grid"),
        ("Stone", "limestones"),
        ("stone.w@gmail.com", "gmail and com"),
        ("12 34", "12 new"),
        ("Will Stone", "will \0 sto"),
        ("", "x"),
        ("김", "김치"),
    ],
)
def test_what_tells_nothing_is_no_value(value, text):
    assert not secrets(value).are_in(normal(text))


def test_nothing_is_read_across_a_replacement():
    assert not secrets("the new").are_in("the \0 new")


def test_only_named_values_count_in_passed_fields():
    assert secrets("Will Stone").named_are_in("it is will-stone")
    assert not secrets("Will Stone").named_are_in("it is stone")
    assert not secrets("Will Stone", named=False).named_are_in("it is will stone")
    prose = "will stone came to the new house and then went to the old one"
    assert secrets(prose).named_are_in(f"so {prose} again")
    assert not secrets(prose).named_are_in("so will stone came to the new house")


@pytest.mark.parametrize("unit", ["a ", "a", "1 ", "a b c d e f g h "])
def test_time_grows_with_the_length_only_however_long_the_value(unit):
    def work(text: str) -> None:
        own = secrets(text[: len(text) // 2], "aaaaa", "abcdefgh")
        own.are_in(normal(text.replace(unit, f"zz {unit}", 1) + " zz"))
        own.named_are_in(normal(text))

    require_linear(work, partial(repeated, unit))


def test_a_value_that_is_not_there_as_words_takes_no_more_time():
    def work(text: str) -> None:
        squeezed = "".join(text.split())
        assert not secrets(f"x {squeezed[: len(squeezed) // 2]}").are_in(normal(text))
        assert not secrets("aaaaaaaa").are_in(normal(text))

    require_linear(work, partial(repeated, "aaa "))
