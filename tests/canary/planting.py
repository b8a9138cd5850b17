"""Records full of canaries: values of every kind, where a policy looks and where it doesn't, and a denied name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.demo.canaries import Aviary, Canary, Person
from deploy.demo.records import customer_schema
from streams.publish.publisher import Publisher
from vault.raw import Media


@dataclass(frozen=True)
class Planted:
    """How many records were published, and what became of them in the end."""

    tasks: int
    quarantined: int
    dropped: int

    @property
    def records(self) -> int:
        return self.tasks + self.quarantined + self.dropped


def plant(publisher: Publisher, aviary: Aviary) -> Planted:
    good = list(_records(aviary))
    for record in good:
        publisher.publish_json(record, key=aviary.email().value)  # record keys count as sensitive too
    for _ in range(3):
        publisher.publish_avro(_customer(aviary.person()), customer_schema())
        publisher.publish_text(f"Please call {aviary.name().value} back about {aviary.card().value}.")
    bad = list(_bad(aviary))
    for payload, media in bad:
        publisher.publish_bytes(payload, media)
    publisher.publish_json({"unknown": aviary.name().value})
    publisher.flush()
    return Planted(tasks=len(good) + 6, quarantined=len(bad), dropped=1)


def _records(aviary: Aviary) -> Iterator[dict[str, object]]:
    for _ in range(3):
        yield _customer(aviary.person())
    yield {"text": f"My new address is {aviary.email().value}.", "product": "kettle"}
    yield {"text": f"The money goes to {aviary.iban().value}.", "extras": [{"deep": {"er": aviary.name().value}}]}
    yield {"text": "A name as a field's name.", _name(aviary): aviary.phone().value}
    yield {"text": "And deeper down.", "customer": {_name(aviary): {_name(aviary): 1}}}


def _customer(person: Person) -> dict[str, object]:
    note = f"My kettle broke. I am {person.name.value}, write to {person.email.value}, please."
    customer = {
        "name": person.name.value,
        "email": person.email.value,
        "phone": person.phone.value,
        "iban": person.iban.value,
        "birth_date": "1970-01-01",
        "address": person.address.value,
        "note": note,
    }
    return {"customer": customer, "product": "kettle"}


def _name(aviary: Aviary) -> str:
    """A denied field name that is a person's name."""
    return aviary.name().value


def _bad(aviary: Aviary) -> Iterator[tuple[bytes, Media]]:
    """Records that end in quarantine; what fails on them must not quote them."""

    def value() -> bytes:
        return aviary.name().value.encode()

    yield b'{"text": "%s"' % value(), Media.JSON
    yield b'{"%s": 1, "%s": NaN}' % (value(), value()), Media.JSON
    name = value()
    yield b'{"%s": 1, "%s": 2}' % (name, name), Media.JSON
    yield b'{"text": "%s\\u0000"}' % value(), Media.JSON
    yield value() + b"\xff\xfe", Media.TEXT
    yield json.dumps([aviary.name().value]).encode(), Media.JSON


def control_canary() -> Canary:
    """One that is put where it may be found, to show that the search sees what lies there."""
    return Canary("control", "Orlaquendrix Vanterbolt", ("Orlaquendrix", "Vanterbolt"))
