"""JSON in text fields, CSV, and what of them a policy can name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, RecordError
from schemas.hidden import RawRecord
from streams.redact.detect.find import Searched
from streams.redact.outcome import Dropped, Redacted, Refused
from streams.redact.parse import CSV, nested_json, parse
from streams.redact.redactor import redact
from topology.policies import parse_policy

HEAD = "name: p\nversion: 1\nowner: someone\nreview_by: 2027-01-01\n"


class FindsNothing:
    version = data_hash = "nothing"

    def is_everyday(self, word: str) -> bool:
        return word == "the"

    is_common = is_everyday

    def search(self, texts):
        return [Searched([], 0.0) for _ in texts]


def outcome(body: str, fields: dict[str, object], tags=None):
    return redact(RawRecord(fields, tags or {}), parse_policy(HEAD + body, "p"), FindsNothing())


def shown(*arguments) -> dict[str, str]:
    result = outcome(*arguments)
    assert isinstance(result, Redacted), result
    return dict(result.record.fields)


INNER = {"customer": {"email": "zeb@quack.example"}, "notes": [{"text": "hello"}, {"text": "again"}]}


def test_rules_name_what_is_inside_json_in_a_text_field():
    rules = "fields: {'payload.customer.email': {category: EMAIL_ADDRESS}, 'payload.notes[].text': detect}\n"
    assert shown(rules, {"payload": json.dumps(INNER)}) == {
        "payload.customer.email": "[EMAIL_ADDRESS_1]",
        "payload.notes[0].text": "hello",
        "payload.notes[1].text": "again",
    }


def test_json_in_json_in_json_is_opened_too():
    nested = json.dumps({"b": json.dumps([{"c": json.dumps({"d": "hello"})}])})
    assert shown("fields: {'a.b[].c.d': detect}\n", {"a": nested}) == {"a.b[0].c.d": "hello"}


def test_what_nobody_names_inside_is_denied_and_hidden_in_free_text():
    rules = "fields: {t: detect}\n"
    assert shown(rules, {"t": "write zeb@quack.example", "payload": json.dumps(INNER)})["t"] == "write [DENIED_1]"


def test_a_text_field_that_a_rule_names_stays_text():
    text = json.dumps({"a": "hello"})
    assert shown("fields: {payload: detect}\n", {"payload": text}) == {"payload": text}


def test_tags_of_the_field_raise_what_is_inside_it():
    tags = {"payload": frozenset({"PII"})}
    rules = "fields: {payload.a: pass}\ntags: {PII: {category: PERSON}}\n"
    assert shown(rules, {"payload": json.dumps({"a": "zeb"})}, tags) == {"payload": "[PERSON_1]"}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1",
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        "{} x",
        '{"a": "\\ud800"}',
        "[" * 1000,
        "plain",
        '"x"',
        "12",
        "",
    ],
)
def test_what_is_no_clean_json_is_denied_as_a_whole(text):
    assert nested_json(text) is None
    assert outcome("fields: {payload.a: pass}\n", {"payload": text}) == Dropped(Reason.NOTHING_LEFT)


def test_depth_counts_through_all_layers():
    value: object = "x"
    for _ in range(20):
        value = [value]
    inner = json.dumps(value)
    for _ in range(20):
        inner = json.dumps([inner]) if len(inner) < 10_000 else inner
    outer: object = inner
    for _ in range(20):
        outer = {"a": outer}
    assert outcome("fields: {t: detect}\n", {"t": "x", "deep": outer}) == Refused(Reason.TOO_DEEP)


@given(st.text(max_size=80))
def test_any_text_is_nested_json_or_not(text):
    assert nested_json(text) is None or text.lstrip()[0] in "[{"


TABLE = b'name,note\r\n"Quackenbush, Z","says ""hi"""\r\nAnn,"two\nlines"\r\n'


def test_a_csv_payload_becomes_its_rows():
    assert parse(TABLE, CSV).fields == {
        "rows": [{"name": "Quackenbush, Z", "note": 'says "hi"'}, {"name": "Ann", "note": "two\nlines"}]
    }


def test_rules_name_columns_of_a_csv_payload():
    rules = parse_policy(HEAD + "fields: {'rows[].name': {category: PERSON}, 'rows[].note': detect}\n", "p")
    result = redact(parse(TABLE, CSV), rules, FindsNothing())
    assert dict(result.record.fields) == {
        "rows[0].name": "[PERSON_1]",
        "rows[0].note": 'says "hi"',
        "rows[1].name": "[PERSON_2]",
        "rows[1].note": "two\nlines",
    }


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.BAD_CSV),
        (b"a,b\n1\n", Reason.BAD_CSV),
        (b"a,b\n1,2,3\n", Reason.BAD_CSV),
        (b'a,b\n"1,2\n', Reason.BAD_CSV),
        (b'a,b\n"1"x,2\n', Reason.BAD_CSV),
        (b"a,a\n1,2\n", Reason.DUPLICATE_KEY),
        (b"a\xff,b\n1,2\n", Reason.BAD_UTF8),
        (b"a,b\n1,\x00\n", Reason.NUL_BYTE),
        (",".join(f"c{i}" for i in range(501)).encode(), Reason.BAD_CSV),
    ],
)
def test_a_bad_csv_payload_has_a_reason(payload, reason):
    with pytest.raises(RecordError) as refused:
        parse(payload, CSV)
    assert refused.value.reason is reason
    assert str(refused.value) == reason.value
