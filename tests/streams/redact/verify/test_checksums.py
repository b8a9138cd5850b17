from __future__ import annotations

import pytest

from streams.redact.verify.checksums import luhn, mod97, nhs, ssn


@pytest.mark.parametrize(
    ("check", "valid"),
    [
        (luhn, "4485 3604 7389 3059"),
        (luhn, "49-015420-323751-8"),
        (mod97, "de89 3704 0044 0532 0130 00"),
        (mod97, "gb82west12345698765432 next"),
        (ssn, "273-11-2517"),
        (nhs, "943 476 5919"),
    ],
)
def test_valid_numbers_pass_and_one_wrong_digit_fails(check, valid):
    assert check(valid)
    if check is not ssn:
        at = max(place for place, char in enumerate(valid) if char.isdigit())
        assert not check(valid[:at] + str((int(valid[at]) + 1) % 10) + valid[at + 1 :])


@pytest.mark.parametrize(
    "never_given", ["000-11-2517", "666-11-2517", "912-11-2517", "273-00-2517", "273-11-0000"]
)
def test_social_security_numbers_that_are_never_given_fail(never_given):
    assert not ssn(never_given)


@pytest.mark.parametrize(("check", "zeros"), [(luhn, "0" * 16), (nhs, "0" * 10)])
def test_zeros_belong_to_nobody(check, zeros):
    assert not check(zeros)
