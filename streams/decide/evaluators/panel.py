"""All evaluators of a project, asked about each batch of labels; none of them can stop decide.

What they say is in the transaction of the labels, so a label that is replayed after a crash has its signals once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from schemas.audit import Event, EventType
from schemas.errors import ConfigError
from schemas.records import Label
from schemas.resources import label_resource, project_resource, task_resource
from streams.decide import metrics
from streams.decide.evaluators import Signal
from streams.decide.evaluators.process import Failed, Failure
from streams.engine.processor import Plan

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SIGNALS: TypeAdapter[list[Signal]] = TypeAdapter(list[Signal])


@dataclass(frozen=True, slots=True)
class EvaluatorSettings:
    """Limits of each evaluator."""

    answer_s: float = 1.0
    """For a batch of 500 labels at most; so long one that hangs holds up verdicts, and then no more."""
    starts: int = 3
    """How often its process is begun anew after it hung or ended, before it is off until decide starts again."""
    signals: int = 8
    """Of one label."""


class Running(Protocol):
    """A started evaluator (`EvaluatorProcess`)."""

    def ask(self, labels: Sequence[Label], limit_s: float) -> object:
        """What it says, unchecked. Raises Failed."""
        ...

    def kill(self) -> None:
        """End it."""
        ...


class Panel:
    """The evaluators by name (`package.module:Class`). What `start` raises at first, ConfigError, is passed on."""

    def __init__(
        self,
        project: str,
        names: Sequence[str],
        start: Callable[[str], Running],
        settings: EvaluatorSettings | None = None,
    ) -> None:
        self._project = project
        self._start = start
        self._settings = settings or EvaluatorSettings()
        self._running: dict[str, Running | None] = {name: start(name) for name in names}
        self._starts = dict.fromkeys(names, 0)

    def look(self, labels: Sequence[Label], plan: Plan) -> None:
        """Add what each evaluator says of the labels to the plan's events."""
        if not labels:
            return
        for name in self._running:
            try:
                signals = self._checked(self._ask(name, labels), labels)
            except Failed as failed:
                self._fail(name, failed.failure, len(labels), plan)
                continue
            tasks = {it.label_id: it.task_id for it in labels}
            plan.events += [_signalled(name, signal, tasks[signal.label_id]) for signal in signals]
            plan.after += [metrics.SIGNALS.labels(self._project, name, it.name).inc for it in signals]

    def close(self) -> None:
        """End all of them."""
        for running in self._running.values():
            if running is not None:
                running.kill()

    def _ask(self, name: str, labels: Sequence[Label]) -> object:
        running = self._running[name]
        if running is None:
            raise Failed(Failure.OFF)
        return running.ask(labels, self._settings.answer_s)

    def _checked(self, answer: object, labels: Sequence[Label]) -> list[Signal]:
        """Raises Failed for anything but signals of these labels: an evaluator says numbers, nothing else."""
        try:
            signals = _SIGNALS.validate_python(answer)
        except ValidationError:
            raise Failed(Failure.BAD_ANSWER) from None
        known = {it.label_id for it in labels}
        named = {(it.label_id, it.name) for it in signals}
        good = all(it.label_id in known and _NAME.fullmatch(it.name) and math.isfinite(it.value) for it in signals)
        if not good or len(named) < len(signals) or len(signals) > self._settings.signals * len(labels):
            raise Failed(Failure.BAD_ANSWER)
        return signals

    def _fail(self, name: str, failure: Failure, labels: int, plan: Plan) -> None:
        plan.after.append(metrics.EVALUATOR_FAILURES.labels(self._project, name, failure.value).inc)
        if failure is Failure.OFF:
            return
        details = {"evaluator": name, "labels": str(labels)}
        if failure is not Failure.RAISED and not self._again(name):
            details["state"] = Failure.OFF.value
            plan.notice = f"evaluator {name} failed too often; it is off until decide starts again"
        plan.events.append(
            Event(
                EventType.EVALUATOR_FAILED,
                project_resource(self._project),
                "failed",
                reason=failure.value,
                details=details,
            )
        )

    def _again(self, name: str) -> bool:
        """End its process and begin another, while it may; whether there is one."""
        running, self._running[name] = self._running[name], None
        if running is not None:
            running.kill()
        if self._starts[name] >= self._settings.starts:
            return False
        self._starts[name] += 1
        try:
            self._running[name] = self._start(name)
        except ConfigError:
            return False
        return True


def _signalled(evaluator: str, signal: Signal, task_id: str) -> Event:
    return Event(
        EventType.EVALUATOR_SIGNALLED,
        label_resource(signal.label_id),
        parents=(task_resource(task_id),),
        details={"evaluator": evaluator, "signal": signal.name, "value": f"{signal.value:.6g}"},
    )
