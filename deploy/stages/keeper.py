"""Keeper: ends what Vault holds of segments."""

from __future__ import annotations

from collections.abc import Callable

from deploy.stages.parts import StageParts
from deploy.surroundings import Surroundings
from streams.engine.log import Ownership
from streams.keeper.erasing import ErasureSeams
from streams.keeper.lateness import Lateness
from streams.keeper.leak_watch import LeakSeams
from streams.keeper.leaks import Limit
from streams.keeper.processor import KeeperProcessor
from topology.policies import load_policy_bytes
from topology.readers import readers


def build(around: Surroundings, slot: str, port: int) -> StageParts:  # noqa: ARG001 - all stages are built alike
    """The keeper stage of a project."""
    project = around.project
    processor = KeeperProcessor(
        project,
        around.codec,
        documents=around.vault,
        segments_now=lambda: around.log.read(f"segments.{project}"),
        clock=around.clock,
        told_time=around.vault.told_time,
        leaks=LeakSeams(
            limit_of=_limits(around),
            in_force=lambda: policy.hash if (policy := around.book.policy_in_force(project)) else "",
            lifted=lambda: around.book.lifted(project, around.identity.signer),
            sign=around.sign,
        ),
        erasures=ErasureSeams(lambda: around.book.erasures(project).in_force, around.sign),
        lateness=Lateness(around.log, readers(around.topology, project)),
    )
    return StageParts(processor, inputs(project), Ownership.WHOLE)


def inputs(project: str) -> tuple[str, ...]:
    """The topics to consume."""
    return (f"segments.{project}", f"joined.{project}", f"scores.{project}")


def _limits(around: Surroundings) -> Callable[[str], Limit | None]:
    """What each policy allows, by its hash; each parsed once."""
    known: dict[str, Limit] = {}

    def limit_of(policy_hash: str) -> Limit | None:
        if policy_hash not in known and (record := around.book.policy(around.project, policy_hash)) is not None:
            policy = load_policy_bytes(record.body)
            known[policy_hash] = Limit(policy.id, policy.gold)
        return known.get(policy_hash)

    return limit_of
