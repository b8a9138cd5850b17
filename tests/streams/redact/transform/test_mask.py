from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.checksums import digits_of, luhn
from streams.redact.transform.mask import MASK, Mask
from topology.policies import Action, Keep, Treatment

ENDS = Treatment(Action.MASK, keep=Keep.ENDS)


@given(st.text(max_size=50))
def test_masks_have_one_width_whatever_they_hide(value):
    assert Mask().replace(value, "X", Treatment(Action.MASK)) == MASK


@pytest.mark.parametrize(
    ("card", "shown"),
    [
        ("4485 3604 7389 3059", "448536******3059"),
        ("4485-3604-7389-3059", "448536******3059"),
        ("4222222222222", "422222******2222"),
        ("6304000000000000000", "630400******0000"),
        ("4485 3604 7389 3058", MASK),
        ("4485 3604 7389 3059 124", MASK),
        ("Anna 4485360473893059", MASK),
        ("4485360473893059, 12/27", MASK),
        ("44853604738930590000000", MASK),
        ("0000000000000000", MASK),
        ("４４８５３６０４７３８９３０５９", "448536******3059"),  # noqa: RUF001 - full-width digits are meant
        ("448536047389", MASK),
        ("", MASK),
        ("no digits", MASK),
    ],
)
def test_of_a_card_first_six_and_last_four_are_left_and_nothing_of_its_length(card, shown):
    assert Mask().replace(card, "CREDIT_CARD", ENDS) == shown


@given(st.integers(13, 19).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)))
def test_ten_digits_of_a_valid_card_are_left_and_none_of_another(number):
    shown = Mask().replace(number, "CREDIT_CARD", ENDS)
    valid = luhn(digits_of(number))
    assert sum(char.isdigit() for char in shown) == (10 if valid else 0)
    assert len(shown) == (16 if valid else len(MASK))
