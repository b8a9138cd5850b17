"""Faker, drawing the same in each process."""

from __future__ import annotations

from faker import Faker


def faker_of(locale: str, *, use_weighting: bool = True) -> Faker:
    """Loading a locale takes a tenth of a second. Italy's cities come from a set: they are put in order."""
    fake = Faker(locale, use_weighting=use_weighting)
    for provider in fake.get_providers():
        if isinstance(cities := getattr(provider, "cities", None), list):
            provider.cities = sorted(cities)
    return fake
