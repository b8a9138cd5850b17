"""Each record is one entry, whatever it holds."""

from __future__ import annotations

import hashlib
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from schemas import leaf
from schemas.codec import Codec, FixedIds, body
from streams.audit.entries import MAX_ENTRY, Entry, entry_of, entry_of_leaf, is_foreign, large_digest, origin
from tests.streams.audit.generate import World

PREFIXES = {7: b"prefix-of-7"}


def test_the_entry_of_an_event_is_its_leaf() -> None:
    world = World(Random(1))
    world.redact("redact.demo.0", 0, 5)
    for event in world.events():
        framed = Codec(FixedIds()).frame("AuditEvent", body(event))
        prefixes = {int.from_bytes(framed[1:5], "big"): leaf.prefix()}
        assert entry_of(framed, prefixes) == Entry(leaf.leaf(event))


@given(st.one_of(st.none(), st.binary(max_size=20), st.just(b"\x00\x00\x00\x00\x08event")))
def test_what_is_no_event_is_a_digest(value: bytes | None) -> None:
    entry = entry_of(value, PREFIXES)
    assert is_foreign(entry.data)
    assert hashlib.sha256(value or b"").hexdigest().encode() in entry.data
    assert entry.large is None
    assert large_digest(entry.data) is None


@given(st.integers(MAX_ENTRY - 20, MAX_ENTRY + 20))
def test_what_does_not_fit_is_a_digest_with_the_leaf_beside_it(length: int) -> None:
    data = b"prefix-of-7" + bytes(length - len(b"prefix-of-7"))
    entry = entry_of(b"\x00\x00\x00\x00\x07" + data.removeprefix(b"prefix-of-7"), PREFIXES)
    assert entry == entry_of_leaf(data)
    if length <= MAX_ENTRY:
        assert entry == Entry(data)
        assert large_digest(entry.data) is None
    else:
        assert (entry.large, large_digest(entry.data)) == (data, hashlib.sha256(data).digest())
        assert large_digest(entry.data + b"0x") is None or large_digest(entry.data + b"0") is not None
        assert large_digest(entry.data.replace(b"/v1\n", b"/v1\nzz")) is None


def test_an_origin_names_one_partition_of_one_installation() -> None:
    assert origin("audit.example.org", "audit.demo", 3) == "audit.example.org/audit.demo/3"
