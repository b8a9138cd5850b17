"""What the loop says, remembered for a round, and told when it has ended."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from schemas.audit import Event
from schemas.errors import (
    Abortable,
    CommitInDoubt,
    Fenced,
    LogUnavailable,
    RegistryUnavailable,
    VaultUnavailable,
    VeilError,
)
from streams.engine.clock import Clock
from streams.engine.messages import Message, Outgoing
from streams.engine.traces.spans import Outcome, Source
from streams.engine.traces.told import Passages, Round, Times, Work, arrived, marked, originate, told
from streams.engine.traces.tracing import Sink

OUTCOMES: Mapping[type[VeilError], Outcome] = MappingProxyType(
    {
        Abortable: Outcome.ABORTED,
        CommitInDoubt: Outcome.IN_DOUBT,
        Fenced: Outcome.FENCED,
        VaultUnavailable: Outcome.VAULT_UNAVAILABLE,
        LogUnavailable: Outcome.LOG_UNAVAILABLE,
        RegistryUnavailable: Outcome.REGISTRY_UNAVAILABLE,
    }
)
"""What is told of an error: its kind. Its text stays in the process's log."""


@dataclass(slots=True)
class _Open:
    """The round that is under way."""

    round: Round
    work: Work
    passages: Passages
    at: float
    """When it began, by the clock that never goes back."""
    steps: list[float] = field(default_factory=list)


class Traces:
    """`Tracing` for one loop. `ratio`: the share of traces that is told, from 0 to 1."""

    def __init__(self, source: Source, ratio: float, sink: Sink, clock: Clock) -> None:
        self._source = source
        self._ratio = ratio
        self._sink = sink
        self._clock = clock
        self._number = 0
        self._thread = 0
        self._open: _Open | None = None

    def begin(self, epoch: int, messages: Sequence[Message]) -> None:
        """A batch was taken."""
        self._number += 1
        self._thread = threading.get_ident()
        round_ = Round(self._source, epoch, self._number, self._clock.now(), self._ratio)
        passages = arrived(messages, self._ratio)
        self._open = _Open(round_, Work(messages), passages, self._clock.monotonic())

    def vault_called(self, seconds: float) -> None:
        """Vault was asked; of other threads' calls (for people, before documents exist) nothing is said."""
        open_ = self._open
        if threading.get_ident() == self._thread and open_ is not None and not open_.steps:
            open_.work.vault_calls += 1
            open_.work.vault_s += seconds

    def processed(self, documents: int) -> None:
        """It was processed."""
        if self._open is not None:
            self._open.work.documents = documents
            self._open.steps.append(self._clock.monotonic())

    def marked(self, outputs: Sequence[Outgoing], events: Sequence[Event]) -> Sequence[Outgoing]:
        """The transaction begins. Outside of a round (what `control` brings) nothing is marked."""
        if self._open is None:
            return outputs
        self._open.steps.append(self._clock.monotonic())
        found = marked(outputs, self._open.round, self._open.passages)
        originate(self._open.passages, self._open.work.messages, events)
        return found

    def committed(self) -> None:
        """It was committed."""
        self._end(Outcome.COMMITTED)

    def failed(self, error: VeilError) -> None:
        """It was not, or nobody knows."""
        kinds = (outcome for kind, outcome in OUTCOMES.items() if isinstance(error, kind))
        self._end(next(kinds, Outcome.FAILED))

    def nothing(self) -> None:
        """There was nothing to commit."""
        self._open = None

    def _end(self, outcome: Outcome) -> None:
        ended, self._open = self._open, None
        if ended is None:
            return
        times = _times(ended, self._clock.monotonic())
        if found := list(told(ended.round, ended.work, ended.passages, times, outcome)):
            self._sink.put(found)


def _times(ended: _Open, now: float) -> Times:
    """By the wall clock at its beginning and the other's differences: no span is negative when a clock is set."""
    processed, prepared = (*ended.steps, now, now)[:2]
    began = ended.round.began_ms * 1_000_000
    return Times(began, *(began + round((it - ended.at) * 1e6) * 1_000 for it in (processed, prepared, now)))
