"""How a witness is asked, and how it answers, byte for byte (C2SP tlog-witness, `add-checkpoint`). Pure."""

from __future__ import annotations

import base64
import binascii
import re

from streams.audit import note
from streams.audit.note import BadNote, Note, Signature, Verifier
from streams.audit.tree import HASH_BYTES, MAX_SIZE
from streams.audit.witness import Request

MAX_PROOF = 63
MAX_BYTES = note.MAX_BYTES + 4_096
"""A note, 63 hashes of 45 bytes each and the first line."""
SIZE_TYPE = "text/x.tlog.size"
"""Of the body of a 409."""
_OLD = re.compile(rb"old (0|[1-9][0-9]{0,18})")
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


class BadRequest(ValueError):
    """A body is not what the protocol says."""


def parse(body: bytes) -> Request:
    """The request in a body. Whether the checkpoint in it is one is not looked at. Raises BadRequest."""
    head, blank, checkpoint = body.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    old = _OLD.fullmatch(first)
    if not blank or old is None or int(old[1]) > MAX_SIZE:
        raise BadRequest("it begins with `old`, a space and a size, and has an empty line before the checkpoint")
    if len(lines) > MAX_PROOF:
        raise BadRequest(f"a proof has at most {MAX_PROOF} lines")
    return Request(int(old[1]), tuple(_hash(line) for line in lines), checkpoint)


def body_of(request: Request) -> bytes:
    """The body for a request."""
    lines = [f"old {request.old_size}", *(base64.b64encode(it).decode() for it in request.proof)]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + request.checkpoint


def size_body(size: int) -> bytes:
    """The body of a 409."""
    return f"{size}\n".encode()


def parse_size(body: bytes) -> int:
    """The size in a 409. Raises BadRequest."""
    found = _SIZE.fullmatch(body)
    if found is None or int(found[1]) > MAX_SIZE:
        raise BadRequest("a conflict is answered with a size and a newline")
    return int(found[1])


def cosignature_in(body: bytes, asked: Note, verifier: Verifier) -> Signature:
    """The witness's line in the body of a 200, checked. Lines by others are passed over. Raises BadNote."""
    answered = note.parse(f"{asked.text}\n".encode() + body)
    if answered.text != asked.text:
        raise BadNote("the answer is more than lines of signatures")
    note.check_cosignature(answered, verifier)
    return next(it for it in answered.signatures if (it.name, it.key_hash) == (verifier.name, verifier.key_hash))


def _hash(line: bytes) -> bytes:
    try:
        data = base64.b64decode(line, validate=True)
    except binascii.Error:
        data = b""
    if len(data) != HASH_BYTES or base64.b64encode(data) != line:
        raise BadRequest("a line of a proof is 32 bytes in base64")
    return data
