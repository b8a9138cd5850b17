"""Which records wait because they are too risky."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.errors import Reason
from schemas.hidden import RawRecord
from streams.redact.detect.find import Find, Searched
from streams.redact.outcome import Redacted, Refused
from streams.redact.redactor import redact
from streams.redact.risk.population import load_population
from streams.redact.risk.score import Score, load_calibration, residual_risk
from streams.redact.risk.weighing import too_high
from topology.policies import Mode, load_policy, parse_policy
from topology.policies.model import Risk

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2030-01-01\n"


class Told:
    """Finds what a test says, and has this much of a doubt left."""

    version = data_hash = "told"

    def __init__(self, mass: float, *finds: Find) -> None:
        self._searched = Searched(list(finds), mass)

    def is_everyday(self, _word: str) -> bool:
        return True

    is_common = is_everyday

    def search(self, texts: list[str]) -> list[Searched]:
        return [self._searched for _ in texts]


def outcome(body: str, fields: dict[str, object], detector: Told) -> object:
    return redact(RawRecord(fields), parse_policy(HEAD + body, "p"), detector)


@pytest.mark.parametrize("fields", [{"t": "some words"}, {"t": "some words", "u": 1}])
def test_a_record_with_more_doubt_than_allowed_waits(fields: dict[str, object]) -> None:
    body = "fields: {t: detect, u: pass}\nrisk: {quarantine_above: 0.05}\n"
    assert outcome(body, fields, Told(0.5)) == Refused(Reason.RISK_TOO_HIGH)
    assert isinstance(outcome(body, fields, Told(0.0)), Redacted)


def test_without_a_threshold_nothing_waits() -> None:
    assert isinstance(outcome("fields: {t: detect}\n", {"t": "some words"}, Told(9.0)), Redacted)


def test_a_rare_combination_of_generalized_values_waits() -> None:
    body = (
        "fields: {zip: {category: ZIP_CODE, action: generalize, to: zip3},"
        " born: {category: DATE_TIME, action: generalize, to: year}, job: {category: TITLE, action: pass}}\n"
        "risk: {quarantine_above: 0.5}\n"
    )
    fields = {"zip": "94110", "born": "1984-03-12", "job": "nurse"}
    assert outcome(body, fields, Told(0.0)) == Refused(Reason.RISK_TOO_HIGH)
    assert isinstance(outcome(body, {"born": "1984-03-12"}, Told(0.0)), Redacted)


def test_what_passes_in_free_text_counts_too() -> None:
    body = "fields: {t: detect}\ncategories: {AGE: pass, LOCATION: pass}\nrisk: {quarantine_above: 0.0001}\n"
    finds = (Find(0, 2, "AGE"), Find(6, 14, "LOCATION"))
    assert outcome(body, {"t": "97 of Atlantis"}, Told(0.0, *finds)) == Refused(Reason.RISK_TOO_HIGH)
    assert isinstance(outcome(body, {"t": "97 of Atlantis"}, Told(0.0)), Redacted)


def test_a_limit_for_this_model_goes_before_the_general_one() -> None:
    name = residual_risk(0.0, [], load_calibration(Mode.STRICT), load_population()).model
    body = f"fields: {{t: detect}}\nrisk: {{quarantine_above: 0.9, by_model: {{'{name}': 0.05}}}}\n"
    assert outcome(body, {"t": "some words"}, Told(0.5)) == Refused(Reason.RISK_TOO_HIGH)
    assert isinstance(outcome(body, {"t": "some words"}, Told(0.0)), Redacted)


def test_a_limit_for_another_model_alone_lets_nothing_through() -> None:
    policy = replace(load_policy("text"), risk=Risk(None, (("other@1", 500_000),)))
    assert too_high(Score(0, 0, 0, "this@1"), policy)
    assert not too_high(Score(0, 0, 500_000, "other@1"), policy)


@pytest.mark.parametrize("category", ["PERSON", "US_SSN", "EMAIL_ADDRESS"])
def test_a_value_that_identifies_and_passes_waits(category: str) -> None:
    body = f"fields: {{t: detect}}\ncategories: {{{category}: pass}}\nrisk: {{quarantine_above: 0.5}}\n"
    assert outcome(body, {"t": "Anna Lee"}, Told(0.0, Find(0, 8, category))) == Refused(Reason.RISK_TOO_HIGH)
