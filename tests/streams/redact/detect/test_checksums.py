from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.detect.checksums import (
    base58_check,
    bech32,
    digits_of,
    luhn,
    mod11_10,
    mod97,
    mrz,
    verhoeff,
    weighted,
)


@pytest.mark.parametrize(
    ("check", "valid"),
    [
        (lambda text: luhn(digits_of(text)), "4111 1111 1111 1111"),
        (lambda text: mod11_10(digits_of(text)), "69435151530"),
        (lambda text: verhoeff(digits_of(text)), "2363"),
        (mod97, "GB29 NWBK 6016 1331 9268 19"),
        (base58_check, "16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ"),
        (bech32, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
        (bech32, "bc1p5d7rjq7g6rdk2yhzks9smlaqtedr4dekq08ge8ztwac72sfr9rusxg3297"),
    ],
)
def test_published_example_is_valid_and_one_changed_digit_is_not(check, valid):
    assert check(valid)
    place = next(index for index in range(len(valid) // 2, len(valid)) if valid[index].isdigit())
    changed = valid[:place] + str((int(valid[place]) + 1) % 10) + valid[place + 1 :]
    assert not check(changed)


def test_document_number_of_the_icao_specification():
    assert mrz("L898902C3") == 6


@given(st.lists(st.integers(0, 9), min_size=2, max_size=20), st.data())
def test_verhoeff_sees_every_changed_and_every_swapped_digit(body, data):
    check = next(digit for digit in range(10) if verhoeff([*body, digit]))
    whole = [*body, check]
    place = data.draw(st.integers(0, len(whole) - 2))
    changed = [*whole[:place], (whole[place] + 1) % 10, *whole[place + 1 :]]
    assert not verhoeff(changed)
    swapped = [*whole[:place], whole[place + 1], whole[place], *whole[place + 2 :]]
    assert verhoeff(swapped) == (whole[place] == whole[place + 1])


@given(st.text(max_size=60))
def test_no_text_makes_a_check_raise(text):
    ascii_only = "".join(char for char in text if char.isascii())
    for check in (
        mod97,
        base58_check,
        bech32,
        lambda one: luhn(digits_of(one)),
        lambda one: verhoeff(digits_of(one)),
    ):
        assert check(ascii_only) in {True, False}


def test_weights_longer_than_the_digits_do_not_count():
    assert weighted([1, 2], (3, 4, 5)) == 11
