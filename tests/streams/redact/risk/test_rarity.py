"""How few people share what a record shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

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
    ]
)


def test_nothing_shown_is_everybody_of_an_unknown_city() -> None:
    assert people_alike([], TABLE) == TABLE.unknown_place


def test_a_country_alone_is_all_its_people() -> None:
    assert people_alike([Trait("LOCATION", "Germany", Target.COUNTRY)], TABLE) == TABLE.places["Germany"]


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
    if traits:
        assert people_alike([*traits, more], TABLE) <= people_alike(traits, TABLE) or more.to in {
            Target.REGION,
            Target.COUNTRY,
            Target.ZIP3,
        }


@given(st.lists(TRAITS, max_size=4))
def test_what_is_said_twice_counts_once(traits: list[Trait]) -> None:
    assert people_alike([*traits, *traits], TABLE) == people_alike(traits, TABLE)
