"""What a project wants of its verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """How a verdict is inferred from labels, as a project file says it."""

    MAJORITY = "majority"
    DAWID_SKENE = "dawid-skene"


class Doubt(StrEnum):
    """Why a verdict isn't reached yet: the reason of work orders. Part of the audit: add, never rename."""

    NO_MAJORITY = "no_majority"
    """By majority: some question has none."""
    NOT_SURE = "not_sure"
    """By Dawid and Skene: the answer to some question is not likely enough."""
    LOW_AGREEMENT = "low_agreement"
    """The people agree less than the project's bar, even if every question has an answer."""


class Why(StrEnum):
    """Why it was time to decide. Part of Verdict records and the audit: add, never rename."""

    AGREED = "agreed"
    """Every question is settled, and agreement is not below the bar."""
    NOBODY_LEFT = "nobody_left"
    """In doubt, but all extra annotators have been asked, and there is no adjudicator (any more); or none of those
    who were asked has answered in time.
    """
    ADJUDICATED = "adjudicated"
    """In doubt, and an adjudicator has settled it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One project's. Without adjudicators nothing is adjudicated, without a bar agreement is only reported."""

    method: Method = Method.MAJORITY
    least_agreement: float | None = None
    """Below it one more annotator is asked, as long as the task's policy grants one; then an adjudicator."""
    adjudicators: frozenset[str] = frozenset()
    watches_drift: bool = False
    """Whether it is watched how each annotator's answers change against the others'."""
