"""What may lie on `raw.P` and be no good record: each is quarantined with a reason, and stops nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from deploy.surroundings import surroundings
from schemas.audit import EventType, RawOutcome
from schemas.errors import Reason, Refused
from schemas.hidden import SealedBytes
from schemas.records import RawReference
from tests.support.waiting import wait_for
from topology.identity import Identity
from vault.data_keys import DataKeys
from vault.interface import WrappedKey
from vault.keys import framed, open_sealed, quarantine_binding, seal
from vault.raw import (
    CONTEXT_HEADER,
    HEADERS,
    KEY_HEADER,
    MAX_PAYLOAD_BYTES,
    MEDIA_HEADER,
    SCHEMA_HEADER,
    VERSION_HEADER,
    Media,
    binding,
    seal_raw,
    transit_key,
)

pytestmark = pytest.mark.stack

CANARY = "Zorvikquelmer"
JSON = json.dumps({"text": CANARY, "customer": {"name": CANARY}}).encode()
MEBIBYTE = 1024 * 1024
LARGEST_MESSAGE = 2 * MEBIBYTE - 400
"""The broker takes batches of 2 MiB; key, headers and frame of this one take some 380 bytes."""


class Sealing:
    """Seals as a producer does, and lets a test spoil anything."""

    def __init__(self, pipeline, other):
        self.project = pipeline.project
        self.other = other.project
        self._keys = {}
        for one in (pipeline, other):
            around = surroundings(pipeline.root, Identity("producer", one.project), one.project, pipeline.topology)
            key = DataKeys(around.vault).current(transit_key(one.project), "a-producer/1", around.clock.now())
            self._keys[one.project] = key
            around.close()

    def seal(self, payload, key, media=Media.JSON, schema_id=None, project=None, data_key_of=None):
        project = project or self.project
        return seal_raw(
            self._keys[data_key_of or self.project],
            payload,
            project=project,
            topic=f"raw.{project}",
            key=key,
            media=media,
            schema_id=schema_id,
        )

    def seal_large(self, size, key):
        """A payload that no publisher lets through."""
        data_key = self._keys[self.project]
        aad = binding(self.project, f"raw.{self.project}", key, Media.JSON, None)
        _, headers = self.seal(b"{}", key)
        return seal(data_key.secret, b"x" * size, aad).data, headers


Record = tuple[bytes | None, list[tuple[str, bytes]]]


@dataclass(frozen=True)
class Case:
    reason: Reason
    make: Callable[[Sealing, bytes], Record]
    key_more: bytes = b""
    """What its record key has behind its name."""


def payload(reason, data, media=Media.JSON, schema_id=None):
    return Case(reason, lambda sealing, key: sealing.seal(data, key, media, schema_id))


def spoiled(reason, spoil):
    """A good record, then `spoil(value, headers)`."""

    def make(sealing, key):
        value, headers = sealing.seal(JSON, key)
        return spoil(value, dict(headers))

    return Case(reason, make)


def flipped(value, headers):
    return value[:20] + bytes([value[20] ^ 1]) + value[21:], list(headers.items())


def without(name):
    return lambda value, headers: (value, [pair for pair in headers.items() if pair[0] != name])


def changed(name, data):
    return lambda value, headers: (value, list((headers | {name: data}).items()))


CASES = {
    "ciphertext-flipped": spoiled(Reason.UNDECRYPTABLE, flipped),
    "ciphertext-cut": spoiled(Reason.UNDECRYPTABLE, lambda value, headers: (value[:30], list(headers.items()))),
    "ciphertext-empty": spoiled(Reason.UNDECRYPTABLE, lambda _, headers: (b"", list(headers.items()))),
    "ciphertext-of-another-key": Case(Reason.UNDECRYPTABLE, lambda s, _: s.seal(JSON, b"another key")),
    "ciphertext-of-another-project": Case(Reason.UNDECRYPTABLE, lambda s, key: s.seal(JSON, key, project=s.other)),
    "ciphertext-as-another-media": spoiled(Reason.UNDECRYPTABLE, changed(MEDIA_HEADER, b"text/plain")),
    "data-key-of-another-project": Case(
        Reason.UNKNOWN_DATA_KEY, lambda s, key: s.seal(JSON, key, data_key_of=s.other)
    ),
    "data-key-garbage": spoiled(Reason.UNKNOWN_DATA_KEY, changed(KEY_HEADER, b"vault:v1:AAAAAAAAAAAAAAAA")),
    "data-key-of-no-form": spoiled(Reason.UNKNOWN_DATA_KEY, changed(KEY_HEADER, b"not a wrapped key")),
    "data-key-empty": spoiled(Reason.UNKNOWN_DATA_KEY, changed(KEY_HEADER, b"")),
    "data-key-of-a-later-version": spoiled(
        Reason.UNKNOWN_DATA_KEY, changed(KEY_HEADER, b"vault:v999:" + b"A" * 80)
    ),
    "context-of-another": spoiled(Reason.UNKNOWN_DATA_KEY, changed(CONTEXT_HEADER, b"somebody/1")),
    "context-empty": spoiled(Reason.UNKNOWN_DATA_KEY, changed(CONTEXT_HEADER, b"")),
    "json-broken": payload(Reason.BAD_JSON, JSON[:-1]),
    "json-empty": payload(Reason.BAD_JSON, b""),
    "json-with-more-behind": payload(Reason.BAD_JSON, JSON + JSON),
    "json-nan": payload(Reason.BAD_JSON, b'{"text": "%s", "n": NaN}' % CANARY.encode()),
    "json-huge-integer": payload(Reason.BAD_JSON, b'{"n": ' + b"9" * 10_000 + b"}"),
    "json-lone-surrogate": payload(Reason.BAD_JSON, b'{"text": "%s \\ud800"}' % CANARY.encode()),
    "json-array": payload(Reason.NOT_AN_OBJECT, json.dumps([CANARY]).encode()),
    "json-text": payload(Reason.NOT_AN_OBJECT, json.dumps(CANARY).encode()),
    "json-duplicate-key": payload(Reason.DUPLICATE_KEY, b'{"text": "%s", "text": "2"}' % CANARY.encode()),
    "json-deep": payload(Reason.TOO_DEEP, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "json-deep-arrays-never-closed": payload(Reason.TOO_DEEP, b"[" * 500_000),
    "utf8-wrong": payload(Reason.BAD_UTF8, JSON[:-3] + b"\xff\xfe" + JSON[-3:]),
    "utf16": payload(Reason.BAD_UTF8, JSON.decode().encode("utf-16")),
    "nul-byte": payload(Reason.NUL_BYTE, b'{"text": "%s\x00"}' % CANARY.encode()),
    "nul-escaped": payload(Reason.NUL_BYTE, b'{"text": "%s\\u0000"}' % CANARY.encode()),
    "text-wrong-utf8": payload(Reason.BAD_UTF8, CANARY.encode() + b"\xc3\x28", Media.TEXT),
    "text-nul": payload(Reason.NUL_BYTE, CANARY.encode() + b"\x00", Media.TEXT),
    "payload-over-1-mib": Case(Reason.TOO_LARGE, lambda s, key: s.seal_large(MAX_PAYLOAD_BYTES + 1, key)),
    "message-as-large-as-the-broker-takes": Case(
        Reason.TOO_LARGE, lambda s, key: s.seal_large(LARGEST_MESSAGE, key)
    ),
    "schema-unknown": payload(Reason.UNKNOWN_SCHEMA, b"\x00" + CANARY.encode(), Media.AVRO, 2_000_000_000),
    "schema-no-number": spoiled(Reason.UNKNOWN_SCHEMA, changed(SCHEMA_HEADER, b"seven")),
    "schema-on-json": spoiled(Reason.UNKNOWN_SCHEMA, changed(SCHEMA_HEADER, b"7")),
    "media-unknown": spoiled(Reason.UNKNOWN_MEDIA_TYPE, changed(MEDIA_HEADER, b"application/pdf")),
    "version-unknown": spoiled(Reason.MISSING_HEADER, changed(VERSION_HEADER, b"2")),
    "headers-none": spoiled(Reason.MISSING_HEADER, lambda value, _: (value, [])),
    "header-not-ascii": spoiled(Reason.MISSING_HEADER, changed(CONTEXT_HEADER, b"\xff\xfe")),
    "header-huge": spoiled(Reason.MISSING_HEADER, changed(KEY_HEADER, b"v" * 100_000)),
    "headers-too-many": Case(
        Reason.MISSING_HEADER, lambda _sealing, _key: (b"", [(f"{n:x}", b"") for n in range(200_000)])
    ),
    "key-huge": Case(Reason.MISSING_HEADER, lambda _sealing, _key: (b"", []), b"/" + b"x" * 1_900_000),
    "tombstone": spoiled(Reason.MISSING_HEADER, lambda _, headers: (None, list(headers.items()))),
    "clear-text": Case(Reason.MISSING_HEADER, lambda _sealing, _key: (JSON, [])),
    **{f"without-{name}": spoiled(Reason.MISSING_HEADER, without(name)) for name in HEADERS},
}


@pytest.fixture(scope="module")
def rough(pipeline_of):
    pipeline = pipeline_of("rough")
    pipeline.start("redact")
    pipeline.sign("rae", "ron")
    return pipeline


@pytest.fixture(scope="module")
def written(rough, pipeline_of):
    """All cases, with good records before, between and behind: where each lies, by its name."""
    sealing = Sealing(rough, pipeline_of("spine"))
    rough.publish({"text": "before"})
    for number, (name, case) in enumerate(CASES.items()):
        if number % 10 == 5:
            rough.publish({"text": "between"})
        value, headers = case.make(sealing, name.encode())
        rough.write(f"raw.{rough.project}", name.encode() + case.key_more, value, headers)
    rough.publish(*({"text": f"behind {n}"} for n in range(8)))
    raw = rough.messages("raw")
    names = {m.key.partition(b"/")[0].decode(): (m.partition, m.offset) for m in raw}
    places = {name: place for name, place in names.items() if name in CASES}
    assert set(places) == set(CASES)
    count = len(raw)
    wait_for(lambda: len(outcomes(rough)) >= count, "every raw record has an outcome")
    return places


def outcomes(rough):
    """By place, every outcome the audit gives it; markers left out."""
    found = {}
    for event in rough.events(EventType.BATCH_REDACTED):
        for one in event.batch.outcomes:
            if one.outcome is not RawOutcome.EMPTY:
                found.setdefault((event.batch.partition, one.offset), []).append(one)
    return found


@pytest.fixture(scope="module")
def audited(rough, written):
    return outcomes(rough)


@pytest.fixture(scope="module")
def quarantined(rough, written):
    found = {}
    for entry in rough.records("quarantine"):
        found.setdefault((entry.raw.partition, entry.raw.offset), []).append(entry)
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_bad_record_is_quarantined_with_its_reason_and_audited_once(name, written, audited, quarantined):
    place, reason = written[name], CASES[name].reason.value
    assert [entry.reason for entry in quarantined[place]] == [reason]
    (outcome,) = audited[place]
    assert (outcome.outcome, outcome.reason, outcome.task_id) == (RawOutcome.QUARANTINED, reason, "")


def test_every_good_record_around_them_became_a_task(rough, written, audited):
    tasks = [one for place in audited for one in audited[place] if one.outcome is RawOutcome.TASK]
    assert len(tasks) == len(audited) - len(CASES) > 0
    assert {one.task_id for one in tasks} <= {task.task_id for task in rough.records("tasks")}


def test_the_audit_adds_up(rough, written):
    result = rough.reconciled()
    assert (result.quarantined, result.dropped) == (len(CASES), 0)
    assert result.records == result.tasks + result.quarantined


def test_nothing_of_a_bad_record_is_on_any_topic_but_raw(rough, written):
    for kind in ("quarantine", "audit", "tasks", "segments", "redact-state"):
        for message in rough.messages(kind):
            headers = b"".join(message.headers.values())
            stored = (message.value or b"") + headers
            assert not re.search(CANARY.encode(), stored, re.IGNORECASE), kind


@pytest.mark.parametrize("name", ["json-broken", "headers-none", "payload-over-1-mib"])
def test_a_quarantined_record_is_kept_as_it_came_under_the_quarantine_key(name, rough, written, quarantined):
    (entry,) = quarantined[written[name]]
    (message,) = [m for m in rough.messages("raw") if m.key == name.encode()]
    with rough.administrators_vault() as vault:
        (secret,) = vault.unwrap(f"quarantine-{rough.project}", [WrappedKey(entry.wrapped_key, entry.context)])
    place = quarantine_binding(rough.project, message.topic, message.partition, message.offset)
    content = open_sealed(secret, SealedBytes(entry.sealed), place)
    headers = [part for pair in message.headers.items() for part in (pair[0].encode(), pair[1])]
    assert content == framed(message.key, message.value or b"", *headers)


def test_the_same_record_twice_is_two_records(rough, written):
    before = len(rough.records("tasks"))
    assert before > 0
    places = rough.publish({"text": "twice", "id": 7}, {"text": "twice", "id": 7})
    rough.wait_records("tasks", before + 2)
    assert len({RawReference(p.topic, p.partition, p.offset) for p in places}) == 2
    rough.reconciled()


def test_the_publisher_refuses_ten_megabytes_before_they_leave(rough):
    before = len(rough.messages("raw"))
    with pytest.raises(Refused) as refused:
        rough.publish({"text": "x" * (10 * MEBIBYTE)})
    assert refused.value.reason is Reason.TOO_LARGE
    assert len(rough.messages("raw")) == before
