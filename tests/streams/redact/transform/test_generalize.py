from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.redact.transform.generalize import Generalize
from streams.redact.transform.places import country_of, region_of
from streams.redact.transform.zip_codes import SPARSE
from topology.policies import Action, Target, Treatment

LATEST = 2027


def shown(value: str, to: Target, step: int = 0) -> str | None:
    return Generalize(LATEST).replace(value, "X", Treatment(Action.GENERALIZE, to, step))


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("1984-03-12", "1984"),
        ("12/03/1984", "1984"),
        ("12.3.1984", "1984"),
        ("12 March 1984", "1984"),
        ("March 12th, 1984", "1984"),
        ("12 mars 1984", "1984"),
        ("1994-06-17 08:11:32", "1994"),
        ("1994-06-17T08:11:32.123456+02:00", "1994"),
        ("19840312", "1984"),
        ("in 1984", "1984"),
        ("3/4/84", "1984"),
        ("3/4/26", "2026"),
        ("3/4/28", "1928"),
        ("12 Mar 84", "1984"),
        ("１９８４-03-12", "1984"),  # noqa: RUF001 - full-width digits are meant
        ("Monday", None),
        ("March 12th", None),
        ("10:30", None),
        ("1990-1995", None),
        ("between 12/3/1990 and 4/5/1991", None),
        ("order 12345678", None),
        ("9999", None),
        ("", None),
    ],
)
def test_of_a_date_the_year_is_left_or_nothing_is_said(date, year):
    assert shown(date, Target.YEAR) == year


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("1938-01-01", "1938"),
        ("1937-12-31", "1937 or earlier"),
        ("born 1890", "1937 or earlier"),
        ("2026", "2026"),
        ("3/4/84", "1984"),
        ("3/4/28", "1937 or earlier"),
        ("3/4/26", None),
        ("12 Mar 00", None),
        ("3/4/97", None),
        ("3/4/96", "1996"),
    ],
)
def test_a_year_that_tells_of_an_age_over_89_becomes_one_category(date, said):
    assert shown(date, Target.YEAR_TO_89) == said


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("12 March 1984", "1980s"),
        ("1938-01-01", "1930s"),
        ("1925-05-12", "1937 or earlier"),
        ("3/4/28", "1937 or earlier"),
        ("3/4/26", None),
    ],
)
def test_decades_and_what_tells_of_an_age_over_89_is_one_category_there_too(date, said):
    assert shown(date, Target.DECADE) == said


@given(st.integers(2000, 2099), st.integers(90, 130), st.sampled_from([Target.YEAR_TO_89, Target.DECADE]))
def test_whoever_may_be_90_is_shown_by_no_year_however_it_is_written(latest, age, to):
    born = latest - age
    written = (f"12.03.{born}", f"{born}-03-12", f"12/03/{born % 100:02}")
    said = {Generalize(latest).replace(date, "X", Treatment(Action.GENERALIZE, to)) for date in written}
    assert said <= {None, f"{latest - 90} or earlier"}


@pytest.mark.parametrize(
    ("age", "to_89", "band"),
    [
        ("34", "34", "30-39"),
        ("34-year-old", "34-year-old", "30-39-year-old"),
        ("aged 89", "aged 89", "aged 80-89"),
        ("90", "90+", "90+"),
        ("she is 104 years old", "she is 90+ years old", "she is 90+ years old"),
        ("Anna, 34", "34", "30-39"),
        ("18 months", None, None),
        ("thirty", None, None),
        ("34 and 35", None, None),
        ("1984", None, None),
    ],
)
def test_ages_over_89_are_one_and_nothing_else_than_an_age_is_left(age, to_89, band):
    assert shown(age, Target.AGE_TO_89) == to_89
    assert shown(age, Target.BAND) == band


@given(st.integers(0, 130))
def test_no_age_over_89_is_ever_shown(age):
    for to in (Target.AGE_TO_89, Target.BAND):
        assert max(map(int, re.findall(r"\d+", shown(str(age), to)))) <= 90
        assert ("90+" in shown(str(age), to)) is (age >= 90)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("94105", "941"),
        ("94105-1234", "941"),
        ("941051234", "941"),
        ("1234", None),
        ("941056", None),
        ("SW1A 1AA", None),
    ],
)
def test_of_a_zip_code_three_digits_are_left(code, said):
    assert shown(code, Target.ZIP3) == said


def test_the_seventeen_sparse_areas_of_the_census_of_2000_become_000():
    assert len(SPARSE) == 17
    assert {shown(f"{prefix}01", Target.ZIP3) for prefix in SPARSE} == {"000"}


@pytest.mark.parametrize(
    ("place", "region", "country"),
    [
        ("Los Angeles", "California", "United States"),
        ("LOS ANGELES", "California", "United States"),
        ("California", "California", "United States"),
        ("Springfield", "United States", "United States"),
        ("Paris", "France", "France"),
        ("München", None, None),
        ("Munich", "Germany", "Germany"),
        ("São Paulo", "Brazil", "Brazil"),
        ("Germany", "Germany", "Germany"),
        ("Nowhere-on-Sea", None, None),
        ("Los Angeles, 17 Hill St", None, None),
    ],
)
def test_places_become_their_region_or_country(place, region, country):
    assert region_of(place) == region
    assert country_of(place) == country
    assert shown(place, Target.REGION) == region


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("52340", "52000-52999"),
        ("52,340.50", "52000-52999"),
        ("52.340,50", "52000-52999"),
        ("52'340", "52000-52999"),
        ("$52340", "52000-52999"),
        ("EUR 999", "0-999"),
        ("-0.50", "-1000 to -1"),
        ("-1500", "-2000 to -1001"),
        ("4485360473893059", None),
        ("1/2", None),
        ("many", None),
    ],
)
def test_numbers_become_ranges_unless_the_range_would_tell_them(amount, said):
    assert shown(amount, Target.RANGE, 1000) == said


@given(st.integers(0, 9_999_999), st.integers(2, 100_000))
def test_a_range_holds_its_number_and_is_as_wide_as_asked(number, step):
    said = shown(str(number), Target.RANGE, step)
    if said is None:
        assert number // step >= 10_000
        return
    low, high = map(int, said.split("-"))
    assert low <= number <= high
    assert high - low + 1 == step


@given(st.text(max_size=300), st.sampled_from(Target))
def test_whatever_is_generalized_gives_little_or_nothing(value, to):
    said = shown(value, to, 1000)
    assert said is None or len(said) <= max(len(value) + 6, 40)


def test_letters_of_other_scripts_are_not_taken_for_dates():
    assert shown("漢1984", Target.YEAR) is None
