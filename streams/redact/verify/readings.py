"""The ways a text can be read: as it stands, and what its encoded pieces say."""

from __future__ import annotations

import html
import re
import unicodedata
from binascii import a2b_base64
from collections.abc import Iterator
from urllib.parse import unquote

from streams.redact.normalizing import normalized

DEPTH = 2  # an encoding inside an encoding; nobody reads deeper by accident
MIN_RUN = 8  # characters of base64 that hold six of a value
MOSTLY = 0.9  # share of printable characters from which decoded bytes are a text
_ASCII = bytes(range(128))
MAX_OTHER = 0.2  # share of bytes that are not ASCII; with more, characters are fewer than MOSTLY of the bytes
_RUN = re.compile(rf"[A-Za-z0-9+/_-]{{{MIN_RUN},}}")
_TO_STANDARD = str.maketrans("-_", "+/")
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})
_FIRST = (0x1F150, 0x1F170, 0x1F1E6, 0x1F110, 0x249C)
_ENCLOSED = {first + place: 0x61 + place for first in _FIRST for place in range(26)}
"""Letters in black circles and squares and of flags, which have no compatibility form; in brackets, which do."""
_TAGS = {0xE0000 + code: code for code in range(0x20, 0x7F)}
"""ASCII that nobody sees."""
_SPELLED = _ENCLOSED | _TAGS


def normal(text: str) -> str:
    """Compatibility forms, case, accents, invisible characters undone. Not the detectors' fold: other eyes."""
    if text.isascii():
        return text.lower()
    folded = normalized("NFKD", text.translate(_SPELLED)).casefold()
    return folded if folded.isascii() else "".join(c for c in folded if unicodedata.category(c) not in _INVISIBLE)


def decoded(text: str, depth: int = DEPTH) -> Iterator[str]:
    """What percent signs, entities and runs of base64 or hexadecimal in a raw `text` stand for."""
    for piece in _decoded_once(text):
        yield piece
        if depth > 1:
            yield from decoded(piece, depth - 1)


def _decoded_once(text: str) -> Iterator[str]:
    if "%" in text and (plain := unquote(text, errors="ignore")) != text:
        yield plain
    if "&" in text and (plain := html.unescape(text)) != text:
        yield plain
    for match in _RUN.finditer(text):
        run = match.group()
        if not run.isalpha() or not run.islower():  # a word
            yield from filter(None, map(_as_text, _bytes_of(run)))


def _bytes_of(run: str) -> Iterator[bytes]:
    standard = run.translate(_TO_STANDARD)
    starts = () if run.isdigit() else range(4)  # it may begin anywhere in a group of four; digits say nothing
    for start in starts:
        piece = standard[start : len(standard) - ((len(standard) - start) % 4 == 1)]  # one character is no byte
        yield a2b_base64(piece + "=" * (-len(piece) % 4))
    try:
        yield bytes.fromhex(run[: len(run) // 2 * 2])
    except ValueError:
        return


def _as_text(data: bytes) -> str:
    """The text in `data`; empty when it is none."""
    other = len(data.translate(None, _ASCII))
    if other > MAX_OTHER * len(data):  # of a hash half are: so it is told ten times sooner
        return ""
    text = data.decode("utf-8", errors="ignore")
    printable = sum(map(str.isprintable, text))
    return text if len(text) >= MOSTLY * len(data) and printable >= MOSTLY * len(text) else ""
