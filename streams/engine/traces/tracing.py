"""The loop's seam to traces, in the order in which a round calls it. Nothing here blocks or raises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from schemas.audit import Event
from schemas.errors import VeilError
from streams.engine.messages import Message, Outgoing
from streams.engine.traces.spans import Span


class Sink(Protocol):
    """Where spans go. Thread-safe; never blocks, never raises: what it has no room for is lost, and counted."""

    def put(self, spans: Sequence[Span]) -> None:
        """Take these."""
        ...


class Tracing(Protocol):
    """What the loop says of its rounds. Called by one thread."""

    def begin(self, epoch: int, messages: Sequence[Message]) -> None:
        """A batch was taken."""
        ...

    def processed(self, documents: int) -> None:
        """It was processed; so many documents are to be written to Vault."""
        ...

    def marked(self, outputs: Sequence[Outgoing], events: Sequence[Event]) -> Sequence[Outgoing]:
        """The documents exist, the transaction begins; the same records, with their headers. Of the events only
        what they cover is looked at: which task came of which offset.
        """
        ...

    def committed(self) -> None:
        """It was committed."""
        ...

    def failed(self, error: VeilError) -> None:
        """It was not, or nobody knows; also called where no batch was taken."""
        ...

    def nothing(self) -> None:
        """There was nothing to commit."""
        ...


class Untraced:
    """The default: nothing is told, no header is written."""

    def begin(self, epoch: int, messages: Sequence[Message]) -> None:
        """Nothing."""

    def processed(self, documents: int) -> None:
        """Nothing."""

    def marked(self, outputs: Sequence[Outgoing], events: Sequence[Event]) -> Sequence[Outgoing]:  # noqa: ARG002 - the protocol's
        """The very same."""
        return outputs

    def committed(self) -> None:
        """Nothing."""

    def failed(self, error: VeilError) -> None:
        """Nothing."""

    def nothing(self) -> None:
        """Nothing."""
