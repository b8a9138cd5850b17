"""Values drawn ahead of time, so that filling a slot is one look-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from streams.redact.training.synthetic.organizations import company
from streams.redact.training.synthetic.people import person
from streams.redact.training.synthetic.places import country
from streams.redact.training.synthetic.slots import SLOTS

VALUES = 3_000  # of each slot; 150 slots take a second and 30 MB
PEOPLE = 20_000  # names matter most: at 100,000 texts each is used about six times
COMPANIES = 6_000
COUNTRIES = 1_500

Forms = Mapping[str, str]


class Pools:
    """Pools of one seed. Each has its own generator, so that values don't depend on which slot is asked first."""

    __slots__ = ("_casts", "_identities", "_seed", "_values")

    def __init__(self, seed: int, identities: tuple[tuple[str, str], ...]) -> None:
        self._seed = seed
        self._identities = identities
        self._values: dict[str, tuple[str, ...]] = {}
        self._casts: dict[str, tuple[Forms, ...]] = {}

    def values(self, slot: str) -> tuple[str, ...]:
        """Values of a slot that is not a form of a cast."""
        if slot not in self._values:
            make = SLOTS[slot].make
            assert make, slot
            rng = self._generator(slot)
            self._values[slot] = tuple(make(rng) for _ in range(VALUES))
        return self._values[slot]

    def cast(self, kind: str) -> tuple[Forms, ...]:
        """Persons, companies or countries, each in all its forms."""
        if kind not in self._casts:
            make, count = self._caster(kind)
            rng = self._generator(kind)
            self._casts[kind] = tuple(make(rng) for _ in range(count))
        return self._casts[kind]

    def _caster(self, kind: str) -> tuple[Callable[[Random], Forms], int]:
        return {
            "person": (lambda rng: person(rng, self._identities), PEOPLE),
            "company": (company, COMPANIES),
            "country": (country, COUNTRIES),
        }[kind]

    def _generator(self, name: str) -> Random:
        return Random(f"{self._seed}/{name}")  # noqa: S311 - made-up names, no secrets
