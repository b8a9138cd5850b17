"""A wrapped key as a small document: JSON, since nothing in it is secret."""

from __future__ import annotations

import json

from schemas.errors import Reason, Undecodable
from vault.interface import WrappedKey


def pack(wrapped: WrappedKey) -> bytes:
    """The document's bytes; the same key always gives the same bytes."""
    content = {"context": wrapped.context, "version": 1, "wrapped": wrapped.wrapped}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def unpack(blob: bytes) -> WrappedKey:
    """The wrapped key in a document. Raises Undecodable."""
    try:
        content = json.loads(blob)
        if content["version"] == 1:
            return WrappedKey(wrapped=str(content["wrapped"]), context=str(content["context"]))
    except (ValueError, KeyError, TypeError):
        pass
    raise Undecodable(Reason.UNDECODABLE, "not a document with a wrapped key")
