"""Our headers by the specification's rules; and that these rules find what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given

from schemas import cloudevents
from schemas.audit import EventType
from tests.schemas.cloudevents_rules import faults
from tests.schemas.making import records_of
from tests.schemas.test_leaf import EVENT

GOOD = dict(cloudevents.headers(EVENT))


def test_our_headers_have_no_fault():
    assert list(faults(GOOD)) == []


@pytest.mark.parametrize("kind", EventType)
def test_every_type_of_the_vocabulary_is_a_type_by_the_rules(kind):
    assert list(faults(GOOD | {"ce_type": f"{cloudevents.TYPE_PREFIX}{kind}".encode()})) == []


@pytest.mark.parametrize(
    ("header", "value"),
    [
        *((f"ce_{name}", b"") for name in ("id", "source", "specversion", "type", "subject", "time")),
        ("ce_specversion", b"0.3"),
        ("ce_source", b"two words"),
        ("ce_source", b"100%"),
        ("ce_id", b"a\x00b"),
        ("ce_subject", b"\xff"),
        ("ce_subject", "\ufdd0".encode()),
        ("ce_time", b"2023-11-14 22:13:20Z"),
        ("ce_time", b"2023-13-14T22:13:20Z"),
        ("ce_dataschema", b"relative/path"),
        ("ce_datacontenttype", b"application/avro"),
        ("ce_Subject", b"x"),
        ("ce_unheard", b"x"),
        ("content-type", b"avro"),
        ("content-type", b"application/cloudevents+avro"),
        ("ce_subject", b"x" * 65_536),
    ],
)
def test_each_rule_finds_what_breaks_it(header, value):
    assert list(faults(GOOD | {header: value})) != []


@pytest.mark.parametrize("name", ["content-type", "ce_id", "ce_source", "ce_specversion", "ce_type"])
def test_what_is_required_is_missed(name):
    assert list(faults({key: value for key, value in GOOD.items() if key != name})) != []


@given(records_of("AuditEvent"))
def test_time_and_content_type_of_any_event_keep_the_rules(event):
    try:
        headers = dict(cloudevents.headers(event))
    except OverflowError:  # a time beyond the year 9999
        return
    assert list(faults(GOOD | {name: headers[name] for name in ("ce_time", "content-type")})) == []
