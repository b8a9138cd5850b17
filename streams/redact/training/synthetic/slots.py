"""The table of slots: which entity type each one is, and where its values come from.

A type of None says: not sensitive, leave it. Types are Presidio's where it has one. Ours: ORGANIZATION, ADDRESS,
ZIP_CODE, TITLE (an occupation), PREFIX (Mr., Dr.), AGE, YEAR (a year or decade alone), WEEKDAY and MONTH (alone),
USERNAME (a login or @handle), ID (customer, order, case and account numbers), NATIONAL_ID (of any country),
PASSWORD, API_KEY and a few things with numbers of their own (VIN, IMEI, LICENSE_PLATE).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from streams.redact.training.synthetic import (
    addresses,
    contacts,
    identifiers,
    moments,
    organizations,
    people,
    places,
    quantities,
    sentences,
    works,
)
from streams.redact.training.synthetic.words import Make, chance, listed, pick, words


@dataclass(frozen=True, slots=True)
class Kind:
    """`cast` says whose form the slot is: a person's, a company's, a country's; None for a plain value."""

    entity_type: str | None
    make: Make | None = None
    cast: str | None = None


def _slots(entity_type: str | None, makers: Mapping[str, Make]) -> dict[str, Kind]:
    return {name: Kind(entity_type, make) for name, make in makers.items()}


def _cast(cast: str, types: Mapping[str, str]) -> dict[str, Kind]:
    return {name: Kind(entity_type, cast=cast) for name, entity_type in types.items()}


def _occupation(rng: Random) -> str:
    """A plain one of ours, or one of Faker's 640."""
    from faker.providers.job.en_US import Provider  # noqa: PLC0415 - read only when texts are made

    return str(pick(rng, words("job_extra") if chance(rng, 0.6) else tuple(Provider.jobs)))


def _named(kinds: tuple[tuple[str, Make], ...]) -> dict[str, Kind]:
    return {name: Kind(name, make) for name, make in kinds}


_THINGS = [
    "SWIFT_CODE",
    "ABA_ROUTING_NUMBER",
    "PASSPORT",
    "DRIVER_LICENSE",
    "LICENSE_PLATE",
    "VIN",
    "IMEI",
    "MEDICAL_RECORD",
    "CRYPTO",
    "API_KEY",
    "PASSWORD",
]
_PERSON = ("PERSON", "FULL", "FIRST", "LAST", "INITIALS", "LASTFIRST", "SHORTFORM")

SLOTS: Mapping[str, Kind] = {
    **_cast("person", dict.fromkeys(_PERSON, "PERSON")),
    **_cast("person", {"EMAIL": "EMAIL_ADDRESS", "HANDLE": "USERNAME", "USERNAME": "USERNAME"}),
    **_cast("company", {"COMPANY": "ORGANIZATION", "COMPANY_SHORT": "ORGANIZATION"}),
    **_cast("country", {"COUNTRY": "LOCATION", "DEMONYM": "NRP", "DEMONYMS": "NRP"}),
    **_slots("PERSON", {"GIVEN_WORD": listed("given_everyday"), "FAMILY_WORD": listed("family_everyday")}),
    **_slots(
        "ORGANIZATION",
        {
            "ORG": organizations.organization,
            "ORG_KNOWN": listed("organizations_known"),
            "ABBREVIATION": organizations.abbreviation,
            "BANK": organizations.bank,
            "AGENCY": organizations.agency,
            "SCHOOL": organizations.school,
            "TEAM": organizations.team,
            "BAND": organizations.band,
            "NEWSPAPER": organizations.newspaper,
            "PARTY": organizations.party,
            "HOSPITAL": organizations.hospital,
            "LAWFIRM": organizations.law_firm,
            "UNIT": organizations.unit,
        },
    ),
    **_slots(
        "LOCATION",
        {
            "PLACE": places.place,
            "CITY": places.city,
            "REGION": places.region,
            "WATER": places.water,
            "MOUNTAIN": places.mountain,
            "ISLAND": places.island,
            "BUILDING": places.building,
            "STADIUM": places.stadium,
            "STATE_SHORT": listed("us_states_short"),
            "COORDINATES": contacts.coordinates,
        },
    ),
    **_slots(
        "NRP", {"NATIONALITY": places.nationality, "RELIGION": listed("religions"), "CAMP": listed("political")}
    ),
    **_slots(
        "ADDRESS",
        {
            "ADDRESS": addresses.address,
            "STREET_ADDRESS": addresses.street_address,
            "STREET": addresses.street_name,
        },
    ),
    **_slots("DATE_TIME", {"DATE": moments.date, "DAY": moments.day, "MONTH_YEAR": moments.month_year}),
    **_slots("DATE_TIME", {"BIRTH": moments.birth_date, "STAMP": moments.time_stamp}),
    **_slots("YEAR", {"DECADE": moments.decade}),
    **_slots(
        "ID",
        {
            kind: identifiers.of_shape(kind)
            for kind in ("ACCOUNT", "CASE", "CUSTOMER", "ORDER", "POLICY", "PIN", "BUSINESS_ID")
        },
    ),
    **_named(tuple(identifiers.NATIONAL.items())),
    **_named(tuple((kind, identifiers.of_shape(kind)) for kind in _THINGS)),
    **_named(
        (
            ("ZIP_CODE", addresses.postcode),
            ("TITLE", _occupation),
            ("PREFIX", people.prefix),
            ("AGE", moments.age),
            ("YEAR", moments.year),
            ("WEEKDAY", moments.weekday),
            ("MONTH", moments.month),
            ("PHONE_NUMBER", contacts.phone),
            ("URL", contacts.url),
            ("DOMAIN_NAME", contacts.domain),
            ("IP_ADDRESS", contacts.ip_address),
            ("MAC_ADDRESS", contacts.mac_address),
            ("CREDIT_CARD", identifiers.card),
            ("IBAN_CODE", identifiers.iban),
            ("NATIONAL_ID", identifiers.national),
        )
    ),
    **_slots(
        None,
        {
            "PRICE": quantities.price,
            "PERCENT": quantities.percent,
            "QUANTITY": quantities.quantity,
            "NUMBER_WORD": quantities.number_word,
            "MEASURE": quantities.measure,
            "DURATION": quantities.duration,
            "VERSION": quantities.version,
            "SCORE": quantities.score,
            "SECTION": quantities.section,
            "ORDINAL": quantities.ordinal,
            "MODEL": quantities.model,
            "DOSE": quantities.dose,
            "LAB": quantities.lab_value,
            "CLOCK": moments.clock,
            "WORK": works.work,
            "HASHTAG": works.hashtag,
            "PRODUCT": works.product,
            "EMOJI": listed("emoji"),
            "OFFICE": listed("public_titles"),
            "EVENT": listed("events"),
            "DRUG": listed("drugs"),
            "DISEASE": listed("diseases"),
            "LAB_TEST": listed("lab_tests"),
            "SUBJECT": listed("subjects"),
            "SPORT": listed("sports"),
            "GENRE": listed("genres"),
            "INSTRUMENT": listed("instruments"),
            "LANGUAGE": listed("languages"),
            "ROLE": listed("roles"),
            "DOCUMENT": listed("documents"),
            "LAW_TERM": listed("law_terms"),
            "HEADING": listed("headings"),
            "DEPARTMENT": listed("departments"),
            "FOOD": listed("foods"),
            "THING": listed("things"),
            "ADJECTIVE": listed("adjectives"),
            "ANIMAL": listed("animals"),
            "KIN": listed("kin"),
            "SENTENCE": sentences.sentence,
            "NOUN": sentences.noun,
            "VERB": sentences.verb,
            "QUALITY": sentences.quality,
            "ADVERB": sentences.adverb,
        },
    ),
}

ENTITY_TYPES = frozenset(kind.entity_type for kind in SLOTS.values() if kind.entity_type)
