"""Invented people: one name in all the forms a text may give it, with the addresses made from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random

from streams.redact.training.synthetic.accounts import accounts
from streams.redact.training.synthetic.cultures import Culture, cultures, native_cultures
from streams.redact.training.synthetic.words import chance, pick, words

Person = Mapping[str, str]

# Shares of the odd kinds. High enough that each is seen hundreds of times in 100,000 texts.
NATIVE = 0.03
INVENTED = 0.08  # family names no list holds: the shape of a name must do
EVERYDAY = 0.08  # Will, Hope, Baker, Day
MIXED = 0.2  # a given name of one culture with a family name of another
LISTED = 0.15  # from the file of identities


def person(rng: Random, identities: tuple[tuple[str, str], ...]) -> Person:
    """All forms of one person; the keys are the names of slots."""
    given, family, culture = _name(rng, identities)
    full = _full(rng, given, family, culture)
    return {
        "FULL": full,
        "FIRST": given,
        "LAST": family,
        "INITIALS": _initials(rng, given, family),
        "LASTFIRST": f"{family}, {given}" if chance(rng, 0.7) else f"{family}, {given} {_capital(rng)}.",
        "SHORTFORM": f"{given[0]}. {family}" if chance(rng, 0.7) else f"{given[0]}.{_capital(rng)}. {family}",
        "PERSON": _any_form(rng, given, family, full),
        **accounts(rng, given, family),
    }


def read_identities(path: Path | None) -> tuple[tuple[str, str], ...]:
    """Given and family name of each line of a file of identities; none without a file."""
    if path is None:
        return ()
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return tuple((row["GivenName"], row["Surname"]) for row in rows if row["GivenName"] and row["Surname"])


def prefix(rng: Random) -> str:
    """Mr., Dr. and the like, English ones in three of four."""
    return pick(rng, words("prefixes")[:9] if chance(rng, 0.75) else words("prefixes"))


def invented_name(rng: Random, endings: str) -> str:
    """A word nobody has heard, made of syllables and an ending from the list `endings`."""
    stem = "".join(_syllable(rng) for _ in range(2 if chance(rng, 0.35) else 1))
    return (stem + pick(rng, words(endings))).capitalize()


def _syllable(rng: Random) -> str:
    onset = pick(rng, words("syllables_onset")) if chance(rng, 0.85) else ""
    coda = pick(rng, words("syllables_coda")) if chance(rng, 0.4) else ""
    return onset + pick(rng, words("syllables_nucleus")) + coda


@cache
def _spread() -> tuple[Culture, ...]:
    return tuple(culture for culture in cultures() for _ in range(culture.weight))


def _name(rng: Random, identities: tuple[tuple[str, str], ...]) -> tuple[str, str, Culture]:
    culture = pick(rng, native_cultures() if chance(rng, NATIVE) else _spread())
    if culture.native:
        return pick(rng, culture.given), pick(rng, culture.family), culture
    if identities and chance(rng, LISTED):
        return *pick(rng, identities), _spread()[0]
    given = pick(rng, words("given_everyday")) if chance(rng, EVERYDAY) else pick(rng, culture.given)
    family = _family(rng, pick(rng, _spread()) if chance(rng, MIXED) else culture)
    return _compound(rng, given), family, culture


def _family(rng: Random, culture: Culture) -> str:
    if chance(rng, INVENTED):
        return invented_name(rng, "family_endings")
    if chance(rng, EVERYDAY):
        return pick(rng, words("family_everyday"))
    name = pick(rng, culture.family)
    if culture.order == "double" and chance(rng, 0.4):
        return f"{name}{pick(rng, (' ', ' ', ' y ', '-', ' de '))}{pick(rng, culture.family)}"
    if chance(rng, 0.05):
        return _with_particle(pick(rng, words("particles")), name)
    return f"{name}-{pick(rng, culture.family)}" if chance(rng, 0.03) else name


def _with_particle(particle: str, name: str) -> str:
    joins = particle.endswith(("'", "-")) or particle in {"Mac", "Mc", "Fitz"}
    return f"{particle}{'' if joins else ' '}{name}"


def _compound(rng: Random, given: str) -> str:
    if not chance(rng, 0.03):
        return given
    return f"{given}{pick(rng, ('-', ' ', '-'))}{pick(rng, pick(rng, _spread()).given)}"


def _full(rng: Random, given: str, family: str, culture: Culture) -> str:
    if culture.order == "joined":
        return f"{family}{given}"
    if culture.order == "eastern" and chance(rng, 0.6):
        return f"{family} {given}"
    if culture.order == "patronymic" and chance(rng, 0.4):
        return f"{given} {pick(rng, culture.given)}{'ович' if culture.native else 'ovich'} {family}"
    forms = ("{given} {family}", "{given} {capital}. {family}", "{given} {second} {family}")
    form = rng.choices(forms, (83, 10, 7))[0]
    return form.format(given=given, family=family, capital=_capital(rng), second=pick(rng, culture.given))


# How a text may call a person whose full name is {full}, by weight.
_FORMS = (
    (62, "{full}"), (8, "{given}"), (8, "{family}"), (5, "{g}. {family}"), (3, "{g}. {capital}. {family}"),
    (3, "{family}, {given}"), (2, "{full} {suffix}"), (1, "{full}, {suffix}"),
    (1, "{given} “{nickname}” {family}"), (1, '{given} "{nickname}" {family}'),
    (3, "{given} {f}."), (3, "{given} {family} {word}"),
)  # fmt: skip


def _any_form(rng: Random, given: str, family: str, full: str) -> str:
    weights, forms = zip(*_FORMS, strict=True)
    return str(rng.choices(forms, weights)[0]).format(
        full=full,
        given=given,
        family=family,
        g=given[0],
        f=family[0],
        capital=_capital(rng),
        suffix=pick(rng, words("name_suffixes")),
        nickname=pick(rng, words("nicknames")),
        word=pick(rng, words("family_everyday")),
    )


def _initials(rng: Random, given: str, family: str) -> str:
    letters = given[0] + (_capital(rng) if chance(rng, 0.4) else "") + family[0]
    return pick(rng, ("".join(f"{letter}." for letter in letters), ". ".join(letters) + ".", letters)).upper()


def _capital(rng: Random) -> str:
    return pick(rng, tuple("ABCDEFGHJKLMNPRSTW"))
