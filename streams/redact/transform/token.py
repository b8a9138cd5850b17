"""`token`: `[PERSON:1x3f…]`, the same for the same value within record, dataset or project.

80 bits of a keyed hash over the value in normal form, so that of a thousand million values two share one with a
chance of 4 in ten million. Whoever can plant a guess and see its token confirms it: lint warns.
"""

from __future__ import annotations

from streams.redact.transform.keys import RecordKeys
from streams.redact.transform.transform import same
from topology.policies import Scope, Treatment

BITS = 80
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # base 32 without i, l, o, u, which are misread


class Tokens:
    """Implements `transform.Transform`."""

    __slots__ = ("_keys",)

    def __init__(self, keys: RecordKeys) -> None:
        self._keys = keys

    def replace(self, value: str, kind: str, treatment: Treatment) -> str | None:
        drawn = self._keys.token(treatment.scope or Scope.RECORD, same(value))
        number = int.from_bytes(drawn[: BITS // 8], "big")
        return f"[{kind}:{''.join(_DIGITS[number >> shift & 31] for shift in range(BITS - 5, -1, -5))}]"
