"""Whether a person's answers on gold are below the bar, with the evidence it takes. Pure.

The latest `RECENT` answers count: who has learned is not held to how they began, and who gets careless is noticed.
A person is paused when even the upper bound of their share of right answers, at `CONFIDENCE`, is below the bar
(`topology.binomial`). They are looked at after each record of gold, so often that at 95 % everybody near the bar
would be paused sooner or later: README.md says how often it happens at 99.9 %, to whom, and how soon. Answers to
one record are akin, which an exact bound does not know; the simulation there has it so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from schemas.gold import PersonGold, PersonStanding, ScoredQuestion, StandingReason
from topology.binomial import may_be_above

RECENT = 100
"""Answers on gold: some twenty records, four hundred tasks where one in twenty is gold."""
CONFIDENCE = 0.999
LEAST = 20
"""Nobody is judged by fewer: those of one hard record are often wrong together."""


def unknown(person: str) -> PersonGold:
    """Somebody who has answered no gold yet."""
    return PersonGold(person, b"", paused=False, since=0, readmitted=0)


def answered(known: PersonGold, questions: Sequence[ScoredQuestion]) -> PersonGold:
    """With the answers to one more record. What a paused person had answered before is counted no more."""
    if known.paused:
        return known
    recent = known.recent + bytes(question.right for question in questions)
    return replace(known, recent=recent[-RECENT:])


def is_below(known: PersonGold, bar: float) -> bool:
    """Whether a person who is not paused should be. `bar` is a share between 0 and 1."""
    if known.paused or len(known.recent) < LEAST or not 0 < bar < 1:
        return False
    return not may_be_above(sum(known.recent), len(known.recent), bar, CONFIDENCE)


def paused(known: PersonGold, now: int) -> PersonGold:
    """They get no more tasks."""
    return replace(known, paused=True, since=now)


def readmitted(known: PersonGold, version: int, now: int) -> PersonGold:
    """They get tasks again, and what they answered before counts no more."""
    return replace(known, recent=b"", paused=False, since=now, readmitted=version)


def standing(known: PersonGold, reason: StandingReason) -> PersonStanding:
    """What label is told."""
    counts = len(known.recent), sum(known.recent)
    return PersonStanding(known.person, known.paused, known.since, reason.value, *counts)
