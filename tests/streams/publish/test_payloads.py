"""What a producer hands over becomes bytes or a reason, whatever it is."""

from __future__ import annotations

import json

import pytest

from schemas.errors import Reason, Unparseable
from streams.publish import payloads
from streams.publish.publisher import parse_schema

NESTED = parse_schema(
    json.dumps(
        {
            "type": "record",
            "name": "R",
            "fields": [
                {"name": "f", "type": ["null", "R"], "default": None},
                {"name": "many", "type": {"type": "array", "items": "R"}, "default": []},
            ],
        }
    )
)


def nested(levels: int) -> dict[str, object]:
    record: dict[str, object] = {"f": None, "many": []}
    for _ in range(levels):
        record = {"f": record, "many": []}
    return record


def holding_itself() -> dict[str, object]:
    record: dict[str, object] = {}
    record |= {"f": record, "many": [record, record]}
    return record


@pytest.mark.parametrize("record", [nested(100_000), holding_itself()])
def test_an_avro_record_without_end_is_refused_and_the_process_lives(record):
    with pytest.raises(Unparseable) as refused:
        payloads.of_avro(record, NESTED)
    assert refused.value.reason is Reason.TOO_DEEP


def test_an_avro_record_of_many_levels_is_written():
    assert payloads.of_avro(nested(500), NESTED)
