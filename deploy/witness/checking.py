"""The pull form: read a log where it lies, and cosign its newest checkpoint if it goes on from what was seen.

Its tiles then say what has become of doubts about it.
"""

from __future__ import annotations

from deploy.witness import tiled_log
from deploy.witness.cosigning import Cosigned, Refused, Witness
from deploy.witness.tiled_log import Read
from schemas.errors import ChainBroken
from streams.audit import checkpoint
from streams.audit.note import BadNote


def check(witness: Witness, read: Read, where: str) -> Cosigned | Refused:
    """Raises ChainBroken where the log can't be read, or shows less than was cosigned."""
    data = tiled_log.checkpoint_in(read, where)
    try:
        point, _ = checkpoint.parse(data)
    except BadNote as error:
        raise ChainBroken(f"{where}: its checkpoint is none: {error}") from None
    seen = witness.last(point.origin)
    before = seen.point.size if seen else 0
    if before > point.size:
        raise ChainBroken(
            f"{where} has {point.size:,} entries, and {before:,} of {point.origin} were cosigned: this copy is "
            "old, or the log was cut"
        )
    found = witness.ask(tiled_log.request_for(read, where, data, point, before))
    if isinstance(found, Refused):
        return found
    return witness.settle(found, tiled_log.node_in(read, where, point.size))
