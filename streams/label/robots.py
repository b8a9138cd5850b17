"""Robot annotators for the demo and tests. They see what the API answers, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

from schemas.errors import Reason, Refused
from streams.engine.clock import Clock
from streams.label.answering import ChoiceRule, ErrorRates, Lexicon, answer
from streams.label.client import Denied, LabelClient
from streams.label.commands import ReleaseReason, SkipReason
from streams.label.forms import LeaseView

_ASK_AGAIN_S = 0.1
"""How soon a robot without a task asks again: ten calls a second are nothing to the queue."""
_HEARTBEAT_SHARE = 0.05
"""A robot is done at once; one task in twenty is held as a person would, so that heartbeats are exercised."""


@dataclass(frozen=True, slots=True)
class RobotSpec:
    """One robot: who it is, what it knows, what it gets wrong. The same seed gives the same answers to a task."""

    person: str
    lexicon: Lexicon
    rules: tuple[ChoiceRule, ...]
    rates: ErrorRates
    seed: int


@dataclass(slots=True)
class RobotReport:
    """What one robot has done."""

    person: str
    labeled: int = 0
    skipped: int = 0
    released: int = 0
    refused: int = 0
    spans: int = 0


class Robot:
    """Works until nothing is left."""

    def __init__(
        self,
        spec: RobotSpec,
        client: LabelClient,
        clock: Clock,
        progress: Callable[[RobotReport], None] = lambda _: None,
    ) -> None:
        self._spec = spec
        self._client = client
        self._clock = clock
        self._progress = progress
        self.report = RobotReport(spec.person)

    def run(self, stop: threading.Event, idle_s: float) -> RobotReport:
        """Label until `stop` is set or there was no task for `idle_s` seconds. Raises as the client does."""
        last_task = self._clock.monotonic()
        while not stop.is_set():
            if self.step():
                last_task = self._clock.monotonic()
            elif self._clock.monotonic() - last_task >= idle_s:
                break
            else:
                stop.wait(_ASK_AGAIN_S)
        return self.report

    def step(self) -> bool:
        """Take one task and answer it; False when there is none, or none for it: it is paused.

        A task lost meanwhile counts as refused.
        """
        try:
            task = self._client.lease()
            if task is not None:
                self._work(task)
        except Refused:
            self.report.refused += 1
            return True
        except Denied as denied:
            if denied.reason != Reason.PERSON_PAUSED:
                raise
            self.report.refused += 1
            return False
        self._progress(self.report)
        return task is not None

    def _work(self, task: LeaseView) -> None:
        # Seeded by task and lease, not by call order: what the other robots do doesn't change an answer.
        random = Random(f"{self._spec.seed}/{self._spec.person}/{task.task_id}/{task.fencing_token}")  # noqa: S311
        if random.random() < _HEARTBEAT_SHARE:
            self._client.heartbeat(task)
        if random.random() < self._spec.rates.skip:
            self._client.skip(task, SkipReason.UNCLEAR)
            self.report.skipped += 1
        elif random.random() < self._spec.rates.release:
            self._client.release(task, ReleaseReason.BREAK)
            self.report.released += 1
        else:
            result = answer(task, self._spec.lexicon, self._spec.rules, self._spec.rates, random)
            self._client.label(task, result.spans, result.choices)
            self.report.labeled += 1
            self.report.spans += len(result.spans)


def run_robots(
    specs: Sequence[RobotSpec],
    client_for: Callable[[str], LabelClient],
    clock: Clock,
    stop: threading.Event,
    idle_s: float,
    progress: Callable[[RobotReport], None] = lambda _: None,
) -> list[RobotReport]:
    """Run all robots side by side, each with its own client; their reports, in order. Raises the first error."""

    def work(spec: RobotSpec) -> RobotReport:
        with client_for(spec.person) as client:
            return Robot(spec, client, clock, progress).run(stop, idle_s)

    with ThreadPoolExecutor(len(specs), thread_name_prefix="robot") as pool:
        return list(pool.map(work, specs))
