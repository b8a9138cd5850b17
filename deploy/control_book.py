"""What `control` says up to its end now, for a command that asks once; stages follow it (`ControlReader`)."""

from __future__ import annotations

from deploy.surroundings import CONTROL
from schemas.codec import Codec
from schemas.errors import Undecodable
from schemas.records import ControlState
from streams.engine.log import Log
from topology.control import ControlBook
from topology.loading import Topology


def read_book(topology: Topology, log: Log, codec: Codec) -> ControlBook:
    """What can't be read counts for nothing, as in every stage. Raises LogUnavailable, RegistryUnavailable."""
    book = ControlBook(topology.flow, topology.pins, topology.projects)
    for message in log.read(CONTROL):
        key = (message.key or b"").decode("utf-8", "replace")
        try:
            state = None if message.value is None else codec.decode(message.value, ControlState)
        except Undecodable:
            continue
        book.apply(key, state)
    return book
