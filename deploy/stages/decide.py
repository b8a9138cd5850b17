"""Decide: labels in, verdicts and work orders out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
from topology.signed_policies import PolicyRecord

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What decide goes by of a policy: what it asks of people's answers on gold, how long its mappings live."""

    bar: float | None
    mapping_ms: int


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The decide stage of a project."""
    declared, now = around.topology.project(around.project), current_project(around)
    asked = asked_by(lambda policy: around.book.policy(around.project, policy))
    panel = Panel(around.project, declared.evaluators, EvaluatorProcess)
    processor = DecideProcessor(
        around.project,
        around.codec,
        around.clock,
        lambda: rules_of(now() or declared),
        look=panel.look,
        gold=GoldSeams(
            lambda policy: one.bar if (one := asked(policy)) else None,
            lambda person: around.book.readmitted(around.project, person),
        ),
        mapping_ms=lambda policy: one.mapping_ms if (one := asked(policy)) else None,
    )
    inputs = (f"labels.{around.project}", f"scores.{around.project}")
    return StageParts(processor, inputs, Ownership.WHOLE, stop=panel.close)


def asked_by(signed: Callable[[str], PolicyRecord | None]) -> Callable[[str], Asked | None]:
    """What each of the signed policies says, by its hash; each parsed once."""
    known: dict[str, Asked] = {}

    def asked(policy_hash: str) -> Asked | None:
        if policy_hash not in known and (record := signed(policy_hash)) is not None:
            policy = load_policy_bytes(record.body)
            known[policy_hash] = Asked(policy.gold.bar, policy.segment_hours * HOUR_MS)
        return known.get(policy_hash)

    return asked


def rules_of(project: Project) -> Rules:
    """What the project's labeling job wants of its verdicts."""
    acceptance = project.acceptance
    return Rules(
        Method(acceptance.verdict.value),
        acceptance.least_agreement,
        frozenset(project.persons.adjudicators),
        watches_drift=project.drift,
    )
