"""How few people share what a record shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.risk.derive_population import ASSUMED, VERSION
from streams.redact.risk.population import load_population
from streams.redact.risk.rarity import Trait, people_alike
from topology.policies import Target

TABLE = load_population()
TRAITS = st.sampled_from(
    [
        Trait("DATE_TIME", "1984", Target.YEAR),
        Trait("AGE", "30-39", Target.BAND),
        Trait("AGE", "90+", Target.BAND),
        Trait("LOCATION", "Germany", Target.COUNTRY),
        Trait("LOCATION", "California", Target.REGION),
        Trait("ZIP_CODE", "941", Target.ZIP3),
        Trait("TITLE", "nurse"),
        Trait("GENDER", "f"),
        Trait("DATE_TIME", "12 March 1984"),
        Trait("US_SSN", "078-05-1120"),
        Trait("LOCATION", "Vatican", Target.COUNTRY),
    ]
)


def test_nothing_shown_is_everybody_of_an_unknown_city() -> None:
    assert people_alike([], TABLE) == TABLE.unknown_place


def test_a_large_country_tells_no_more_than_the_city_that_readers_are_taken_to_know() -> None:
    assert people_alike([Trait("LOCATION", "Germany", Target.COUNTRY)], TABLE) == TABLE.unknown_place


def test_a_small_country_is_all_its_people() -> None:
    assert people_alike([Trait("LOCATION", "Vatican", Target.COUNTRY)], TABLE) == TABLE.places["Vatican"]


@pytest.mark.parametrize("category", ["PERSON", "US_SSN", "EMAIL_ADDRESS", "NUMBER", "OF_A_POLICY"])
def test_a_value_of_a_kind_without_a_share_is_one_persons(category: str) -> None:
    assert people_alike([Trait(category, "anything")], TABLE) <= 1


@pytest.mark.parametrize("category", ["BIC", "ABA_ROUTING_NUMBER"])
def test_what_names_a_bank_tells_of_nobody(category: str) -> None:
    assert people_alike([Trait(category, "anything")], TABLE) == TABLE.unknown_place


@pytest.mark.parametrize("category", ["DATE_TIME", "DATE_OF_BIRTH"])
@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("1984-03-12", "day"), ("19840312", "day"), ("12 March 84", "day"), ("1984-03-12T08:15:00Z", "day"),
        ("March 1984", "month"), ("12 March", "month"), ("at 08:15 on Sept 3", "month"),
        ("1984", "year"), ("the 1980s", "year"), ("08:15", "year"), ("yesterday", "year"),
    ],
)  # fmt: skip
def test_a_whole_date_tells_more_than_its_year(category: str, shown: str, name: str) -> None:
    assert people_alike([Trait(category, shown)], TABLE) == TABLE.unknown_place * TABLE.shares[name]


def test_the_shares_are_those_that_the_table_is_derived_with() -> None:
    assert (TABLE.version, TABLE.shares) == (VERSION, ASSUMED)


def test_the_day_is_one_of_those_of_its_year() -> None:
    assert TABLE.shares["day"] == pytest.approx(TABLE.shares["year"] / 365)


def test_the_smallest_place_counts_and_each_value_divides_it() -> None:
    traits = [
        Trait("LOCATION", "California", Target.REGION),
        Trait("ZIP_CODE", "941", Target.ZIP3),
        Trait("DATE_TIME", "1984", Target.YEAR),
    ]
    assert people_alike(traits, TABLE) == TABLE.zip3 * TABLE.shares["year"]


def test_the_very_old_are_rarer_than_their_band() -> None:
    old, middle = Trait("AGE", "90+", Target.BAND), Trait("AGE", "30-39", Target.BAND)
    assert people_alike([old], TABLE) < people_alike([middle], TABLE)


def test_a_place_that_the_table_does_not_know_counts_as_small() -> None:
    assert people_alike([Trait("LOCATION", "Atlantis", Target.REGION)], TABLE) == TABLE.zip3


def test_a_trait_never_prints_what_is_shown() -> None:
    assert "Germany" not in repr(Trait("LOCATION", "Germany", Target.COUNTRY))


@given(st.lists(TRAITS, max_size=6), TRAITS)
def test_one_more_trait_never_makes_more_people(traits: list[Trait], more: Trait) -> None:
    assert people_alike([*traits, more], TABLE) <= people_alike(traits, TABLE)


@given(st.lists(TRAITS, max_size=4))
def test_what_is_said_twice_counts_once(traits: list[Trait]) -> None:
    assert people_alike([*traits, *traits], TABLE) == people_alike(traits, TABLE)
