"""Pieces of text written in another code: base64, hexadecimal, percent, HTML entities, quoted-printable, escapes.

Each is decoded and searched like any text; a find inside hides the whole piece. What is encoded more than `DEPTH`
times, or is more than the budget, is hidden without a look: it was not written for people to read.
"""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from streams.redact.detect.find import DEFAULT, Find

DEPTH = 2
MAX_PIECES = 256  # of one text; each costs a search
ENCODED = "ENCODED"
Search = Callable[[Sequence[str]], list[list[Find]]]

# What a text holds in which there may be code: a sign that starts one, or a capital or digit inside a long word.
# (Twelve characters of base64 are nine letters; all of them lower case happens once in 50,000 times.)
_MAY_BE = re.compile(r"[%&=\\]|[A-Za-z0-9+/_-]{11}[A-Z0-9+/_-]|(?<=[a-z0-9])[A-Z0-9+/_-][A-Za-z0-9+/_-]{10}")
_RUN = re.compile(r"\S{6,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_MIXED = re.compile(r"[a-z][A-Z0-9]|[0-9][A-Za-z]|[A-Z][0-9]")
_HEX = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{2}){6,})")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});?")
_QUOTED = re.compile(r"=[0-9A-F]{2}")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))")
_LEAST = 3  # readable characters from which something may be told


@dataclass(frozen=True, slots=True, repr=False)
class Piece:
    """Text `number`, characters `[start, end)`, says `plain`."""

    number: int
    start: int
    end: int
    plain: str

    def __repr__(self) -> str:
        return "Piece(<hidden>)"


def encoded_finds(texts: Sequence[str], search: Search) -> list[list[Find]]:
    """For each text the encoded pieces in which `search`, or the limits, find something. In its coordinates."""
    return _look(texts, search, DEPTH)


def _look(texts: Sequence[str], search: Search, depth: int) -> list[list[Find]]:
    finds: list[list[Find]] = [[] for _ in texts]
    pieces = [piece for number, text in enumerate(texts) for piece in _pieces(number, text)]
    if not pieces:
        return finds
    if depth == 0:
        for piece in pieces:
            finds[piece.number].append(Find(piece.start, piece.end, ENCODED, DEFAULT))
        return finds
    plain = [piece.plain for piece in pieces]
    for piece, found, deeper in zip(pieces, search(plain), _look(plain, search, depth - 1), strict=True):
        inside = [*found, *deeper]
        if inside or not piece.plain:
            kind, weight = max(
                ((one.entity_type, one.weight) for one in inside), key=_strength, default=(ENCODED, DEFAULT)
            )
            finds[piece.number].append(Find(piece.start, piece.end, kind, weight))
    return finds


def _strength(kind: tuple[str, float]) -> tuple[float, str]:
    return kind[1], kind[0]


def _pieces(number: int, text: str) -> Iterator[Piece]:
    """Runs of `text` that decode to something readable; beyond the budget, runs that may, as if empty."""
    if not _MAY_BE.search(text):
        return
    count = 0
    for match in _RUN.finditer(text):
        for start, end, plain in _decoded(match.group()):
            count += 1
            yield Piece(number, match.start() + start, match.start() + end, plain if count <= MAX_PIECES else "")


def _decoded(run: str) -> Iterator[tuple[int, int, str]]:
    """Whatever `run`, or a part of it, may mean."""
    whole = [
        unquote(run) if _PERCENT.search(run) else None,
        html.unescape(run) if _ENTITY.search(run) else None,
        _readable(quopri.decodestring(run.encode("utf-8", "replace"))) if _QUOTED.search(run) else None,
        _ESCAPE.sub(_character, run) if _ESCAPE.search(run) else None,
    ]
    yield from ((0, len(run), plain) for plain in whole if plain is not None and plain != run)
    for match in _HEX.finditer(run):
        plain = _readable(bytes.fromhex(match.group(1)))
        if plain is not None:
            yield (*match.span(), plain)
    for match in _BASE64.finditer(run):
        plain = _from_base64(match.group()) if _MIXED.search(match.group()) else None
        if plain is not None:
            yield (*match.span(), plain)


def _character(match: re.Match[str]) -> str:
    return chr(int(match.group(1) or match.group(2), 16))


def _from_base64(code: str) -> str | None:
    bare = code.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        return None
    try:
        return _readable(base64.b64decode(bare + "=" * (-len(bare) % 4)))
    except binascii.Error:
        return None


def _readable(data: bytes) -> str | None:
    """Text that people may read; half of random bytes are none of UTF-8."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    printable = sum(char.isprintable() or char.isspace() for char in text)
    return text if printable == len(text) and sum(map(str.isalnum, text)) >= _LEAST else None
