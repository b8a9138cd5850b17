"""The redactor: a pure function from a raw record, a policy and a detector to an outcome.

1. take the record apart; each scalar meets the policy, what nobody names is denied
2. search the free texts, all of a batch at once
3. add the record's own sensitive values wherever they turn up
4. replace; number placeholders within the record
5. look at the result as an attacker would; what does not stand that test goes to quarantine
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.errors import Reason
from schemas.errors import Refused as RefusedError
from schemas.geometry import FieldGeometry, Span
from schemas.hidden import Hidden, RawRecord, RawValues, SanitizedRecord
from streams.redact.detect.custom import DENIED
from streams.redact.detect.find import CERTAIN, Detector, Find
from streams.redact.detect.merge import union
from streams.redact.detect.own_values import KnownValue, OwnValues
from streams.redact.fields import Leaf, leaves
from streams.redact.outcome import Dropped, Outcome, Redacted, Refused
from streams.redact.placeholders import Numbering, Piece, escapes, render
from streams.redact.verify import Shown, holds
from topology.policies import Action, Policy

_HIDES = frozenset({Action.PLACEHOLDER, Action.MASK, Action.DROP})


@dataclass(frozen=True, slots=True, repr=False)
class Plan(Hidden):
    """A record taken apart: what will be shown in some form, and what must not be seen anywhere in it."""

    shown: tuple[Leaf, ...]
    known: tuple[KnownValue, ...]
    subjects: RawValues

    @property
    def texts(self) -> list[str]:
        return [leaf.text for leaf in self.shown if leaf.rule and leaf.rule.action is Action.DETECT]


def redact(record: RawRecord, policy: Policy, detector: Detector) -> Outcome:
    """What may be shown of `record`. Never raises for a record's content; what is wrong with it is `Refused`."""
    return redact_many([record], policy, detector)[0]


def redact_many(records: Sequence[RawRecord], policy: Policy, detector: Detector) -> list[Outcome]:
    """One outcome per record, in order, as `redact` gives it; free texts are searched in one batch."""
    plans = [_plan(record, policy) for record in records]
    texts = [text for plan in plans if isinstance(plan, Plan) for text in plan.texts]
    try:
        found = iter(detector.find(texts))
    except RefusedError as refused:
        if len(records) == 1:
            return [Refused(refused.reason)]
        return [redact(record, policy, detector) for record in records]  # the one that is bad, alone
    return [
        _finish(plan, [next(found) for _ in plan.texts], policy, detector) if isinstance(plan, Plan) else plan
        for plan in plans
    ]


def _plan(record: RawRecord, policy: Policy) -> Plan | Dropped | Refused:
    try:
        all_leaves = leaves(record, policy)
    except RefusedError as refused:
        return Refused(refused.reason)
    shown = tuple(leaf for leaf in all_leaves if leaf.rule and leaf.rule.action is not Action.DROP)
    if not shown:
        return Dropped(Reason.NOTHING_LEFT)
    subjects = {leaf.path: leaf.text for leaf in all_leaves if leaf.name in policy.subject}
    return Plan(shown, tuple(_known(all_leaves)), RawValues(subjects))


def _known(all_leaves: Iterable[Leaf]) -> Iterable[KnownValue]:
    """Values that must not be seen: those with a hiding rule first, then those that nobody named."""
    named = [leaf for leaf in all_leaves if leaf.rule and leaf.rule.action in _HIDES]
    unnamed = [leaf for leaf in all_leaves if leaf.rule is None]
    for leaf in (*named, *unnamed):
        if not leaf.literal or leaf.text not in {"true", "false", "null"}:
            yield KnownValue(leaf.text, (leaf.rule.category if leaf.rule else None) or DENIED)


def _finish(plan: Plan, found: list[list[Find]], policy: Policy, detector: Detector) -> Outcome:
    own = OwnValues(plan.known, detector.is_everyday)
    finds = iter(found)
    pieces = [_pieces(leaf, finds, own, policy) for leaf in plan.shown]
    numbering = Numbering(
        [
            (leaf.text[piece.find.start : piece.find.end], piece.find)
            for leaf, field in zip(plan.shown, pieces, strict=True)
            for piece in field
            if piece.action == Action.PLACEHOLDER
        ]
    )
    rendered = [
        render(leaf.path, leaf.text, field, numbering) for leaf, field in zip(plan.shown, pieces, strict=True)
    ]
    shown = [
        Shown(leaf.rule, text, tuple(spans)) for leaf, (text, spans) in zip(plan.shown, rendered, strict=True)
    ]
    if not holds(shown, plan.known, policy, detector.is_everyday):
        return Refused(Reason.VERIFICATION_FAILED)
    return _redacted(plan, rendered, numbering)


def _pieces(leaf: Leaf, found: Iterable[list[Find]], own: OwnValues, policy: Policy) -> list[Piece]:
    """What of one field must be replaced, ascending and disjoint."""
    assert leaf.rule is not None, "only leaves with a rule are shown"
    rule, whole = leaf.rule, len(leaf.text)
    if rule.action is Action.PASS:
        return escapes(leaf.text, ())
    if rule.action is not Action.DETECT:
        return [Piece(Find(0, whole, rule.category or DENIED, CERTAIN), rule.action)] if whole else []
    finds = [find for find in next(iter(found)) if policy.action_for(find.entity_type) is not Action.PASS]
    hidden = union([*finds, *own.find(leaf.text)])
    pieces = [Piece(find, _hiding(policy, find.entity_type)) for find in hidden]
    return sorted([*pieces, *escapes(leaf.text, hidden)], key=lambda piece: piece.find.start)


def _hiding(policy: Policy, category: str) -> Action:
    """The action of a category; what the record itself marks as sensitive is hidden even where it may pass."""
    action = policy.action_for(category)
    return policy.default_action if action is Action.PASS else action


def _redacted(plan: Plan, rendered: list[tuple[str, list[Span]]], numbering: Numbering) -> Redacted:
    geometry = tuple(
        FieldGeometry(leaf.path, len(leaf.text), len(text), tuple(spans))
        for leaf, (text, spans) in zip(plan.shown, rendered, strict=True)
    )
    return Redacted(
        record=SanitizedRecord({leaf.path: text for leaf, (text, _) in zip(plan.shown, rendered, strict=True)}),
        spans=tuple(span for _, spans in rendered for span in spans),
        geometry=geometry,
        values=numbering.values(),
        sources=RawValues({leaf.path: leaf.text for leaf in plan.shown}),
        subjects=plan.subjects,
    )
