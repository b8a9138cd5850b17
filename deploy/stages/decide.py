"""Decide: labels in, verdicts and work orders out."""

from __future__ import annotations

from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.decide.processor import DecideProcessor
from streams.decide.rules import Method, Rules
from streams.engine.log import Ownership
from topology.project import Project


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The decide stage of a project."""
    rules = rules_of(around.topology.project(around.project))
    processor = DecideProcessor(around.project, around.codec, around.clock, rules)
    return StageParts(processor, (f"labels.{around.project}",), Ownership.WHOLE)


def rules_of(project: Project) -> Rules:
    """What the project's file wants of its verdicts."""
    acceptance = project.acceptance
    return Rules(
        Method(acceptance.verdict.value),
        acceptance.least_agreement,
        frozenset(project.persons.adjudicators),
        watches_drift=project.drift,
    )
