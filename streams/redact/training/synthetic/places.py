"""Names of places: those everyone knows, those only Faker's locales list, and ones nobody has heard."""

from __future__ import annotations

from random import Random

from streams.redact.training.synthetic.cultures import cultures
from streams.redact.training.synthetic.people import invented_name
from streams.redact.training.synthetic.words import Make, chance, listed, localities, one_of, pick, words

# One list is drawn first, so that Italy's 16,000 do not drown Sweden's 45.
_CITIES = (
    ("de_DE", "cities"), ("it_IT", "cities"), ("pl_PL", "cities"), ("cs_CZ", "cities"), ("sk_SK", "cities"),
    ("hu_HU", "real_city_names"), ("sv_SE", "cities"), ("fi_FI", "cities"), ("nl_NL", "cities"),
    ("da_DK", "cities"), ("id_ID", "cities"), ("en_IN", "cities"), ("ro_RO", "cities"), ("hr_HR", "cities"),
    ("sl_SI", "cities"), ("es_CO", "municipalities"), ("fil_PH", "province_lgus"), ("pt_BR", "bairros"),
)  # fmt: skip
_REGIONS = (
    ("fr_FR", "regions"), ("es_ES", "states"), ("it_IT", "states"), ("en_GB", "counties"), ("id_ID", "states"),
    ("pt_BR", "estados"), ("es_MX", "states"), ("en_IN", "states"), ("ro_RO", "states"), ("fil_PH", "provinces"),
)  # fmt: skip


def invented_place(rng: Random) -> str:
    return invented_name(rng, "place_endings")


def city(rng: Random) -> str:
    return one_of(
        rng,
        (45, listed("cities_world")),
        (10, listed("towns")),
        (25, _faker(_CITIES)),
        (10, _composed),
        (10, invented_place),
    )


def _faker(lists: tuple[tuple[str, str], ...]) -> Make:
    return lambda rng: pick(rng, localities(*pick(rng, lists)))


def _composed(rng: Random) -> str:
    """New, Saint-, Upper and the like before a name; on-Sea, Springs and the like after some."""
    head, stem = pick(rng, words("place_heads")), one_of(rng, (2, _given_name), (3, invented_place))
    tail = pick(rng, words("place_tails")) if chance(rng, 0.4) else "{}"
    return tail.format(f"{head}{'' if head.endswith('-') else ' '}{stem}")


def region(rng: Random) -> str:
    return one_of(rng, (6, listed("regions")), (4, _faker(_REGIONS)))


def water(rng: Random) -> str:
    return one_of(rng, (1, listed("waters")), (1, _formed("water_forms")))


def mountain(rng: Random) -> str:
    return one_of(rng, (1, listed("mountains")), (1, _formed("mountain_forms")))


def island(rng: Random) -> str:
    return one_of(rng, (6, listed("islands")), (4, _formed("island_forms")))


def _formed(forms: str) -> Make:
    return lambda rng: pick(rng, words(forms)).format(invented_place(rng))


def building(rng: Random) -> str:
    return one_of(rng, (35, listed("landmarks")), (65, _stemmed("building_tails")))


def stadium(rng: Random) -> str:
    return _stemmed("stadium_tails")(rng)


def street(rng: Random) -> str:
    """An English street name."""
    if chance(rng, 0.5):
        return f"{pick(rng, words('street_names'))} {pick(rng, words('street_words'))}"
    return f"{pick(rng, _COMPASS)}{_stemmed('street_words')(rng)}"


_COMPASS = ("", "", "", "", "N. ", "S ", "NW ", "East ", "Old ")


def place(rng: Random) -> str:
    """Any place at all."""
    return one_of(
        rng, (4, city), (3, country_name), (2, region), (1, water), (1, mountain), (1, island), (1, building)
    )


def country_name(rng: Random) -> str:
    return country(rng)["COUNTRY"]


def country(rng: Random) -> dict[str, str]:
    """A country with its adjective and its people, by the names of slots."""
    name, adjective, people = pick(rng, words("countries")).split("|")
    return {"COUNTRY": name, "DEMONYM": adjective, "DEMONYMS": people}


def nationality(rng: Random) -> str:
    """What groups of people are called: nationalities mostly, peoples, religions."""
    return one_of(
        rng, (6, lambda source: country(source)["DEMONYM"]), (2, listed("peoples")), (2, listed("religions"))
    )


def _stemmed(tails: str) -> Make:
    return lambda rng: f"{_stem(rng)} {pick(rng, words(tails))}"


def _stem(rng: Random) -> str:
    return one_of(rng, (3, listed("street_names")), (3, family_name), (2, listed("towns")), (2, invented_place))


def family_name(rng: Random) -> str:
    return pick(rng, pick(rng, cultures()).family)


def _given_name(rng: Random) -> str:
    return pick(rng, pick(rng, cultures()).given)
