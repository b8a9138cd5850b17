from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.backup.framing import KeptSchemas, Reframed, schema_id
from schemas import catalog
from schemas.codec import Codec, FixedIds
from schemas.errors import Undecodable
from schemas.records import SlotEpoch

OLD = Codec(FixedIds())
EPOCH = SlotEpoch("redact.demo.0", 3)
TEXTS = {number: catalog.text(name) for number, name in enumerate(catalog.NAMES, 1)}


class Registry:
    """Gives other ids than the old one did, and counts how often it is asked."""

    def __init__(self) -> None:
        self.subjects = []

    def register(self, subject_name, schema):
        self.subjects.append(subject_name)
        return 1000 + len(self.subjects)


def test_record_is_the_same_behind_the_id_that_its_schema_has_now():
    registry = Registry()
    framed = Reframed(TEXTS.get, registry)
    old = OLD.encode(EPOCH)
    new = framed.value(old)
    assert schema_id(new) == 1001
    assert new[5:] == old[5:]
    assert framed.value(old) == new
    assert registry.subjects == ["io.veilstream.SlotEpoch"]


@given(st.none() | st.binary(max_size=12).filter(lambda data: schema_id(data) not in TEXTS))
def test_what_is_framed_by_no_schema_that_was_known_stays_as_it_is(value):
    registry = Registry()
    assert Reframed(TEXTS.get, registry).value(value) == value
    assert registry.subjects == []


def test_schema_of_somebody_elses_is_not_registered():
    registry = Registry()
    text = '{"type": "record", "name": "Other", "fields": []}'
    value = b"\x00\x00\x00\x00\x01x"
    assert Reframed({1: text}.get, registry).value(value) == value
    assert registry.subjects == []


def test_records_are_read_by_the_schemas_that_were_kept():
    codec = Codec(KeptSchemas(TEXTS.get))
    assert codec.decode(OLD.encode(EPOCH), SlotEpoch) == EPOCH
    with pytest.raises(Undecodable, match="not in the backup"):
        Codec(KeptSchemas({}.get)).decode(OLD.encode(EPOCH), SlotEpoch)
    with pytest.raises(Undecodable, match="nothing is written"):
        codec.encode(EPOCH)
