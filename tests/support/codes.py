"""Codes of a second factor that nobody has used: each is good once, and tests sign faster than codes change."""

from __future__ import annotations

import time

from deploy.signin.totp import code_at
from tests.support.waiting import wait_for
from vault.people import TOTP

AHEAD = range(TOTP["skew"] + 1)
"""In periods of a code: Vault takes that of the next one already, for clocks that go fast (RFC 6238, 5.2)."""


def fresh_code(otpauth: str, used: set[str]) -> str:
    """One that is not in `used`; now it is. Waits for at most half a minute."""

    def unused() -> str | None:
        now = int(time.time())
        codes = (code_at(otpauth, now + number * TOTP["period"]) for number in AHEAD)
        return next((code for code in codes if code not in used), None)

    code = wait_for(unused, "a code that was not used yet", pause_s=0.5)
    used.add(code)
    return code
