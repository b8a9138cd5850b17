from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastavro.schema import to_parsing_canonical_form
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import catalog, leaf
from schemas.audit import (
    AuditEvent,
    BatchCoverage,
    Certificate,
    Decision,
    EventType,
    OffsetOutcome,
    RawOutcome,
)
from schemas.errors import ChainBroken
from tests.schemas.making import records_of

EVENT = AuditEvent(
    slot="redact.demo.0",
    epoch=2,
    sequence=7,
    previous=bytes(range(32)),
    process="redact.demo",
    time=1_700_000_000_123,
    type=EventType.BATCH_REDACTED,
    resource="batch/raw.demo/1/40/42",
    outcome="success",
    decision=Decision.ALLOW,
    person="ana",
    purpose="annotation",
    reason="policy_drop",
    bundle="b1",
    parents=("task/a", "label/b"),
    batch=BatchCoverage(
        "raw.demo",
        1,
        40,
        42,
        (
            OffsetOutcome(40, RawOutcome.TASK, task_id="t1"),
            OffsetOutcome(41, RawOutcome.DROPPED, reason="policy_drop", revision=2),
        ),
    ),
    certificate=Certificate("redact.demo", b"\x01" * 32, b"\x02" * 64),
    details={"overlap": "3"},
    head_signature=b"\x03" * 64,
)
# Fixed for good: another leaf for an old event would break every chain and tree that exists. The AuditEvent
# schema can therefore not change at all; what is new goes into `details`, or into a second schema beside it.
PREFIX = "c3015f877837447a184f"
BODY = (
    "1a7265646163742e64656d6f2e30040e40000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "167265646163742e64656d6ff6a1abfef9621c62617463682e72656461637465642c62617463682f7261772e64656d6f2f"
    "312f34302f34320e737563636573730a616c6c6f7706616e6114616e6e6f746174696f6e16706f6c6963795f64726f7004"
    "6231040c7461736b2f610e6c6162656c2f620002107261772e64656d6f0250540450087461736b0474310002520e64726f"
    "707065640016706f6c6963795f64726f70040002167265646163742e64656d6f40"
    + "01" * 32
    + "8001"
    + "02" * 64
    + "020e6f7665726c61700233000280"
    + "01"
    + "03" * 64
)
DIGEST = "97318504944a38888f33542aa6241edf0a1904253f99ec427f087352c58ca3ca"


def crc_64_avro(data: bytes) -> int:
    """Avro 1.12 specification, "Schema Fingerprints", bit by bit."""
    empty = fingerprint = 0xC15D213AA4D7A795
    for byte in data:
        fingerprint ^= byte
        for _ in range(8):
            fingerprint = (fingerprint >> 1) ^ (empty if fingerprint & 1 else 0)
    return fingerprint


def key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def public(seed: int) -> bytes:
    return key(seed).public_key().public_bytes_raw()


def head_message(event: AuditEvent) -> bytes:
    """What a head signature covers, by its definition."""
    unsigned = leaf.leaf(replace(event, head_signature=None))
    return b"veilstream/chain-head/v1\n" + hashlib.sha256(unsigned).digest()


def check_head(event: AuditEvent, public_key: bytes) -> None:
    signature = event.head_signature or b""
    leaf.check(public_key, signature, leaf.head_message(leaf.leaf(event), signature), event.event_id)


def test_leaf_bytes_of_a_full_event_are_the_fixed_ones():
    assert leaf.leaf(EVENT).hex() == PREFIX + BODY
    assert leaf.digest(EVENT).hex() == DIGEST


def test_digest_is_the_sha_256_of_the_leaf():
    assert hashlib.sha256(bytes.fromhex(PREFIX + BODY)).hexdigest() == DIGEST


def test_prefix_is_the_marker_and_the_little_endian_fingerprint_of_the_specification():
    canonical = to_parsing_canonical_form(catalog.parsed("AuditEvent")).encode()
    assert leaf.prefix() == b"\xc3\x01" + crc_64_avro(canonical).to_bytes(8, "little")


def test_signed_messages_are_the_fixed_ones():
    assert head_message(EVENT) == leaf.head_message(leaf.leaf(EVENT), EVENT.head_signature)
    assert leaf.certificate_message("redact.demo.0", 2, b"\x01" * 32) == (
        b"veilstream/process-key/v1\nredact.demo.0\n2\n" + b"01" * 32 + b"\n"
    )


@settings(deadline=None)
@given(records_of("AuditEvent"))
def test_event_comes_back_from_its_leaf(event):
    assert leaf.event_of(leaf.leaf(event)) == event
    assert leaf.leaf(leaf.event_of(leaf.leaf(event))) == leaf.leaf(event)


@settings(deadline=None)
@given(records_of("AuditEvent"), st.binary(min_size=64, max_size=64))
def test_signed_message_comes_from_the_leaf_bytes_as_well(event, signature):
    signed = replace(event, head_signature=signature)
    assert leaf.head_message(leaf.leaf(signed), signature) == head_message(signed)


@settings(deadline=None)
@given(records_of("AuditEvent"), st.data())
def test_leaf_cut_anywhere_is_no_event(event, data):
    whole = leaf.leaf(event)
    with pytest.raises(ChainBroken):
        leaf.event_of(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.binary(max_size=100))
def test_foreign_bytes_are_an_event_or_a_broken_chain_and_nothing_else(foreign):
    with pytest.raises(ChainBroken):
        leaf.event_of(foreign)
    try:
        leaf.event_of(leaf.prefix() + foreign)
    except ChainBroken:
        return


def test_head_signature_by_the_process_key_holds():
    signed = replace(EVENT, head_signature=key(1).sign(head_message(EVENT)))
    check_head(signed, public(1))


@pytest.mark.parametrize("change", [{"reason": "x"}, {"sequence": 8}, {"head_signature": None}])
def test_head_signature_of_a_changed_event_does_not_hold(change):
    signed = replace(EVENT, head_signature=key(1).sign(head_message(EVENT)))
    with pytest.raises(ChainBroken, match=r"redact\.demo\.0"):
        check_head(replace(signed, **change), public(1))


def test_head_signature_by_another_key_does_not_hold():
    signed = replace(EVENT, head_signature=key(2).sign(head_message(EVENT)))
    with pytest.raises(ChainBroken):
        check_head(signed, public(1))


def test_certificate_holds_for_its_slot_and_epoch_only():
    message = leaf.certificate_message(EVENT.slot, EVENT.epoch, public(1))
    certificate = Certificate("redact.demo", public(1), key(9).sign(message))
    leaf.check_certificate(EVENT, certificate, public(9))
    for other in (replace(EVENT, epoch=3), replace(EVENT, slot="redact.demo.1")):
        with pytest.raises(ChainBroken):
            leaf.check_certificate(other, certificate, public(9))
    with pytest.raises(ChainBroken):
        leaf.check_certificate(EVENT, replace(certificate, public_key=public(2)), public(9))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_public_key_of_another_length_is_a_broken_chain(length):
    with pytest.raises(ChainBroken):
        leaf.check(b"\x01" * length, b"\x02" * 64, b"", "signature")


def test_other_bytes_for_the_same_event_are_not_its_leaf() -> None:
    data = leaf.leaf(EVENT)
    assert leaf.event_of(data) == EVENT
    for other in (data + b"\0", data.replace(b"redact.demo.0", b"redact.demo.0", 1) + b"more"):
        with pytest.raises(ChainBroken):
            leaf.event_of(other)
