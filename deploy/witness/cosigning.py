"""A witness at work: decide, sign, remember, answer, in this order and one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.witness.state import State
from streams.audit import witness
from streams.audit.note import Signature
from streams.audit.tree import Node
from streams.audit.witness import Refusal, Request, Seen, Trust


@dataclass(frozen=True, slots=True)
class Cosigned:
    """It is remembered, on the disk; `line` may leave. `splits`: files with the evidence of split views that the
    log's tree has proven, None for one that was not kept, as there is enough.
    """

    seen: Seen
    line: Signature
    splits: tuple[Path | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not cosigned. `kept`: the file with the evidence, where there is any."""

    refusal: Refusal
    kept: Path | None = None

    @property
    def is_split(self) -> bool:
        """Whether the log has been caught with two histories."""
        return self.refusal.evidence is not None and self.refusal.evidence.is_split


class Witness:
    """For any number of threads. `now`: seconds since the epoch."""

    def __init__(self, state: State, trust: Trust, now: Callable[[], int]) -> None:
        self._state, self._trust, self._now = state, trust, now
        self._one_at_a_time = threading.Lock()

    def ask(self, request: Request) -> Cosigned | Refused:
        """Cosign or refuse. OSError where it can't be written down; then nothing was cosigned."""
        with self._one_at_a_time:  # comparing with what was seen and replacing it must be one step
            decided = witness.consider(self._state.memory, request, self._trust, self._now())
            if isinstance(decided, Refusal):
                return self._refused(decided)
            key = self._state.key
            seen, line = decided.with_cosignature(key.verifier, key.private.sign(decided.message()))
            self._state.remember(seen)
        return Cosigned(seen, line)

    def settle(self, cosigned: Cosigned, node: Node) -> Cosigned:
        """End the doubts about a log by the nodes of the tree that was cosigned."""
        seen, splits = cosigned.seen, []
        with self._one_at_a_time:
            for doubt in self._state.doubts(seen.point.origin):
                found = witness.settled(doubt, seen, self._trust.get(doubt.origin, ()), node)
                if found is doubt:
                    continue
                if found is not None:  # the proof is there before the doubt goes
                    splits.append(self._state.keep(found))
                self._state.settle(doubt)
        return replace(cosigned, splits=tuple(splits))

    def last(self, origin: str) -> Seen | None:
        """What was cosigned last of a log."""
        with self._one_at_a_time:
            return self._state.memory.get(origin)

    def origins(self) -> list[str]:
        """The logs of which something was cosigned."""
        with self._one_at_a_time:
            return list(self._state.memory)

    def _refused(self, refusal: Refusal) -> Refused:
        evidence = refusal.evidence
        return Refused(refusal, None if evidence is None else self._state.keep(evidence))
