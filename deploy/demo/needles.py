"""The forms in which a value could turn up somewhere: as it is, in words, encoded. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.demo.canaries import Canary
from schemas.hidden import Hidden

MIN_WORD = 4
"""Shorter words are in every text."""
MIN_ENCODED = 8
"""Characters from which a piece of base64 is looked for: a shorter one turns up by chance (64^-7 a position)."""
_SEPARATORS = re.compile(r"[\s./()+-]+")


@dataclass(frozen=True, slots=True, repr=False)
class Needle(Hidden):
    """Bytes to look for. `caseless`: upper and lower case of ASCII letters are the same."""

    data: bytes
    form: str
    caseless: bool


def needles_of(canary: Canary) -> list[Needle]:
    """All forms of a canary, none twice."""
    found: dict[tuple[bytes, bool], Needle] = {}
    for text in sorted(_texts(canary)):
        for needle in _forms(text):
            found.setdefault((needle.data, needle.caseless), needle)
    return list(found.values())


def _texts(canary: Canary) -> set[str]:
    """The value, the value without its separators, and its own words."""
    compact = _SEPARATORS.sub("", canary.value)
    return {canary.value, compact, *(word for word in canary.words if len(word) >= MIN_WORD)}


def _forms(text: str) -> Iterator[Needle]:
    plain = text.encode()
    yield Needle(plain, "plain", caseless=True)
    yield Needle(text.encode("utf-16-le"), "utf-16-le", caseless=True)
    yield Needle(text.encode("utf-16-be"), "utf-16-be", caseless=True)
    for data in dict.fromkeys((plain, text.lower().encode(), text.upper().encode())):
        yield Needle(data.hex().encode(), "hex", caseless=True)
        for shift in range(3):
            yield from _base64(data, shift)


def _base64(data: bytes, shift: int) -> Iterator[Needle]:
    """What is left of `data` in base64 when `shift` bytes (mod 3) stand before it: the whole characters of it."""
    first, last = -(-8 * shift // 6), 8 * (shift + len(data)) // 6
    padded = b"\0" * shift + data
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        piece = encode(padded)[first:last]
        if len(piece) >= MIN_ENCODED:
            yield Needle(piece, "base64", caseless=False)
