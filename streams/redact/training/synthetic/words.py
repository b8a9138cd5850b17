"""Lists of words: our own under `words/`, one value a line, and the names and places of Faker's locales."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module, resources
from random import Random
from typing import TypeAlias, TypeVar

Item = TypeVar("Item")
Make: TypeAlias = Callable[[Random], str]


@cache
def words(name: str) -> tuple[str, ...]:
    """The lines of `words/<name>.txt`."""
    file = resources.files("streams.redact.training.synthetic").joinpath("words", f"{name}.txt")
    return tuple(file.read_text("utf-8").splitlines())


@cache
def table(name: str) -> dict[str, tuple[str, ...]]:
    """A list whose lines are `key<TAB>value|value|…`."""
    rows = (line.partition("\t") for line in words(name))
    return {key: tuple(values.split("|")) for key, _, values in rows}


def pick(rng: Random, items: tuple[Item, ...]) -> Item:
    """One item; three times as fast as `Random.choice`, which every value of every text would pay for."""
    return items[int(rng.random() * len(items))]


def one_of(rng: Random, *options: tuple[int, Make]) -> str:
    """What one of the makers makes; the number before each is its relative weight."""
    weights, makers = zip(*options, strict=True)
    make: Make = rng.choices(makers, weights)[0]
    return make(rng)


def listed(*names: str) -> Make:
    """Makes a value of one of the lists."""
    return lambda rng: pick(rng, words(pick(rng, names)))


def chance(rng: Random, probability: float) -> bool:
    return rng.random() < probability


def digits(rng: Random, count: int) -> str:
    """`count` decimal digits, the first one not zero."""
    return str(rng.randrange(10 ** (count - 1), 10**count))


def shaped(rng: Random, shape: str) -> str:
    """`shape` with `#` a digit, `@` a capital, `?` a small letter, `*` a capital or digit, `^` a hex digit."""
    return "".join(rng.choice(_KINDS[letter]) if letter in _KINDS else letter for letter in shape)


_KINDS = {
    "#": "0123456789",
    "@": "ABCDEFGHJKLMNPRSTUVWXYZ",
    "?": "abcdefghijklmnopqrstuvwxyz",
    "*": "ABCDEFGHJKLMNPRSTUVWXYZ0123456789",
    "^": "0123456789abcdef",
}


@cache
def given_names(locale: str) -> tuple[str, ...]:
    """First names of a Faker locale, men's and women's."""
    provider = _provider("person", locale)
    both = (*_values(provider, "first_names_male"), *_values(provider, "first_names_female"))
    return tuple(dict.fromkeys(both or _values(provider, "first_names")))


@cache
def family_names(locale: str) -> tuple[str, ...]:
    provider = _provider("person", locale)
    attributes = ("last_names", "last_names_male", "last_names_female", "last_names_unisex")
    return tuple(dict.fromkeys(name for attribute in attributes for name in _values(provider, attribute)))


@cache
def localities(locale: str, attribute: str) -> tuple[str, ...]:
    """Values of an attribute of a Faker locale's address provider: cities, streets, regions.

    Sorted: Faker makes Italy's cities a list from a set, whose order is another in each process.
    """
    return tuple(sorted(set(_values(_provider("address", locale), attribute))))


def _provider(kind: str, locale: str) -> object:
    # Only the lists are wanted: a whole Faker costs 0.2 s a locale, and there are 60.
    return import_module(f"faker.providers.{kind}.{locale}").Provider(None)


def _values(provider: object, attribute: str) -> tuple[str, ...]:
    values: Iterable[object] = getattr(provider, attribute, ())
    flat = (value[-1] if isinstance(value, tuple) else value for value in values)  # (code, name)
    return tuple(value for value in flat if isinstance(value, str) and value not in _PLACEHOLDERS)


_PLACEHOLDERS = {"John", "Jane", "Doe"}  # what Faker's base class holds where a locale has nothing of its own
