"""From a place to its region or country, by a table derived from GeoNames (`data/LICENSE-places.md`)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import resources

from streams.redact.detect.shadow import fold


@dataclass(frozen=True, slots=True)
class Places:
    """Names by code, and for each place, folded and in lower case, its country and its state in the USA.

    `cities`: those of each country by its name, none that a country or state is called as well.
    """

    countries: dict[str, str]
    states: dict[str, str]
    found: dict[str, tuple[str, str]]
    cities: dict[str, tuple[str, ...]]


def region_of(place: str) -> str | None:
    """A state of the USA; elsewhere, and where several states have such a place, the country. None: unknown."""
    places = _places()
    country, state = places.found.get(_plain(place), ("", ""))
    return places.states[state] if state else places.countries.get(country)


def country_of(place: str) -> str | None:
    """The country. None for a place that the table doesn't know."""
    places = _places()
    return places.countries.get(places.found.get(_plain(place), ("", ""))[0])


def country_of_city(place: str) -> str | None:
    """The country that a city lies in. None for what is none in the table: a country, a state, anything else."""
    name, country = _plain(place), country_of(place)
    return country if country is not None and name in _cities()[country] else None


def cities_of(country: str) -> tuple[str, ...]:
    """The cities of a country that the table knows, folded and in lower case."""
    return _places().cities.get(country, ())


@cache
def _cities() -> dict[str, frozenset[str]]:
    places = _places()
    return {country: frozenset(places.cities.get(country, ())) for country in places.countries.values()}


@cache
def _places() -> Places:
    """Read once a process, 80 kB."""
    text = resources.files("streams.redact.transform").joinpath("data", "places.txt").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    countries = {code: name for kind, code, name in rows if kind == "country"}
    states = {code: name for kind, code, name in rows if kind == "state"}
    found = {_plain(name): ("US", code) for code, name in states.items()}
    found |= {_plain(name): (code, "") for code, name in countries.items() if _plain(name) not in found}
    cities: defaultdict[str, list[str]] = defaultdict(list)
    for kind, code, names in rows:
        if kind == "cities":
            country, _, state = code.partition("-")
            cities[countries[country]] += [name for name in names.split("|") if name not in found]
            found |= dict.fromkeys(names.split("|"), (country, state))
    return Places(countries, states, found, {country: tuple(each) for country, each in cities.items()})


def _plain(name: str) -> str:
    folded = fold(name).lower()
    return " ".join("".join(char if char.isalnum() else " " for char in folded).split())
