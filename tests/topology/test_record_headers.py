"""What the document says of headers, held against what is really written beside records."""

from __future__ import annotations

import pytest
from jsonschema.validators import Draft7Validator

from schemas import cloudevents
from schemas.reredaction import Origin, origin_headers
from schemas.routing import Routing
from tests.schemas.test_leaf import EVENT
from tests.vault.test_raw import KEY
from topology.loading import load_topology
from topology.record_headers import HEADERS
from vault import raw
from vault.raw import Media, seal_raw


def raw_headers(media: Media, schema_id: int | None, routing: Routing) -> list[tuple[str, bytes]]:
    told = {"project": "demo", "topic": "raw.demo", "key": b"k", "media": media, "schema_id": schema_id}
    _, headers = seal_raw(KEY, b"{}", **told, routing=routing)
    return headers


RAW = [
    raw_headers(media, 7 if media is Media.AVRO else None, routing)
    for media in Media
    for routing in (Routing(), Routing(7, "week-48", ("de",)))
]
WRITTEN = [
    *(("raw", it) for it in RAW),
    *(("again", [*it, *origin_headers(Origin(0, 41, 2, 1))]) for it in RAW),
    ("again", origin_headers(Origin(0, 41, 2, 1, too_large=True))),
    ("again", origin_headers(Origin(3, 0, 9, 4, released=True))),
    ("audit", cloudevents.headers(EVENT)),
]


def faults(kind: str, written: dict[str, str]) -> list[str]:
    schema = HEADERS[kind] | {"additionalProperties": False}
    return [error.message for error in Draft7Validator(schema).iter_errors(written)]


@pytest.mark.parametrize(("kind", "headers"), WRITTEN)
def test_what_is_written_is_what_the_document_says(kind: str, headers: list[tuple[str, bytes]]) -> None:
    assert not faults(kind, {name: value.decode() for name, value in headers})


@pytest.mark.parametrize("kind", HEADERS)
def test_every_header_that_it_names_is_written(kind: str) -> None:
    written = {name for it, headers in WRITTEN if it == kind for name, _ in headers}
    assert set(HEADERS[kind]["properties"]) == written


@pytest.mark.parametrize("kind", HEADERS)
def test_what_must_be_there_is_missed(kind: str) -> None:
    headers = next(dict(headers) for it, headers in WRITTEN if it == kind)
    for name in HEADERS[kind]["required"]:
        assert faults(kind, {other: value.decode() for other, value in headers.items() if other != name})


def test_what_a_raw_record_must_have_is_what_its_reader_asks_for() -> None:
    assert HEADERS["raw"]["required"] == [*raw.HEADERS]


def test_each_is_of_a_topic_that_there_is() -> None:
    assert set(HEADERS) <= set(load_topology().flow.topics)
