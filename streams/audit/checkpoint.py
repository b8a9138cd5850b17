"""What a log says of itself: its origin, its size, the root of its tree (C2SP tlog-checkpoint). Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from streams.audit import note
from streams.audit.note import BadNote, Note
from streams.audit.tree import HASH_BYTES, MAX_SIZE

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_LEAST_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`size`: entries; `root`: 32 bytes. Lines that may follow (extensions) say nothing to us."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse(data: bytes) -> tuple[Checkpoint, Note]:
    """A checkpoint and its note, as they came from anywhere; no signature is checked. Raises BadNote."""
    found = note.parse(data)
    lines = found.text[:-1].split("\n")
    if len(lines) < _LEAST_LINES or "" in lines:
        raise BadNote("a checkpoint has an origin, a size and a root, and no empty line")
    origin, size, encoded, *_ = lines
    if not note.is_name(origin):
        raise BadNote("the origin of a checkpoint is a name without spaces")
    if _SIZE.fullmatch(size) is None or int(size) > MAX_SIZE:
        raise BadNote("the size of a checkpoint is a decimal number")
    try:
        root = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise BadNote("the root of a checkpoint is base64") from None
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != encoded:
        raise BadNote("the root of a checkpoint has 32 bytes")
    return Checkpoint(origin, int(size), root), found
