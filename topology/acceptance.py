"""What a project accepts as a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VerdictMethod(StrEnum):
    """How labels become a verdict."""

    MAJORITY = "majority"
    DAWID_SKENE = "dawid-skene"
    """Each answer weighs by how its person has answered so far."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """`least_agreement` is from 0 (as good as chance) to 1; None: agreement is reported, and nothing follows."""

    verdict: VerdictMethod = VerdictMethod.MAJORITY
    least_agreement: float | None = None
