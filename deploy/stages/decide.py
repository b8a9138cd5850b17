"""Decide: labels in, verdicts and work orders out."""

from __future__ import annotations

from collections.abc import Callable

from deploy.current_project import current_project
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.decide.calibration import GoldSeams
from streams.decide.evaluators.panel import Panel
from streams.decide.evaluators.process import EvaluatorProcess
from streams.decide.processor import DecideProcessor
from streams.decide.rules import Method, Rules
from streams.engine.log import Ownership
from topology.policies import load_policy_bytes
from topology.project import Project


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The decide stage of a project."""
    declared, now = around.topology.project(around.project), current_project(around)
    panel = Panel(around.project, declared.evaluators, EvaluatorProcess)
    processor = DecideProcessor(
        around.project,
        around.codec,
        around.clock,
        lambda: rules_of(now() or declared),
        look=panel.look,
        gold=GoldSeams(_bars(around), lambda person: around.book.readmitted(around.project, person)),
    )
    inputs = (f"labels.{around.project}", f"scores.{around.project}")
    return StageParts(processor, inputs, Ownership.WHOLE, stop=panel.close)


def _bars(around: Surroundings) -> Callable[[str], float | None]:
    """What each policy asks of people's answers on gold, by its hash; each parsed once."""
    known: dict[str, float | None] = {}

    def bar_of(policy_hash: str) -> float | None:
        if policy_hash not in known and (record := around.book.policy(around.project, policy_hash)) is not None:
            known[policy_hash] = load_policy_bytes(record.body).gold.bar
        return known.get(policy_hash)

    return bar_of


def rules_of(project: Project) -> Rules:
    """What the project's labeling job wants of its verdicts."""
    acceptance = project.acceptance
    return Rules(
        Method(acceptance.verdict.value),
        acceptance.least_agreement,
        frozenset(project.persons.adjudicators),
        watches_drift=project.drift,
    )
