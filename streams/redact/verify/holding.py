"""Whether a redacted record may leave. What is found fails closed: it goes to quarantine, not onward."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from streams.redact.detect.find import DENIED
from streams.redact.detect.own_values import KnownValue
from streams.redact.verify.identifiers import A_NUMBER, identifiers_in
from streams.redact.verify.own_secrets import OwnSecrets
from streams.redact.verify.readings import decoded, normal
from streams.redact.verify.shown import Shown, left, only_our_placeholders, surrogates_are_new
from topology.policies import Action, Policy

# Categories whose values have no digits: a policy that passes none but these shows no number by decision.
_WORDY = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "NRP", "TITLE", "UNUSUAL"})


def holds(
    fields: Sequence[Shown], known: Iterable[KnownValue], policy: Policy, is_everyday: Callable[[str], bool]
) -> bool:
    """Whether nothing is left that must not be seen. `False` means: do not release."""
    values = list(known)
    secrets = _secrets(values, is_everyday) if values else None
    return all(_field_holds(field, secrets, policy) for field in fields) and surrogates_are_new(
        fields, [value.text for value in values]
    )


def _secrets(values: Iterable[KnownValue], is_everyday: Callable[[str], bool]) -> OwnSecrets:
    secrets = OwnSecrets(is_everyday)
    for value in values:
        secrets.add(value.text, named=value.entity_type != DENIED)
    return secrets


def _field_holds(field: Shown, secrets: OwnSecrets | None, policy: Policy) -> bool:
    rest = left(field)
    text = normal(rest)
    if not only_our_placeholders(field, text):
        return False
    reads_clean = _reads_clean
    if field.rule is not None and field.rule.action is Action.PASS:
        if field.rule.category is not None:
            return True
        reads_clean = _passes_clean
    return reads_clean(text, secrets, policy) and all(
        reads_clean(normal(piece), secrets, policy) for piece in decoded(rest)
    )


def _passes_clean(text: str, secrets: OwnSecrets | None, policy: Policy) -> bool:
    """A passed field is shown by decision. One with a category has been thought about; one without must not carry
    what identifies anybody, nor the whole of a value that the policy hides elsewhere.
    """
    return not ((secrets and secrets.named_are_in(text)) or _identifies(text, policy, sure=True))


def _reads_clean(text: str, secrets: OwnSecrets | None, policy: Policy) -> bool:
    return not (_identifies(text, policy, sure=False) or (secrets and secrets.are_in(text)))


def _identifies(text: str, policy: Policy, *, sure: bool) -> bool:
    """Whether `text` names somebody by what the policy does not pass."""
    return any(
        not (kinds == A_NUMBER and _shows_numbers(policy))
        and not any(policy.action_for(kind) is Action.PASS for kind in kinds)
        for kinds in identifiers_in(text, sure=sure)
    )


def _shows_numbers(policy: Policy) -> bool:
    """Whether a number may stand there by decision, as a date or whatever else the policy passes."""
    return any(policy.action_for(name) is Action.PASS for name, *_ in policy.categories if name not in _WORDY)
