from __future__ import annotations

import base64

import pytest

from deploy.signin.totp import code_at
from schemas.errors import ConfigError

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_rfc(at, code):
    """RFC 6238, appendix B (SHA-1), the last six of its eight digits."""
    assert code_at(f"otpauth://totp/Veilstream:ann?secret={SECRET}", at) == code


@pytest.mark.parametrize(
    "otpauth",
    [
        "",
        "otpauth://totp/x",
        "otpauth://totp/x?secret=",
        "otpauth://totp/x?secret=1!",
        "otpauth://totp/x?secret=MFRGG",
    ],
)
def test_address_without_a_secret_is_refused_without_showing_it(otpauth):
    with pytest.raises(ConfigError) as refused:
        code_at(otpauth, 0)
    assert "1!" not in str(refused.value)
