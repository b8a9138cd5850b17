"""Decide: labels in, verdicts and work orders out."""

from __future__ import annotations

from deploy.current_project import current_project
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.decide.evaluators.panel import Panel
from streams.decide.evaluators.process import EvaluatorProcess
from streams.decide.processor import DecideProcessor
from streams.decide.rules import Method, Rules
from streams.engine.log import Ownership
from topology.project import Project


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The decide stage of a project."""
    declared, now = around.topology.project(around.project), current_project(around)
    panel = Panel(around.project, declared.evaluators, EvaluatorProcess)
    processor = DecideProcessor(
        around.project, around.codec, around.clock, lambda: rules_of(now() or declared), look=panel.look
    )
    return StageParts(processor, (f"labels.{around.project}",), Ownership.WHOLE, stop=panel.close)


def rules_of(project: Project) -> Rules:
    """What the project's labeling job wants of its verdicts."""
    acceptance = project.acceptance
    return Rules(
        Method(acceptance.verdict.value),
        acceptance.least_agreement,
        frozenset(project.persons.adjudicators),
        watches_drift=project.drift,
    )
