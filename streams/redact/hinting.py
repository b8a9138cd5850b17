"""Of which placeholders of a record something may be told, and what: of values hidden everywhere as their kind is.

A value gets no hint where it stands anywhere in a record under a stricter rule: a tier, a condition, another
action, another kind, a field that is denied. What is hidden better there must not be told by its placeholder here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.geometry import Span
from schemas.hidden import RawValues
from streams.redact.cuts import Cut
from streams.redact.fields import Leaf
from streams.redact.hints import hint_of
from streams.redact.outcome import NO_VALUES
from streams.redact.transform.transform import same
from topology.policies import Action, Policy

Shown = tuple[Leaf, Sequence[Cut], Sequence[Span]]
"""A field that is shown, what of it was cut, and the span that each cut has become."""


def hints_for(policy: Policy, leaves: Iterable[Leaf], shown: Sequence[Shown]) -> RawValues:
    """Placeholder → hint, of those that have one. Like values these are nobody's to see unasked."""
    if not policy.hints:
        return NO_VALUES
    barred = _barred(policy, leaves, shown)
    latest_year = int(policy.review_by[:4])
    found: dict[str, str] = {}
    for leaf, cuts, spans in shown:
        for cut, span in zip(cuts, spans, strict=True):
            value, hint = leaf.text[cut.start : cut.end], policy.hints.of(span.entity_type)
            if hint is None or span.action != Action.PLACEHOLDER or same(value) in barred:
                continue
            said = hint_of(value, hint, policy.hints.least, latest_year)
            if said is not None:
                found.setdefault(span.replacement, said)
    return RawValues(found)


def _barred(policy: Policy, leaves: Iterable[Leaf], shown: Sequence[Shown]) -> frozenset[str]:
    """Values, in the form that spellings have in common, that are hidden better somewhere than their kind is."""
    barred = {same(leaf.text) for leaf in leaves if _is_hidden_better(leaf, policy)}
    for leaf, cuts, spans in shown:
        for cut, span in zip(cuts, spans, strict=True):
            usual = cut.treatment == policy.treatment_for(cut.kind) and cut.kind == span.entity_type
            if not usual or _tier_forbids(leaf):
                barred.add(same(leaf.text[cut.start : cut.end]))
    return frozenset(barred)


def _is_hidden_better(leaf: Leaf, policy: Policy) -> bool:
    if leaf.rule is None:
        return True
    if leaf.rule.action in {Action.DETECT, Action.PASS}:
        return False
    return leaf.rule.treatment != policy.treatment_for(leaf.rule.category or "") or _tier_forbids(leaf)


def _tier_forbids(leaf: Leaf) -> bool:
    """Whether nothing of this field's values may be left, not even generalized."""
    tier = leaf.rule.tier if leaf.rule else None
    return tier is not None and tier.weakest_value.strength > Action.GENERALIZE.strength
