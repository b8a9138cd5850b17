"""The residual risk of a record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.risk.population import load_population
from streams.redact.risk.rarity import Trait
from streams.redact.risk.score import MILLION, Calibration, residual_risk
from topology.policies import Target

TABLE = load_population()
PLAIN = Calibration("plain@1", 0.0, 1.0)


def test_a_record_with_nothing_left_and_nothing_shown_has_no_risk() -> None:
    assert residual_risk(0.0, [], PLAIN, TABLE).total_ppm == 0


def test_a_small_mass_is_about_its_own_chance() -> None:
    assert residual_risk(0.01, [], PLAIN, TABLE).leak_ppm == pytest.approx(10_000, rel=0.01)


def test_a_combination_that_one_person_has_is_certain_to_point_at_them() -> None:
    traits = [
        Trait("ZIP_CODE", "941", Target.ZIP3),
        Trait("DATE_TIME", "1984", Target.YEAR),
        Trait("TITLE", "nurse"),
    ]
    assert residual_risk(0.0, traits, PLAIN, TABLE).rarity_ppm == MILLION


def test_the_score_names_its_model_and_its_table() -> None:
    assert residual_risk(0.0, [], PLAIN, TABLE).model == f"plain@1/{TABLE.version}"


@given(st.floats(0, 50), st.floats(0, 50), st.floats(-3, 3), st.floats(0.2, 3))
def test_more_mass_is_never_less_risk(one: float, other: float, offset: float, slope: float) -> None:
    calibration = Calibration("any@1", offset, slope)
    low, high = sorted((one, other))
    assert 0 <= calibration.chance(low) <= calibration.chance(high) <= 1


@given(st.floats(0, 5))
def test_the_whole_is_at_least_each_part(mass: float) -> None:
    score = residual_risk(mass, [Trait("LOCATION", "Germany", Target.COUNTRY)], PLAIN, TABLE)
    assert score.total_ppm + 1 >= max(score.leak_ppm, score.rarity_ppm)
