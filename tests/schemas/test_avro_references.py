from __future__ import annotations

import io
import json

import fastavro
import httpx
import pytest

from schemas.avro_references import combined
from schemas.errors import Reason, Undecodable
from schemas.registry import Registry

DAY = {"type": "record", "name": "org.example.Day", "fields": [{"name": "iso", "type": "string"}]}
NOTE = {
    "type": "record",
    "name": "Note",
    "namespace": "org.example",
    "fields": [
        {"name": "text", "type": "string", "confluent:tags": ["FREE_TEXT"]},
        {"name": "day", "type": "org.example.Day"},
    ],
}
LETTER = {
    "type": "record",
    "name": "Letter",
    "namespace": "org.example",
    "fields": [
        {"name": "notes", "type": {"type": "array", "items": "Note"}},
        {"name": "last", "type": ["null", "org.example.Note"]},
        {"name": "by", "type": {"type": "map", "values": "Day"}},
    ],
}
VALUE = {
    "notes": [{"text": "hi", "day": {"iso": "2020-01-01"}}],
    "last": {"text": "bye", "day": {"iso": "2020-01-02"}},
    "by": {"x": {"iso": "2020-01-03"}},
}


def test_a_schema_is_made_whole_and_decodes_what_was_written_by_it():
    whole = combined(json.dumps(LETTER), [json.dumps(DAY), json.dumps(NOTE)])
    plain = json.loads(json.dumps(whole))
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(plain), VALUE)
    assert fastavro.schemaless_reader(io.BytesIO(stream.getvalue()), fastavro.parse_schema(plain), None) == VALUE
    assert "FREE_TEXT" in json.dumps(whole)


class Serving:
    """A registry with these schemas: id 1, and subjects in version 1."""

    def __init__(self, first: dict[str, object], **subjects: dict[str, object]) -> None:
        self._first = first
        self._subjects = subjects

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        found = self._first if path == "/schemas/ids/1" else self._subjects.get(path.split("/")[2])
        return httpx.Response(200, json=found) if found else httpx.Response(404)


def registry(serving: Serving) -> Registry:
    made = Registry("http://registry.invalid")
    made.close()
    made._calls._client = httpx.Client(base_url="http://registry.invalid", transport=httpx.MockTransport(serving))
    return made


def reference(subject: str) -> dict[str, object]:
    return {"name": subject, "subject": subject, "version": 1}


def test_the_registry_is_asked_for_what_a_schema_refers_to_through_all_levels():
    note = {"schema": json.dumps(NOTE), "references": [reference("day")]}
    letter = {"schema": json.dumps(LETTER), "references": [reference("note"), reference("day")]}
    found = registry(Serving(letter, note=note, day={"schema": json.dumps(DAY)}))
    assert found.schema_of(1) == combined(json.dumps(LETTER), [json.dumps(DAY), json.dumps(NOTE)])
    found.close()


def test_schemas_that_refer_to_each_other_without_end_are_refused():
    circle = {"schema": json.dumps(NOTE), "references": [reference("note")]}
    found = registry(Serving(circle, note=circle))
    with pytest.raises(Undecodable) as refused:
        found.schema_of(1)
    assert refused.value.reason is Reason.UNKNOWN_SCHEMA
    found.close()


def _record(name, **fields):
    return {"type": "record", "name": name, "fields": [{"name": k, "type": v} for k, v in fields.items()]}


@pytest.mark.parametrize(
    ("main", "references", "value"),
    [
        (
            _record("n.Main", b="n.B"),
            [_record("n.A", b=_record("n.B", x="int"))],
            {"b": {"x": 1}},
        ),
        (
            _record("n.Main", b="n.B", a="n.A"),
            [_record("n.A", b=_record("n.B", x="int"))],
            {"b": {"x": 1}, "a": {"b": {"x": 2}}},
        ),
        (_record("n.Main", x="n.X"), [["null", _record("n.X", y="int")]], {"x": {"y": 1}}),
        (
            _record("n.Main", t="n.Tree"),
            [_record("n.Tree", next=["null", "n.Tree"])],
            {"t": {"next": {"next": None}}},
        ),
    ],
    ids=["nested in a reference", "nested and named before", "branch of a union", "recursive"],
)
def test_every_named_type_of_a_reference_can_be_used(main, references, value):
    whole = combined(json.dumps(main), [json.dumps(reference) for reference in references])
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, whole, value)
    assert fastavro.schemaless_reader(io.BytesIO(stream.getvalue()), whole, None) == value


class Chain:
    """A registry in which each schema names the next one twice."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.calls = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        parts = request.url.path.split("/")
        number = 0 if parts[1] == "schemas" else int(parts[2])
        following = [{"subject": str(number + 1), "version": 1}] * 2 if number < self.length else []
        schema = _record(f"n.S{number}", next=f"n.S{number + 1}" if following else "int")
        return httpx.Response(200, json={"schema": json.dumps(schema), "references": following})


def test_each_referenced_schema_is_asked_for_once():
    serving = Chain(12)
    registry = Registry("http://registry.test")
    registry._calls._client = httpx.Client(transport=httpx.MockTransport(serving), base_url="http://registry.test")
    registry.schema_of(1)
    assert serving.calls == 13


def test_a_reference_that_is_gone_blames_the_schema_and_not_the_registry():
    first = {"schema": json.dumps(NOTE), "references": [{"name": "x", "subject": "gone", "version": 1}]}
    registry = Registry("http://registry.test")
    registry._calls._client = httpx.Client(
        transport=httpx.MockTransport(Serving(first)), base_url="http://registry.test"
    )
    with pytest.raises(Undecodable) as caught:
        registry.schema_of(1)
    assert caught.value.reason is Reason.UNKNOWN_SCHEMA
