"""What differs between stages, as the loop's wiring needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from schemas.control import ControlKind
from streams.engine.log import Log, Ownership
from streams.engine.presence import StandsBy
from streams.engine.processor import Processor
from streams.engine.requests import NoRequests, RequestSource

DEFAULT_TRANSACTION_TIMEOUT_MS = 15_000
"""DESIGN §4: longer than any commit seen (3 ms), short enough that a dead owner holds nobody up for long."""
DEFAULT_BATCH_LIMIT = 500
"""Redact's segments stay under 256 kB at ~100–400 bytes of mapping a record."""


@dataclass(frozen=True, slots=True)
class StageParts:
    """A processor and how it is fed; without `inputs` `control` alone wakes it. `slot`: the one that several
    processes of a stage have in common, of which
    one owns it and the others stand by; `log`: through which it is read, where not directly; `by_turns`: people
    wait for its transactions, which are to follow each other without a pause.
    """

    processor: Processor
    inputs: tuple[str, ...]
    ownership: Ownership
    transaction_timeout_ms: int = DEFAULT_TRANSACTION_TIMEOUT_MS
    requests: RequestSource = field(default_factory=NoRequests)
    poll_s: float = 0.25
    request_wait_s: float = 0.0
    stop: Callable[[], None] = field(default=lambda: None)
    slot: str | None = None
    standby: StandsBy | None = None
    log: Log | None = None
    by_turns: bool = False
    batch_limit: int = DEFAULT_BATCH_LIMIT
    rereads: bool = False
    """Its inputs may be read from their beginning once more: it knows by itself what it has done."""
    obeys_everywhere: frozenset[ControlKind] = frozenset()
    """What it takes up, and acknowledges, of every project: for a process that serves all of them."""
