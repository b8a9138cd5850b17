"""What of a comment may be shown: the policy's detector, everything it finds masked. Pure.

A comment gets no placeholder, token, surrogate or coarser value where a record would: whoever types a guess must
not learn from what it becomes whether it stands behind a placeholder of the task. A mask says the same of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from schemas.errors import Reason
from schemas.hidden import RawRecord
from streams.redact.outcome import Outcome, Redacted
from streams.redact.ruling import Ruling
from streams.redact.transform.keys import TransformKeys
from streams.redact.transform.mask import MASK
from streams.redact.trying import outcomes
from topology.policies import Action, FieldRule, Policy, Treatment
from topology.policies.hints import NO_HINTS
from topology.policies.model import Context

FIELD = "comment"


@lru_cache(maxsize=4)
def for_comments(policy: Policy) -> Policy:
    """The policy as it holds for what is typed about tasks: one free text, in which all that the detector finds is
    masked, also what records may show. Whether a record may, its field, tier, language or source decides, and a
    comment has none of these. Detection and the risk threshold are the policy's own.
    """
    return replace(
        policy,
        tier=None,
        fields=(FieldRule(FIELD, Treatment(Action.DETECT)),),
        tags=(),
        default=Treatment(Action.MASK),
        categories=(),
        context=Context(),
        conditions=(),
        subject=(),
        hints=NO_HINTS,
    )


def shown(texts: Sequence[str], ruling: Ruling, keys: TransformKeys) -> list[str | Reason]:
    """What is left of each text, in order; or why nothing of it may be shown."""
    masking = replace(ruling, policy=for_comments(ruling.policy))
    found = outcomes([RawRecord({FIELD: text}) for text in texts], masking, keys)
    return [_left(outcome) for outcome in found]


def _left(outcome: Outcome) -> str | Reason:
    if not isinstance(outcome, Redacted):
        return outcome.reason
    text = outcome.record.fields[FIELD]
    return text if any(char.isalnum() for char in text.replace(MASK, "")) else Reason.NOTHING_LEFT
