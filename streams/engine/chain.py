"""The producing side of a slot's audit chain: numbers, links, signs (see `schemas.audit`).

A chain lives for one epoch of a slot. Its key is made in memory at the start and dies with the process; the
role's key in Vault certifies it once, so signing a transaction's head costs microseconds, not a call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import cloudevents, leaf
from schemas.audit import AuditEvent, Certificate, Event, EventType
from schemas.codec import Codec, body
from schemas.resources import slot_resource
from schemas.states import SlotState
from streams.engine.messages import Outgoing
from streams.engine.processor import Slot

Certify = Callable[[bytes], bytes]
"""Signs a message with the role's key in Vault; raises VaultUnavailable, AccessDenied."""


@dataclass(frozen=True, slots=True)
class Linked:
    """An event in its chain, and its Avro body: encoded once, hashed and sent."""

    event: AuditEvent
    body: bytes


class Chain:
    """One epoch of a slot's chain. Not thread-safe."""

    def __init__(self, slot: Slot, last: SlotState | None, role: str, certify: Certify) -> None:
        self._slot = slot
        self._sequence = last.sequence if last else 0
        self._head = last.head if last else leaf.GENESIS
        self._key = Ed25519PrivateKey.generate()
        public = self._key.public_key().public_bytes_raw()
        signature = certify(leaf.certificate_message(slot.name, slot.epoch, public))
        self._certificate = Certificate(role, public, signature)

    def started(self, details: dict[str, str]) -> Event:
        """The first event of the epoch: it certifies the key that signs those after it."""
        resource = slot_resource(self._slot.name)
        return Event(EventType.PROCESS_STARTED, resource, certificate=self._certificate, details=details)

    def extend(self, events: Sequence[Event], now: int) -> list[Linked]:
        """The events of one transaction, linked to the chain; the last one carries the head's signature."""
        linked = []
        for position, event in enumerate(events, start=1):
            full = self._link(event, now)
            encoded = body(full)
            if position == len(events):
                signature = self._key.sign(leaf.HEAD + leaf.digest_of_body(encoded))
                full = replace(full, head_signature=signature)
                encoded = body(full)
            self._sequence, self._head = full.sequence, leaf.digest_of_body(encoded)
            linked.append(Linked(full, encoded))
        return linked

    def state(self, *, positioned: bool) -> SlotState:
        """The chain's place, to be kept in the slot's changelog in the same transaction."""
        return SlotState(self._slot.name, self._slot.epoch, self._sequence, self._head, positioned)

    def _link(self, event: Event, now: int) -> AuditEvent:
        return AuditEvent(
            slot=self._slot.name,
            epoch=self._slot.epoch,
            sequence=self._sequence + 1,
            previous=self._head,
            process=self._slot.process,
            time=now,
            type=event.type,
            resource=event.resource,
            outcome=event.outcome,
            decision=event.decision,
            person=event.person,
            purpose=event.purpose,
            reason=event.reason,
            bundle=event.bundle,
            parents=event.parents,
            batch=event.batch,
            certificate=event.certificate,
            details=event.details,
        )


def audit_records(linked: Sequence[Linked], topic: str, slot: str, codec: Codec) -> list[Outgoing]:
    """The events as records of an audit topic: keyed by slot, so that a chain lies in one partition."""
    return [
        Outgoing(topic, slot.encode(), codec.frame(AuditEvent.__name__, one.body), cloudevents.headers(one.event))
        for one in linked
    ]
