"""Tagged fields: customers whose tagged values also stand in their free text, as JSON and as Avro.

Nothing of a tagged value may be readable anywhere in what leaves. A word of it that stays is counted whole.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import fastavro

from schemas.hidden import RawRecord
from streams.redact.avro import decode_avro
from streams.redact.detect.find import Detector
from streams.redact.outcome import Outcome, Redacted
from streams.redact.placeholders import PLACEHOLDER
from streams.redact.quality.intervals import ratio
from streams.redact.quality.report import Cell
from streams.redact.redactor import redact_many
from topology.policies import Policy, parse_policy

CUSTOMERS = 250
MIN_WORD = 4  # shorter pieces ("12", "van") are in every text
_WORD = re.compile(r"\w+")

POLICY = """
name: tagged
version: 1
owner: the quality table
review_by: 2099-12-31
fields: {customer.name: {category: PERSON}, customer.email: {category: EMAIL_ADDRESS}, note: detect}
tags:
  PII.PERSON: {category: PERSON}
  PII.EMAIL: {category: EMAIL_ADDRESS}
  PII.PHONE: {category: PHONE_NUMBER}
  PII.ADDRESS: {category: ADDRESS, action: drop}
  PII.BIRTH_DATE: {category: DATE_TIME, action: mask}
  FREE_TEXT: detect
"""
_TAGS = {
    "name": "PII.PERSON",
    "email": "PII.EMAIL",
    "phone": "PII.PHONE",
    "street": "PII.ADDRESS",
    "birth_date": "PII.BIRTH_DATE",
}
_FIELDS = [{"name": name, "type": ["null", "string"], "confluent:tags": [tag]} for name, tag in _TAGS.items()]
SCHEMA: Mapping[str, Any] = {
    "type": "record",
    "name": "Contact",
    "fields": [
        {"name": "customer", "type": {"type": "record", "name": "Customer", "fields": _FIELDS}},
        {"name": "note", "type": "string", "confluent:tags": ["FREE_TEXT"]},
    ],
}
_NOTE = (
    "{name} called from {phone} about a late parcel. Please answer to {email}. {initial}. {surname} has moved and"
    " no longer lives at {street}; born on {birth_date}. {surname}, {given} was asked twice. We told {upper} so."
)


def policy() -> Policy:
    return parse_policy(POLICY, "tagged.yaml")


def tagged_records() -> Iterator[tuple[RawRecord, Sequence[str]]]:
    """Each customer as JSON with known tags and once more through Avro, with the tagged values."""
    for identity in _identities():
        customer = _customer(identity)
        note = _NOTE.format(
            **customer,
            given=identity["GivenName"],
            surname=identity["Surname"],
            initial=identity["GivenName"][0],
            upper=customer["name"].upper(),
        )
        fields = {"customer": customer, "note": note}
        tags = {f"customer.{name}": frozenset({tag}) for name, tag in _TAGS.items()}
        yield RawRecord(fields, tags | {"note": frozenset({"FREE_TEXT"})}), list(customer.values())
        stream = io.BytesIO()
        fastavro.schemaless_writer(stream, fastavro.parse_schema(dict(SCHEMA)), fields)
        yield decode_avro(stream.getvalue(), SCHEMA), list(customer.values())


def measure_tagged(ruling: Policy, detector: Detector) -> Cell:
    """The cell of the table: over-redaction is not asked here and stays 0."""
    records = list(tagged_records())
    outcomes = redact_many([record for record, _ in records], ruling, detector)
    counts = [_count(values, outcome) for (_, values), outcome in zip(records, outcomes, strict=True)]
    leak = ratio([leaked for _, leaked in counts], [gold for gold, _ in counts])
    return Cell(len(records), leak, ratio([], []))


def _count(values: Sequence[str], outcome: Outcome) -> tuple[int, int]:
    """Characters of the tagged values' words, and of those that can be read."""
    words = [word for value in values for word in _WORD.findall(value.casefold()) if len(word) >= MIN_WORD]
    gold = sum(map(len, words))
    if not isinstance(outcome, Redacted):
        return gold, 0
    shown = PLACEHOLDER.sub(" ", json.dumps(dict(outcome.record.fields), ensure_ascii=False)).casefold()
    return gold, sum(len(word) for word in words if word in shown)


def _customer(identity: Mapping[str, str]) -> dict[str, str]:
    return {
        "name": f"{identity['GivenName']} {identity['Surname']}",
        "email": identity["EmailAddress"],
        "phone": identity["TelephoneNumber"],
        "street": identity["StreetAddress"],
        "birth_date": identity["Birthday"],
    }


def _identities() -> list[dict[str, str]]:
    source = resources.files("streams.redact.training").joinpath("data", "identities_a.jsonl")
    return [json.loads(line) for line in source.read_text("utf-8").splitlines()[-CUSTOMERS:]]
