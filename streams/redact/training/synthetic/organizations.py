"""Organizations of every kind: known ones, and invented ones named as such bodies name themselves."""

from __future__ import annotations

from random import Random

from streams.redact.training.synthetic.people import invented_name
from streams.redact.training.synthetic.places import city, country, family_name, invented_place, region
from streams.redact.training.synthetic.words import chance, listed, one_of, pick, shaped, words

_ABBREVIATIONS = ("@@@", "@@@", "@@@@", "@@", "@@@@@", "@&@", "@.@.@.", "@@-@@", "@#@", "@@#")


def company(rng: Random) -> dict[str, str]:
    """A company with its full and its short name, by the names of slots."""
    short = _company_stem(rng)
    trade = f" {pick(rng, words('company_trades'))}" if chance(rng, 0.55) else ""
    form = f"{pick(rng, (' ', ' ', ', '))}{pick(rng, words('company_forms'))}" if chance(rng, 0.75) else ""
    return {"COMPANY": f"{short}{trade}{form}", "COMPANY_SHORT": short if chance(rng, 0.6) else f"{short}{trade}"}


def _company_stem(rng: Random) -> str:
    return one_of(
        rng,
        (20, _family),
        (15, _families),
        (15, lambda source: f"{_company_word(source)} {_company_word(source)}"),
        (15, lambda source: f"{_company_word(source)}{pick(source, words('company_endings'))}"),
        (15, _invented),
        (8, lambda source: f"{city(source)} {_company_word(source)}"),
        (6, abbreviation),
        (6, lambda source: f"{abbreviation(source)} {_company_word(source)}"),
    )


def _families(rng: Random) -> str:
    names = [_family(rng) for _ in range(pick(rng, (2, 2, 2, 3)))]
    return f"{', '.join(names[:-1])}{pick(rng, (' & ', ' and ', '-', '/', ' + '))}{names[-1]}"


def _family(rng: Random) -> str:
    return one_of(rng, (8, family_name), (2, lambda source: invented_name(source, "family_endings")))


def _invented(rng: Random) -> str:
    return invented_name(rng, pick(rng, ("place_endings", "family_endings")))


def _company_word(rng: Random) -> str:
    return pick(rng, words("company_words"))


def abbreviation(rng: Random) -> str:
    return shaped(rng, pick(rng, _ABBREVIATIONS))


def bank(rng: Random) -> str:
    return pick(rng, words("bank_forms")).format(one_of(rng, (6, city), (4, _family)))


def agency(rng: Random) -> str:
    return one_of(rng, (35, _office_of), (20, _national_office), (45, _local_body))


def _office_of(rng: Random) -> str:
    return f"{pick(rng, words('agency_heads'))} {pick(rng, words('agency_matters'))}"


def _national_office(rng: Random) -> str:
    matter = pick(rng, words("agency_matters")).removeprefix("the ")
    return f"{country(rng)['DEMONYM']} {matter} {pick(rng, words('agency_tails'))}"


def _local_body(rng: Random) -> str:
    return f"{_seat(rng)} {pick(rng, words('agency_tails'))}"


def _seat(rng: Random) -> str:
    return one_of(rng, (6, city), (4, lambda source: region(source).removeprefix("the ")))


def school(rng: Random) -> str:
    if chance(rng, 0.3):
        kind = pick(rng, ("University", "University", "College", "Technical University", "Institute"))
        return f"{kind} of {_seat(rng)}"
    return f"{one_of(rng, (2, _seat), (1, _family), (1, _saint))} {pick(rng, words('school_kinds'))}"


def _saint(rng: Random) -> str:
    return f"{pick(rng, ('St.', 'St', 'Saint'))} {pick(rng, words('given_everyday'))}'s"


def team(rng: Random) -> str:
    return one_of(
        rng,
        (40, listed("teams_known")),
        (20, lambda source: f"{city(source)} {pick(source, words('team_tails'))}"),
        (15, lambda source: f"{pick(source, words('team_heads'))} {city(source)}"),
        (15, city),
        (10, lambda source: f"the {pick(source, words('team_tails'))}"),
    )


def band(rng: Random) -> str:
    article = pick(rng, ("The ", "The ", "", "Los ", "Die "))
    nouns, given = pick(rng, words("band_nouns")), pick(rng, words("given_everyday"))
    return one_of(
        rng,
        (25, listed("bands_known")),
        (35, lambda source: f"{article}{pick(source, words('band_words'))} {nouns}"),
        (15, lambda _source: f"{article}{nouns}"),
        (15, lambda source: f"{given} {pick(source, ('and the', '& The'))} {nouns}"),
        (10, _invented),
    )


def newspaper(rng: Random) -> str:
    head = one_of(rng, (6, city), (4, listed("paper_heads")))
    return f"{pick(rng, ('', '', 'the ', 'The '))}{head} {pick(rng, words('paper_tails'))}"


def party(rng: Random) -> str:
    head = one_of(rng, (6, lambda source: country(source)["DEMONYM"]), (4, _company_word))
    return f"{head} {pick(rng, words('party_tails'))}"


def hospital(rng: Random) -> str:
    head = one_of(rng, (1, city), (1, _family), (1, _saint), (1, listed("street_names")))
    return f"{head} {pick(rng, words('hospital_tails'))}"


def law_firm(rng: Random) -> str:
    names = [_family(rng) for _ in range(rng.randint(2, 4))]
    joined = f"{', '.join(names[:-1])} {pick(rng, ('&', 'and'))} {names[-1]}"
    return pick(rng, words("law_firm_endings")).format(joined)


def unit(rng: Random) -> str:
    """A military unit."""
    return f"{pick(rng, words('unit_numbers'))} {pick(rng, words('unit_kinds'))}"


def organization(rng: Random) -> str:
    """Any organization at all, known ones in two of five."""
    return one_of(
        rng,
        (40, listed("organizations_known")),
        (8, lambda source: company(source)["COMPANY"]),
        (8, lambda source: company(source)["COMPANY_SHORT"]),
        (8, agency),
        (8, abbreviation),
        *((4, make) for make in (bank, school, team, band, newspaper, party, hospital)),
        (2, law_firm),
        (2, unit),
        (2, invented_place),
    )
