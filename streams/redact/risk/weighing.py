"""From a redacted record to its score, and whether it is too high for its policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from streams.redact.detect.find import Searched
from streams.redact.outcome import Redacted
from streams.redact.risk.population import load_population
from streams.redact.risk.rarity import Trait
from streams.redact.risk.score import Score, load_calibration, residual_risk
from topology.policies import Action, FieldRule, Policy

Text = tuple[str, Searched]
"""A free text of the record, and what was found in it."""


def score_of(redacted: Redacted, rules: Mapping[str, FieldRule], texts: Iterable[Text], policy: Policy) -> Score:
    """The residual risk of a record that is about to leave. `rules`: by the path of each field shown."""
    searched = list(texts)
    traits = [*_of_fields(redacted, rules, policy), *_passed(searched, policy)]
    mass = sum(one.mass for _, one in searched)
    return residual_risk(mass, traits, load_calibration(policy.detection.mode), load_population())


def too_high(score: Score, policy: Policy) -> bool:
    """Whether the record has to wait for two people: by the threshold for this model, else by the general one.

    A policy that asks for a score and has no threshold for this model lets nothing through.
    """
    most = dict(policy.risk.by_model).get(score.model, policy.risk.quarantine_above_ppm)
    return policy.risk.is_asked if most is None else score.total_ppm > most


def _of_fields(redacted: Redacted, rules: Mapping[str, FieldRule], policy: Policy) -> Iterator[Trait]:
    """What was generalized, and fields that are shown by decision although they say something of a person."""
    for field in redacted.geometry:
        rule = rules[field.field]
        for span in field.spans:
            if span.action == Action.GENERALIZE:
                own = (
                    rule.treatment if rule.action is Action.GENERALIZE else policy.treatment_for(span.entity_type)
                )
                yield Trait(span.entity_type, span.replacement, own.to)
        if rule.action is Action.PASS and rule.category:
            yield Trait(rule.category, redacted.record.fields[field.field])


def _passed(texts: Iterable[Text], policy: Policy) -> Iterator[Trait]:
    """What was found in free text and is shown because its category passes."""
    for text, searched in texts:
        for find in searched.finds:
            if policy.action_for(find.entity_type) is Action.PASS:
                yield Trait(find.entity_type, text[find.start : find.end])
