"""Decide: labels in, verdicts and work orders out."""

from __future__ import annotations

from deploy.current_project import current_project
from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.decide.processor import DecideProcessor
from streams.decide.rules import Method, Rules
from streams.engine.log import Ownership
from topology.project import Project


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The decide stage of a project."""
    declared, now = around.topology.project(around.project), current_project(around)
    processor = DecideProcessor(around.project, around.codec, around.clock, lambda: rules_of(now() or declared))
    return StageParts(processor, (f"labels.{around.project}",), Ownership.WHOLE)


def rules_of(project: Project) -> Rules:
    """What the project's labeling job wants of its verdicts."""
    acceptance = project.acceptance
    return Rules(
        Method(acceptance.verdict.value), acceptance.least_agreement, frozenset(project.persons.adjudicators)
    )
