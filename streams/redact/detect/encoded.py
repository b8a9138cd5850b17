"""Pieces of text written in another code: base64, hexadecimal, percent, HTML entities, quoted-printable, escapes.

Each is decoded and searched like any text; a find inside hides the whole piece. What is encoded more than `DEPTH`
times, or is more than the budget of its text, is hidden without a look: it was not written for people to read.
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
MAX_PIECES = 256  # of one text, at all depths; each costs a search
SPARE_CHARACTERS = 4096  # by which its pieces may be longer than a text: one run may be code in four ways
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
# A value that may be code as a whole; alone it may be shorter than in a text, where a word would often be code.
_CODED = re.compile(r"[%&=\\]|^[A-Za-z0-9+/_-]{8,}$")
_WHOLE_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
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


class _Budget:
    """What may still be searched of one text's pieces, and of pieces inside those: as much again as the text.

    Without it a run that is code in four ways would be searched four times, and what it decodes to sixteen.
    """

    def __init__(self, text: str) -> None:
        self._pieces = MAX_PIECES
        self._characters = len(text) + SPARE_CHARACTERS

    def allows(self, plain: str) -> bool:
        """Whether this is to be searched too; then it is counted."""
        if not self._pieces or len(plain) > self._characters:
            return False
        self._pieces -= 1
        self._characters -= len(plain)
        return True


def encoded_finds(texts: Sequence[str], search: Search) -> list[list[Find]]:
    """For each text the encoded pieces in which `search`, or the limits, find something. In its coordinates."""
    return _look(texts, [_Budget(text) for text in texts], search, DEPTH)


def readings(value: str) -> set[str]:
    """What a value says that is code as a whole, decoded once: a name in bytes of Avro, or with percent signs."""
    if not _CODED.search(value):
        return set()
    found = {plain for start, end, plain in _decoded(value) if end - start == len(value)}
    if _WHOLE_BASE64.fullmatch(value) and _MIXED.search(value) and (plain := _from_base64(value)) is not None:
        found.add(plain)
    return found


def _look(texts: Sequence[str], budgets: Sequence[_Budget], search: Search, depth: int) -> list[list[Find]]:
    """`budgets` are those of the texts in which these were found, one for each."""
    finds: list[list[Find]] = [[] for _ in texts]
    searched: list[Piece] = []
    for number, text in enumerate(texts):
        for piece in _pieces(number, text):
            if depth and budgets[number].allows(piece.plain):
                searched.append(piece)
            else:
                finds[number].append(Find(piece.start, piece.end, ENCODED, DEFAULT))
    if searched:
        plain = [piece.plain for piece in searched]
        deeper = _look(plain, [budgets[piece.number] for piece in searched], search, depth - 1)
        for piece, found, more in zip(searched, search(plain), deeper, strict=True):
            finds[piece.number].extend(_whole(piece, [*found, *more]))
    return finds


def _whole(piece: Piece, inside: Sequence[Find]) -> Iterator[Find]:
    """The piece, under the name of the strongest find inside it; that name covers none of the others."""
    if inside:
        strongest = max(inside, key=lambda find: (find.weight, find.entity_type))
        others = {one.entity_type for one in inside}.union(*(one.beyond for one in inside))
        beyond = tuple(sorted(others - {strongest.entity_type}))
        yield Find(piece.start, piece.end, strongest.entity_type, strongest.weight, beyond)


def _pieces(number: int, text: str) -> Iterator[Piece]:
    """Runs of `text` that decode to something readable."""
    if not _MAY_BE.search(text):
        return
    for match in _RUN.finditer(text):
        for start, end, plain in _decoded(match.group()):
            yield Piece(number, match.start() + start, match.start() + end, plain)


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
