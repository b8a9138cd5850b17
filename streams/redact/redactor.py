"""The redactor: a pure function from a raw record, a policy, a detector and a key to an outcome.

1. take the record apart; each scalar meets the policy, what nobody names is denied
2. search the free texts, all of a batch at once
3. add the record's own sensitive values wherever they turn up
4. replace, each find as the policy treats it; number placeholders within the record
5. look at the result as an attacker would; what does not stand that test goes to quarantine
6. weigh what risk remains, where the policy sets a limit; above it the record goes to quarantine
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemas.errors import ConfigError, Reason
from schemas.errors import Refused as RefusedError
from schemas.geometry import FieldGeometry, Span
from schemas.hidden import Hidden, RawRecord, RawValues, SanitizedRecord
from streams.redact.conditions import Circumstances, compiled
from streams.redact.cuts import Cut, cuts_of
from streams.redact.detect.encoded import readings
from streams.redact.detect.find import CERTAIN, DENIED, Detector, Find, Searched
from streams.redact.detect.own_values import MAX_VALUES, KnownValue, OwnValues
from streams.redact.fields import Leaf, leaves
from streams.redact.hinting import hints_for
from streams.redact.one_text import OneText, numbered, one_text
from streams.redact.outcome import Dropped, Outcome, Redacted, Refused
from streams.redact.placeholders import escapes, may_need_escapes
from streams.redact.replacing import Replacing
from streams.redact.risk.weighing import score_of, too_high
from streams.redact.transform.keys import RecordKeys, TransformKeys
from streams.redact.transform.surrogate import Real
from streams.redact.verify import Shown, holds
from topology.policies import Action, FieldRule, Policy, Treatment

_REFUSED = Refused(Reason.VERIFICATION_FAILED)
_SHOWS = frozenset({Action.PASS, Action.DETECT})
_LITERALS = frozenset({"true", "false", "null"})


@dataclass(frozen=True, slots=True, repr=False)
class Plan(Hidden):
    """A record taken apart: what will be shown in some form, and what must not be seen anywhere in it."""

    leaves: list[Leaf]
    shown: list[Leaf]
    known: list[KnownValue]
    subjects: RawValues

    @property
    def texts(self) -> list[str]:
        return [leaf.text for leaf in self.shown if leaf.rule and leaf.rule.action is Action.DETECT]

    @property
    def rules(self) -> dict[str, FieldRule]:
        """By path, of what is shown."""
        return {leaf.path: leaf.rule for leaf in self.shown if leaf.rule}


def redact(record: RawRecord, policy: Policy, detector: Detector, keys: TransformKeys | None = None) -> Outcome:
    """What may be shown of `record`. Never raises for a record's content; what is wrong with it is `Refused`.

    Raises ConfigError where the policy has tokens or surrogates and no key is given.
    """
    return redact_many([record], policy, detector, keys)[0]


def redact_many(
    records: Sequence[RawRecord], policy: Policy, detector: Detector, keys: TransformKeys | None = None
) -> list[Outcome]:
    """One outcome per record, in order, as `redact` gives it; free texts are searched in one batch."""
    if policy.needs_key and keys is None:
        raise ConfigError(f"policy {policy.id} has tokens or surrogates, for which a key is needed")
    plans = [one_text(record, policy) or _plan(record, policy) for record in records]
    texts = [text for plan in plans if isinstance(plan, (OneText, Plan)) for text in plan.texts]
    try:
        found = iter(detector.search(texts))
    except RefusedError as refused:
        if len(records) == 1:
            return [Refused(refused.reason)]
        return [redact(record, policy, detector, keys) for record in records]  # the one that is bad, alone
    return [_weighed(plan, found, policy, detector, keys) for plan in plans]


def _weighed(
    plan: OneText | Plan | Dropped | Refused,
    found: Iterator[Searched],
    policy: Policy,
    detector: Detector,
    keys: TransformKeys | None,
) -> Outcome:
    """The outcome of one record, whose texts are the next in `found`; too risky a one is refused."""
    if not isinstance(plan, (OneText, Plan)):
        return plan
    searched = [next(found) for _ in plan.texts]
    outcome = _finished(plan, iter([one.finds for one in searched]), policy, detector, keys)
    if not policy.risk.is_asked or not isinstance(outcome, Redacted):
        return outcome
    score = score_of(outcome, plan.rules, zip(plan.texts, searched, strict=True), policy)
    return Refused(Reason.RISK_TOO_HIGH) if too_high(score, policy) else outcome._replace(risk=score)


def _finished(
    plan: OneText | Plan,
    found: Iterator[list[Find]],
    policy: Policy,
    detector: Detector,
    keys: TransformKeys | None,
) -> Outcome:
    """The outcome of one record, whose texts are the next in `found`."""
    if isinstance(plan, OneText):
        finds = next(found)
        redacted = numbered(plan, finds, policy)
        if redacted is not None:
            shown = Shown(plan.rule, redacted.record.fields[plan.path], redacted.spans, plan.text)
            return redacted if holds([shown], (), policy, detector.is_everyday) else _REFUSED
        found, plan = iter([finds]), _whole(plan)
    return _Redaction(plan, policy, detector, keys).outcome(found)


def _plan(record: RawRecord, policy: Policy) -> Plan | Dropped | Refused:
    try:
        all_leaves = leaves(record, policy)
    except RefusedError as refused:
        return Refused(refused.reason)
    shown = [leaf for leaf in all_leaves if leaf.rule and leaf.rule.action is not Action.DROP]
    if not shown:
        return Dropped(Reason.NOTHING_LEFT)
    known = _known(all_leaves)
    if len(known) > MAX_VALUES and any(leaf.rule and leaf.rule.action is Action.DETECT for leaf in shown):
        return Refused(Reason.TOO_LARGE)  # a free text could hold any of them, and not all can be looked for
    subjects = (
        {leaf.path: leaf.text for leaf in all_leaves if leaf.name in policy.subject} if policy.subject else {}
    )
    return Plan(all_leaves, shown, known, RawValues(subjects))


def _whole(one: OneText) -> Plan:
    """A text that the short way wasn't made for, as any other record."""
    leaf = Leaf(one.path, one.path, one.text, literal=False, rule=one.rule)
    return Plan([leaf], [leaf], [], RawValues({}))


def _known(all_leaves: Iterable[Leaf]) -> list[KnownValue]:
    """Values that must not be seen, each once, and what coded ones say: those with a hiding rule first, then those
    that nobody named.
    """
    named = [leaf for leaf in all_leaves if leaf.rule and leaf.rule.action not in _SHOWS]
    unnamed = [leaf for leaf in all_leaves if leaf.rule is None]
    known: dict[str, KnownValue] = {}
    for leaf in (*named, *unnamed):
        if leaf.text not in known and not (leaf.literal and leaf.text in _LITERALS):
            kind = (leaf.rule.category if leaf.rule else None) or DENIED
            for text in (leaf.text, *sorted(readings(leaf.text))):
                known.setdefault(text, KnownValue(text, kind))
    return list(known.values())


class _Redaction(Hidden):
    """One record being redacted."""

    __slots__ = ("_circumstances", "_conditions", "_cuts", "_detector", "_keys", "_plan", "_policy")

    def __init__(self, plan: Plan, policy: Policy, detector: Detector, keys: TransformKeys | None) -> None:
        self._plan = plan
        self._policy = policy
        self._detector = detector
        self._keys = keys
        self._cuts: list[list[Cut]] = []
        self._conditions = compiled(policy.conditions) if policy.conditions else None
        self._circumstances = _circumstances(plan, policy) if policy.conditions else None

    def outcome(self, found: Iterator[list[Find]]) -> Outcome:
        """Takes from `found` the finds of this record's texts."""
        plan = self._plan
        own = OwnValues(plan.known, self._detector.is_everyday, self._detector.is_common) if plan.known else None
        self._cuts = [self._cuts_of(leaf, found, own) for leaf in plan.shown]
        replacing = Replacing(self._policy, self._occurrences(), self._record_keys, self._real)
        rendered = [
            replacing.render(leaf.path, leaf.text, cuts) for leaf, cuts in zip(plan.shown, self._cuts, strict=True)
        ]
        shown = [Shown(leaf.rule, *parts, leaf.text) for leaf, parts in zip(plan.shown, rendered, strict=True)]
        if not holds(shown, plan.known, self._policy, self._detector.is_everyday):
            return _REFUSED
        spans = [spans for _, spans in rendered]
        hints = hints_for(self._policy, plan.leaves, list(zip(plan.shown, self._cuts, spans, strict=True)))
        return _redacted(plan, rendered, replacing.values(), hints)

    def _cuts_of(self, leaf: Leaf, found: Iterator[list[Find]], own: OwnValues | None) -> list[Cut]:
        """What of one field must be replaced, ascending and disjoint."""
        rule, text = leaf.rule, leaf.text
        assert rule is not None, "only leaves with a rule are shown"
        if rule.action not in _SHOWS:
            treatment = self._decided(Find(0, len(text), rule.category or DENIED, CERTAIN), leaf, rule.treatment)
            return [Cut(0, len(text), rule.category or DENIED, CERTAIN, treatment)] if text else []
        cuts: list[Cut] = []
        if rule.action is Action.DETECT:
            of_policy = self._policy.treatment_for
            tier = rule.tier
            cuts = cuts_of(
                next(found),
                own.find(text) if own else (),
                lambda find: self._decided(find, leaf, of_policy(find.entity_type, tier)),
                self._policy.default,
            )
        return sorted([*cuts, *escapes(text, cuts)]) if may_need_escapes(text) else cuts

    def _decided(self, find: Find, leaf: Leaf, treatment: Treatment) -> Treatment:
        """The treatment of a find, conditions included."""
        if self._conditions is None or self._circumstances is None:
            return treatment
        return self._conditions.raised(
            treatment, find.entity_type, self._circumstances, leaf.name, leaf.text, (find.start, find.end)
        )

    def _occurrences(self) -> Iterator[tuple[str, Cut]]:
        for leaf, cuts in zip(self._plan.shown, self._cuts, strict=True):
            for cut in cuts:
                if cut.treatment is not None:
                    yield leaf.text[cut.start : cut.end], cut

    def _record_keys(self) -> RecordKeys:
        assert self._keys is not None, "redact_many asks for the key where the policy needs one"
        return self._keys.of_record(self._policy.name, ((leaf.path, leaf.text) for leaf in self._plan.leaves))

    def _real(self) -> Real:
        known = (value.text for value in self._plan.known)
        whole = (leaf.text for leaf in self._plan.leaves)
        return Real((*(raw for raw, _ in self._occurrences()), *known, *whole))


def _circumstances(plan: Plan, policy: Policy) -> Circumstances:
    """What the record says of itself; the first value counts where a path stands for several."""
    context = policy.context
    said = {leaf.name: leaf.text for leaf in reversed(plan.leaves) if leaf.name}
    return Circumstances(
        said.get(context.language or "", policy.language),
        said.get(context.source or ""),
        said.get(context.purpose or ""),
    )


def _redacted(
    plan: Plan, rendered: Sequence[tuple[str, tuple[Span, ...]]], values: RawValues, hints: RawValues
) -> Redacted:
    shown = list(zip(plan.shown, rendered, strict=True))
    return Redacted(
        record=SanitizedRecord({leaf.path: text for leaf, (text, _) in shown}),
        geometry=tuple(
            FieldGeometry(leaf.path, len(leaf.text), len(text), spans) for leaf, (text, spans) in shown
        ),
        values=values,
        sources=RawValues({leaf.path: leaf.text for leaf in plan.shown}),
        subjects=plan.subjects,
        hints=hints,
    )
