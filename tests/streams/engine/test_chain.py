from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import leaf
from schemas.audit import AuditEvent, Event, EventType
from schemas.codec import Codec, FixedIds
from schemas.errors import ChainBroken
from streams.engine.chain import Chain, audit_records
from streams.engine.processor import Slot
from tests.schemas.test_leaf import check_head

ROLE_KEY = Ed25519PrivateKey.generate()
SLOT = Slot("redact.demo.0", 3, "redact.demo", "demo")


def chain_of(last: object = None) -> Chain:
    return Chain(SLOT, last, "redact.demo", ROLE_KEY.sign)  # type: ignore[arg-type]


def happened(number: int) -> Event:
    return Event(EventType.LEASE_EXPIRED, f"lease/{number}")


def test_events_are_numbered_and_linked_from_genesis() -> None:
    linked = [one.event for one in chain_of().extend([happened(1), happened(2)], 5)]
    assert [event.sequence for event in linked] == [1, 2]
    assert linked[0].previous == leaf.GENESIS
    assert linked[1].previous == leaf.digest(linked[0])


def test_only_the_last_event_of_a_transaction_is_signed_and_the_process_key_certifies_it() -> None:
    chain = chain_of()
    started = chain.started({})
    certificate = started.certificate
    assert certificate is not None
    first, last = (one.event for one in chain.extend([started, happened(1)], 5))
    assert first.head_signature is None
    check_head(last, certificate.public_key)
    leaf.check_certificate(first, certificate, ROLE_KEY.public_key().public_bytes_raw())
    with pytest.raises(ChainBroken):
        check_head(first, certificate.public_key)


def test_the_body_sent_is_the_body_hashed() -> None:
    codec = Codec(FixedIds())
    linked = chain_of().extend([happened(1), happened(2)], 5)
    records = audit_records(linked, "audit.demo", SLOT.name, codec)
    decoded = [codec.decode(record.value, AuditEvent) for record in records]
    assert decoded == [one.event for one in linked]
    assert [leaf.digest_of_body(one.body) for one in linked] == [leaf.digest(event) for event in decoded]
    assert {record.key for record in records} == {b"redact.demo.0"}


def test_a_restarted_slot_goes_on_where_its_state_says() -> None:
    chain = chain_of()
    (before,) = chain.extend([happened(1)], 5)
    (after,) = chain_of(chain.state(positioned=True)).extend([happened(2)], 6)
    assert after.event.sequence == 2
    assert after.event.previous == leaf.digest(before.event)


def test_another_slot_or_epoch_does_not_pass_as_certified() -> None:
    chain = chain_of()
    (started,) = (one.event for one in chain.extend([chain.started({})], 5))
    certificate = started.certificate
    assert certificate is not None
    other = AuditEvent(**{name: getattr(started, name) for name in AuditEvent.__dataclass_fields__} | {"epoch": 4})
    with pytest.raises(ChainBroken, match="certificate"):
        leaf.check_certificate(other, certificate, ROLE_KEY.public_key().public_bytes_raw())
