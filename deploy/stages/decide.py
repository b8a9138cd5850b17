"""Decide: labels in, verdicts and work orders out."""

from __future__ import annotations

from collections.abc import Callable

from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.decide.calibration import GoldSeams
from streams.decide.processor import DecideProcessor
from streams.decide.rules import Method, Rules
from streams.engine.log import Ownership
from topology.policies import load_policy_bytes
from topology.project import Project


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The decide stage of a project."""
    rules = rules_of(around.topology.project(around.project))
    gold = GoldSeams(_bars(around), lambda person: around.book.readmitted(around.project, person))
    processor = DecideProcessor(around.project, around.codec, around.clock, rules, gold=gold)
    return StageParts(processor, (f"labels.{around.project}", f"scores.{around.project}"), Ownership.WHOLE)


def _bars(around: Surroundings) -> Callable[[str], float | None]:
    """What each policy asks of people's answers on gold, by its hash; each parsed once."""
    known: dict[str, float | None] = {}

    def bar_of(policy_hash: str) -> float | None:
        if policy_hash not in known and (record := around.book.policy(policy_hash)) is not None:
            known[policy_hash] = load_policy_bytes(record.body).gold.bar
        return known.get(policy_hash)

    return bar_of


def rules_of(project: Project) -> Rules:
    """What the project's file wants of its verdicts."""
    acceptance = project.acceptance
    return Rules(
        Method(acceptance.verdict.value), acceptance.least_agreement, frozenset(project.persons.adjudicators)
    )
