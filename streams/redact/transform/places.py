"""From a place to its region or country, by a table derived from GeoNames (`data/LICENSE-places.md`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from streams.redact.detect.shadow import fold


@dataclass(frozen=True, slots=True)
class Places:
    """Names by code, and for each place, folded and in lower case, its country and its state in the USA.

    `kinds`: of what means one kind of place alone, which, and the name of its country.
    """

    countries: dict[str, str]
    states: dict[str, str]
    found: dict[str, tuple[str, str]]
    kinds: dict[str, tuple[str, str]]


def region_of(place: str) -> str | None:
    """A state of the USA; elsewhere, and where several states have such a place, the country. None: unknown."""
    places = _places()
    country, state = places.found.get(_plain(place), ("", ""))
    return places.states[state] if state else places.countries.get(country)


def country_of(place: str) -> str | None:
    """The country. None for a place that the table doesn't know."""
    places = _places()
    return places.countries.get(places.found.get(_plain(place), ("", ""))[0])


def kind_of_place(place: str) -> tuple[str, str] | None:
    """`city`, `state` (of the USA) or `country`, and the country that it lies in or is. None for what the table
    doesn't know, or knows as more than one of these, as Georgia.
    """
    return _places().kinds.get(_plain(place))


def known_places() -> Iterable[tuple[str, tuple[str, str]]]:
    """Every name of which `kind_of_place` knows something, with what it knows."""
    return _places().kinds.items()


@cache
def _places() -> Places:
    """Read once a process, 80 kB."""
    text = resources.files("streams.redact.transform").joinpath("data", "places.txt").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    countries = {code: name for kind, code, name in rows if kind == "country"}
    states = {code: name for kind, code, name in rows if kind == "state"}
    found = {_plain(name): ("US", code) for code, name in states.items()}
    found |= {_plain(name): (code, "") for code, name in countries.items() if _plain(name) not in found}
    kinds = {name: ("state" if state else "country", countries[code]) for name, (code, state) in found.items()}
    for name in {_plain(one) for one in countries.values()} & {_plain(one) for one in states.values()}:
        del kinds[name]
    for kind, code, names in rows:
        if kind == "cities":
            country, _, state = code.partition("-")
            cities = [name for name in names.split("|") if name not in found]
            kinds |= dict.fromkeys(cities, ("city", countries[country]))
            found |= dict.fromkeys(names.split("|"), (country, state))
    return Places(countries, states, found, kinds)


def _plain(name: str) -> str:
    folded = fold(name).lower()
    return " ".join("".join(char if char.isalnum() else " " for char in folded).split())
