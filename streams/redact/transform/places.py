"""From a place to its region or country, by a table derived from GeoNames (`data/LICENSE-places.md`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from streams.redact.detect.shadow import fold


@dataclass(frozen=True, slots=True)
class Places:
    """Names by code, and for each place, folded and in lower case, its country and its state in the USA."""

    countries: dict[str, str]
    states: dict[str, str]
    found: dict[str, tuple[str, str]]


def region_of(place: str) -> str | None:
    """A state of the USA; elsewhere, and where several states have such a place, the country. None: unknown."""
    places = _places()
    country, state = places.found.get(_plain(place), ("", ""))
    return places.states[state] if state else places.countries.get(country)


def country_of(place: str) -> str | None:
    """The country. None for a place that the table doesn't know."""
    places = _places()
    return places.countries.get(places.found.get(_plain(place), ("", ""))[0])


@cache
def _places() -> Places:
    """Read once a process, 80 kB."""
    text = resources.files("streams.redact.transform").joinpath("data", "places.txt").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    countries = {code: name for kind, code, name in rows if kind == "country"}
    states = {code: name for kind, code, name in rows if kind == "state"}
    found = {_plain(name): ("US", code) for code, name in states.items()}
    found |= {_plain(name): (code, "") for code, name in countries.items() if _plain(name) not in found}
    for kind, code, names in rows:
        if kind == "cities":
            country, _, state = code.partition("-")
            found |= dict.fromkeys(names.split("|"), (country, state))
    return Places(countries, states, found)


def _plain(name: str) -> str:
    folded = fold(name).lower()
    return " ".join("".join(char if char.isalnum() else " " for char in folded).split())
