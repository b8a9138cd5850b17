"""What gold says of the redactor, by policy: the live leak bound, and when it stops the project.

Counted are known values of synthetic records; one leaks if a single character of it is shown. The bound is what
the share of leaked values does not exceed, with 95 % confidence (`topology.binomial`). It is the share, not the
bound of it, that a redactor has: with few values the bound is high whatever the redactor does, so nothing follows
from it before the policy's `least` values are counted; a policy can't ask for fewer than would show its limit if
none leaked.

A person who lets the project go on has seen the evidence: from there it is counted anew. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemas.gold import LeakTally, RedactionScore
from topology.binomial import may_be_above, upper_bound
from topology.policies.model import Gold

TOLD_ABOVE = 0.01


@dataclass(frozen=True, slots=True)
class Limit:
    """What a policy allows, and the name by which people know it (`demo@3`)."""

    policy_id: str
    gold: Gold


def begun(policy: str, now: int) -> LeakTally:
    """Nothing counted yet."""
    return LeakTally(policy, 0, 0, 0, 0, now, 0)


def counted(tally: LeakTally, score: RedactionScore) -> LeakTally:
    """With one more record of gold."""
    return replace(
        tally,
        values=tally.values + score.values,
        leaked=tally.leaked + score.leaked,
        characters=tally.characters + score.characters,
        leaked_characters=tally.leaked_characters + score.leaked_characters,
    )


def bound(tally: LeakTally) -> float:
    """What the share of leaked values does not exceed, with 95 % confidence; 1 where nothing was counted."""
    return upper_bound(tally.leaked, tally.values)


def passes_limit(tally: LeakTally, gold: Gold) -> bool:
    """Whether the bound is above what the policy allows, on enough evidence, and nothing was done about it yet."""
    limit = gold.leak_limit
    if limit is None or tally.frozen or tally.values < gold.least:
        return False
    return may_be_above(tally.leaked, tally.values, limit)


def told_above(gold: Gold) -> float:
    """From which bound on an operator is told; what people have not agreed on is ours to choose."""
    return gold.leak_limit or TOLD_ABOVE


def details(tally: LeakTally, limit: Limit, version: int) -> Mapping[str, str]:
    """The evidence for the event of the freeze, and which tally a lift of this version begins anew."""
    return {
        "policy": limit.policy_id,
        "hash": tally.policy,
        "version": str(version),
        "values": str(tally.values),
        "leaked": str(tally.leaked),
        "bound": f"{bound(tally):.4f}",
        "limit": f"{limit.gold.leak_limit}",
    }
