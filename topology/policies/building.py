"""From a checked document to a policy as values, in a canonical order; `hash` is still empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from topology.policies.actions import Action, Tier, Treatment
from topology.policies.document import (
    AcceptanceEntry,
    ConditionEntry,
    DetectionEntry,
    GoldEntry,
    HintsEntry,
    LabelsEntry,
    PolicyDocument,
    PublishedDocument,
)
from topology.policies.entries import RuleEntry
from topology.policies.floors import Floors
from topology.policies.hints import NO_HINTS, Hints
from topology.policies.model import (
    Acceptance,
    Choice,
    Condition,
    Context,
    Detection,
    FieldRule,
    Gold,
    LabelSchema,
    Policy,
    Recognizer,
    Risk,
    TagRule,
)
from topology.policies.packs import Pack

RESTRICTED = "RESTRICTED"


def to_policy(document: PolicyDocument, packs: Sequence[Pack]) -> Policy:
    """The policy that a file spells out, with its packs and its tier worked in."""
    floors = Floors.of(document.default_action.treatment(None), document.tier, packs)
    return _build(document, floors, packs, tuple(sorted(pack.id for pack in packs)))


def hint_faults(policy: Policy, packs: Sequence[Pack]) -> Iterator[tuple[str, str]]:
    """Category and fault of each hint that would show what the policy, its tier or a pack hides."""
    floors = Floors.of(policy.default, policy.tier, packs)
    kept_whole = {
        category
        for condition in policy.conditions
        for category, treatment in condition.categories
        if treatment.action is Action.PLACEHOLDER
    }
    for category, hint in policy.hints.categories:
        if policy.treatment_for(category).action is not Action.PLACEHOLDER:
            yield (
                category,
                f"a hint is asked of a placeholder, and {category} gets none: say `{category}: placeholder`",
            )
        elif floors.category(category, hint.treatment) != hint.treatment:
            yield (
                category,
                f"its tier or a pack lets no text show the {hint} of a {category} either",
            )
        elif category in kept_whole:
            yield category, f"a condition wants {category} kept whole in some places; let it mask or drop there"


def as_published(document: PublishedDocument) -> Policy:
    """The policy of published bytes, into which packs and tier were worked when it was signed."""
    floors = Floors(document.default_action.treatment(None), None, {}, {})
    return _build(document, floors, (), tuple(document.packs))


def _build(document: PolicyDocument, floors: Floors, packs: Sequence[Pack], pack_ids: tuple[str, ...]) -> Policy:
    categories = _categories(document, floors)
    ruled = partial(_ruled, floors=floors, categories=categories)
    return Policy(
        name=document.name,
        version=document.version,
        owner=document.owner,
        escalation=document.escalation or document.owner,
        review_by=document.review_by.isoformat(),
        language=document.language,
        tier=document.tier,
        packs=pack_ids,
        fields=tuple(FieldRule(path, *ruled(rule)) for path, rule in sorted(document.fields.items())),
        tags=tuple(TagRule(tag, *ruled(rule)) for tag, rule in sorted(document.tags.items())),
        ignored_tags=tuple(sorted(set(document.ignored_tags))),
        default=floors.default,
        categories=tuple(sorted(categories.items())),
        context=Context(document.context.language, document.context.source, document.context.purpose),
        conditions=tuple(_condition(entry, floors) for entry in document.conditions),
        detection=floors.detection(_detection(document.detection), packs),
        risk=Risk(document.risk.quarantine_above, tuple(sorted(document.risk.by_model.items()))),
        subject=tuple(document.subject),
        labels=_labels(document.labels),
        overlap=document.overlap,
        extra=document.extra,
        gold=_gold(document.gold),
        acceptance=_acceptance(document.acceptance),
        segment_hours=document.retention.segment_hours,
        hints=_hints(document.hints),
        publish=document.publish,
    )


def _categories(document: PolicyDocument, floors: Floors) -> dict[str, Treatment]:
    own = {name: entry.treatment(name) for name, entry in document.categories.items()}
    return {name: floors.category(name, own.get(name)) for name in (*floors.actions, *own)}


def _ruled(
    rule: RuleEntry, floors: Floors, categories: Mapping[str, Treatment]
) -> tuple[Treatment, str | None, Tier | None]:
    """Treatment, category and tier of a field or tag; a text that its tier hides whole needs a name to go by."""
    usual = categories.get(rule.category or "", floors.default)
    treatment = floors.rule(rule.treatment(), rule.category, rule.tier, usual)
    hidden = treatment.action in {Action.PLACEHOLDER, Action.MASK}
    return treatment, rule.category or (RESTRICTED if hidden else None), rule.tier


def _condition(entry: ConditionEntry, floors: Floors) -> Condition:
    when = entry.when
    asked = {name: given.treatment(name) for name, given in sorted(entry.categories.items())}
    return Condition(
        categories=tuple((name, floors.condition(name, treatment)) for name, treatment in asked.items()),
        languages=tuple(when.language or ()),
        sources=tuple(when.source or ()),
        purposes=tuple(when.purpose or ()),
        fields=tuple(when.field or ()),
        near=tuple(when.near or ()),
    )


def _detection(entry: DetectionEntry) -> Detection:
    return Detection(
        mode=entry.mode,
        threshold_permille=entry.threshold,
        failed_checksum=entry.failed_checksum,
        years=entry.years,
        foreign_script=entry.foreign_script,
        deny=tuple(sorted(set(entry.deny))),
        allow=tuple(sorted(set(entry.allow))),
        patterns=tuple(one.pattern() for one in entry.patterns),
        recognizers=tuple(
            Recognizer(one.name, one.form, one.python or one.file or "", one.sha256) for one in entry.recognizers
        ),
    )


def _labels(entry: LabelsEntry) -> LabelSchema:
    choices = (Choice(name, tuple(options)) for name, options in sorted(entry.choices.items()))
    return LabelSchema(tuple(entry.spans), tuple(choices))


def _acceptance(entry: AcceptanceEntry) -> Acceptance:
    return Acceptance(entry.agreement)


def _gold(entry: GoldEntry) -> Gold:
    return Gold(entry.share, entry.bar, entry.leak_limit, entry.least)


def _hints(entry: HintsEntry | None) -> Hints:
    """Without a category there are none, whatever else is said."""
    if entry is None or not entry.categories:
        return NO_HINTS
    return Hints(tuple(sorted(entry.categories.items())), entry.least, entry.per_task, entry.per_hour, entry.apps)
