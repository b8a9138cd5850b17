from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import cloudevents
from schemas.errors import Reason, Undecodable
from tests.schemas.making import records_of
from tests.schemas.test_leaf import EVENT

YEAR_1, YEAR_9999 = -62_135_596_800_000, 253_402_300_799_999
EXPECTED = {
    "content-type": b"application/avro",
    "ce_specversion": b"1.0",
    "ce_id": b"redact.demo.0/7",
    "ce_source": b"redact.demo.0",
    "ce_type": b"io.veilstream.batch.redacted",
    "ce_time": b"2023-11-14T22:13:20.123Z",
    "ce_subject": b"batch/raw.demo/1/40/42",
}


def test_headers_are_those_of_the_kafka_binding():
    assert dict(cloudevents.headers(EVENT)) == EXPECTED


@settings(deadline=None)
@given(records_of("AuditEvent"), st.integers(YEAR_1, YEAR_9999))
def test_headers_of_any_event_agree_with_it(event, time):
    event = replace(event, time=time)
    found = dict(cloudevents.headers(event))
    assert cloudevents.parse(found) == cloudevents.attributes(event)
    cloudevents.check(found, event)


@pytest.mark.parametrize("name", EXPECTED)
def test_missing_header_is_named(name):
    with pytest.raises(Undecodable, match=name) as caught:
        cloudevents.parse({key: value for key, value in EXPECTED.items() if key != name})
    assert caught.value.reason is Reason.MISSING_HEADER


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("value", [b"", b"\xff\xfe", b"something else"])
def test_other_header_disagrees_with_the_event(name, value):
    with pytest.raises(Undecodable):
        cloudevents.check(EXPECTED | {name: value}, EVENT)


@pytest.mark.parametrize(
    "time", [b"2023-11-14", b"2023-11-14T22:13:20.123", b"yesterday", b"10000-01-01T00:00:00Z"]
)
def test_time_without_zone_or_sense_is_undecodable(time):
    with pytest.raises(Undecodable, match="ce_time"):
        cloudevents.parse(EXPECTED | {"ce_time": time})


def test_more_headers_are_no_harm():
    cloudevents.check(EXPECTED | {"traceparent": b"00"}, EVENT)
