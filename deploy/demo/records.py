"""The demo's input: what is published and what is true of it, from the sample in `data/` with canaries added."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from random import Random

from deploy.demo.canaries import Aviary, Canary, Person
from deploy.demo.notes import TEMPLATES, a_date, fill
from deploy.demo.phrases import PRODUCTS
from deploy.demo.truth import Truth, truth_of_text
from schemas.hidden import Hidden
from schemas.records import LabelSpan
from vault.raw import Media

CANARY_CUSTOMERS = 60
"""Of the customers so many are invented from head to foot: five canaries each."""
CANARY_TEXTS = 60
"""So many of the public texts get a sentence with one canary."""
EMPTY_RECORDS = 3
"""Records of which the policy leaves nothing to show; they are dropped, and counted."""
NOTE = "customer.note"
_SENTENCES = {
    "email": "My new address is {}.",
    "card": "It was paid with {}.",
    "iban": "The money goes to {}.",
}


@dataclass(frozen=True, slots=True, repr=False)
class Input(Hidden):
    """A record to publish. `truth` is None where it must not become a task."""

    name: str
    media: Media
    fields: Mapping[str, object]
    truth: Truth | None = None


def build(aviary: Aviary, seed: int) -> list[Input]:
    """All good records, in the order they are published. The same seed gives the same ones."""
    random = Random(seed)  # noqa: S311 - an order, not a secret
    inputs = [*_texts(aviary, random), *_customers(aviary, random), *_empty(aviary)]
    random.shuffle(inputs)
    return inputs


def customer_schema() -> str:
    """The Avro schema of customers, with its `confluent:tags`."""
    return _data("customer.avsc")


def _texts(aviary: Aviary, random: Random) -> Iterator[Input]:
    rows = [json.loads(line) for line in _data("texts.jsonl").splitlines()]
    chosen = set(random.sample(range(len(rows)), CANARY_TEXTS))
    for number, row in enumerate(rows):
        text = str(row["text"])
        if number in chosen:
            text = f"{text}\n{_sentence(aviary, random)}"
        yield Input(str(row["id"]), Media.TEXT, {"text": text}, truth_of_text("text", text))


def _sentence(aviary: Aviary, random: Random) -> str:
    kind = random.choice(sorted(_SENTENCES))
    makers = {"email": aviary.email, "card": aviary.card, "iban": aviary.iban}
    return _SENTENCES[kind].format(makers[kind]().value)


def _customers(aviary: Aviary, random: Random) -> Iterator[Input]:
    rows = [json.loads(line) for line in _data("identities.jsonl").splitlines()]
    for number, row in enumerate(rows):
        person = _canary_values(aviary.person()) if number < CANARY_CUSTOMERS else _values(row, aviary, random)
        person["birth_date"] = str(row["Birthday"])
        media = Media.AVRO if number % 2 else Media.JSON
        yield _customer(f"customer-{number}", media, person, random)


def _canary_values(person: Person) -> dict[str, str]:
    parts: dict[str, Canary] = {
        "name": person.name,
        "email": person.email,
        "phone": person.phone,
        "iban": person.iban,
        "address": person.address,
    }
    return {name: canary.value for name, canary in parts.items()}


def _values(row: Mapping[str, str], aviary: Aviary, random: Random) -> dict[str, str]:
    """An identity of the sample. It has no account number, so it gets an invented one: one more canary."""
    del random
    return {
        "name": f"{row['GivenName']} {row['Surname']}",
        "email": row["EmailAddress"],
        "phone": row["TelephoneNumber"],
        "iban": aviary.iban().value,
        "address": f"{row['StreetAddress']}, {row['ZipCode']} {row['City']}",
    }


def _customer(name: str, media: Media, person: Mapping[str, str], random: Random) -> Input:
    product = random.choice(PRODUCTS)
    template = random.choice(TEMPLATES)
    extra = {"product": product, "date": a_date(random), "lower": person["name"].lower()}
    note, spans = fill(template, NOTE, {**person, **extra})
    born = LabelSpan("customer.birth_date", 0, len(person["birth_date"]), "DATE_MENTION")
    bought = LabelSpan("product", 0, len(product), "PRODUCT")
    fields = {"customer": {**person, "note": note}, "product": product}
    return Input(name, media, fields, Truth(spans | {born, bought}, template.tone))


def _empty(aviary: Aviary) -> Iterator[Input]:
    for number in range(EMPTY_RECORDS):
        yield Input(f"empty-{number}", Media.JSON, {"customer": {"address": aviary.address().value}})


def _data(name: str) -> str:
    return resources.files("deploy.demo").joinpath("data", name).read_text("utf-8")
