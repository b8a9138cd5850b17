from __future__ import annotations

import pytest

from streams.redact.verify.own_secrets import OwnSecrets
from streams.redact.verify.readings import normal

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
