"""What a drill has shown: each step with how long it took, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

STEPS = (
    "start",
    "policy",
    "app takes",
    "app shut out",
    "data reported",
    "project frozen",
    "order forged",
    "forger told of",
    "incident opened",
    "evidence kept",
    "evidence verified",
    "no value in it",
    "forgery found",
    "tasks withdrawn",
    "one is not enough",
    "two resume",
    "work goes on",
    "incident closed",
    "nothing left",
)
"""In this order; one that fails leaves the later ones missing."""


class Tell(Protocol):
    """Where the drill says how far it is."""

    def __call__(self, text: str, *, good: bool = True) -> None:
        """One line."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """A step that went as it must."""

    name: str
    seconds: float
    said: str


@dataclass(slots=True)
class Report:
    """`contained_ms`: by rule, from when contain took the alert up until all had obeyed; `told_s`: by rule, from
    the fault until it was contained.
    """

    steps: list[Done] = field(default_factory=list)
    contained_ms: dict[str, int] = field(default_factory=dict)
    told_s: dict[str, float] = field(default_factory=dict)
    failure: str = ""
    seconds: float = 0.0

    @property
    def missing(self) -> tuple[str, ...]:
        """The steps that did not go as they must."""
        done = {step.name for step in self.steps}
        return tuple(name for name in STEPS if name not in done)

    @property
    def ok(self) -> bool:
        """Nothing is missing."""
        return not self.missing

    def as_json(self) -> dict[str, object]:
        """Everything."""
        return {
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "steps": [{"name": it.name, "seconds": round(it.seconds, 2), "said": it.said} for it in self.steps],
            "missing": list(self.missing),
            "failure": self.failure,
            "contained_ms": self.contained_ms,
            "fault_to_contained_s": {rule: round(it, 1) for rule, it in self.told_s.items()},
        }


@dataclass(slots=True)
class Said:
    """What a step has to say once it is done."""

    text: str = ""


@contextmanager
def step(report: Report, name: str, tell: Tell) -> Iterator[Said]:
    """One step. It is in the report unless it raises."""
    begun, said = monotonic(), Said()
    yield said
    done = Done(name, monotonic() - begun, said.text or name)
    report.steps.append(done)
    tell(f"{done.seconds:6.1f} s  {done.said}")
