"""Whether a slot's chain of events holds: a state machine without IO, events in, findings out.

The rules, in the order they are checked on each event:

1. *Sequence.* The first event is number 1 and names `GENESIS` as `previous`; each following one has the next
   number and names the SHA-256 of the leaf before.
2. *Epoch.* Epochs never go back. An epoch begins only after a signed head: what was written before it is complete.
3. *Start.* The first event of an epoch, and no other, is `process.started` with a certificate: the process key,
   signed by the key pinned for the slot's owner. The slot `redact.demo.0` belongs to `redact.demo` alone, the
   slots `person.ada.…` to the signer `ada`.
4. *Head.* The last event of each transaction is signed by the process key of its epoch. Events between heads are
   unsigned and stand under the next head, which their hashes lead to. So do earlier heads, with their signatures:
   what one process has signed last vouches for all it has written before. Of an unbroken stretch of an epoch the
   last signature is checked, and no other; that is one check an epoch instead of one a transaction.
5. *End.* Nothing may stand after the last signed head (`end`): it is *unsealed*, the trace of a transaction whose
   head someone took away. Where the log ends amid a transaction that is still being written or sealed, its events,
   which all have one time, are so recent that they are awaited (`awaited`, `recent`).

Where the beginning of a slot's partition has expired (`late`), the slot may begin anywhere: what it begins with is
taken as it is, and the signed heads of an epoch whose start is gone are counted, not checked (`unproven`).

After a finding the verifier takes the event as it is and goes on, so that one wrong byte is one or two findings
and not a thousand. What it cannot see: a log cut right after a signed head is a valid, shorter log. Only a head
kept from an earlier look (`kept`), and later a checkpoint, shows that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.audit import AuditEvent, EventType
from schemas.errors import ChainBroken
from schemas.leaf import GENESIS, check, check_certificate, digest_of_leaf, head_message, leaf
from streams.audit.findings import Finding, FindingKind
from streams.audit.recent import NOTHING, Recent
from topology.identity import PERSON, Identity

Pins = Mapping[str, bytes]
"""The public key (32 raw bytes) pinned for each signer, for example `redact.demo`."""


@dataclass(frozen=True, slots=True)
class Head:
    """An event of a slot's chain as one keeps it: its number and the digest of its leaf."""

    sequence: int
    digest: bytes


START = Head(0, GENESIS)
"""What comes before a slot's first event."""


def owner_of(slot: str) -> str:
    """The identity a slot belongs to: `redact.demo` for `redact.demo.0`; empty where the slot names none."""
    return slot.rpartition(".")[0]


def signer_of(slot: str) -> str | None:
    """Who alone may certify process keys of a slot; None where the slot's name can be nobody's."""
    owner = Identity.parse(owner_of(slot))
    if not owner.place or (owner.role == PERSON and "." in owner.place):  # no person's name holds a dot
        return None
    return owner.signer


@dataclass(frozen=True, slots=True)
class _Signed:
    """A signed head whose signature was not checked yet."""

    sequence: int
    signature: bytes
    leaf: bytes


class ChainVerifier:
    """Verifies the events of one slot, given in the order of their partition. Memory: a few hundred bytes.

    `late`: the beginning of its partition has expired.
    """

    def __init__(self, slot: str, pins: Pins, kept: Head | None = None, *, late: bool = False) -> None:
        self._slot = slot
        self._pins = pins
        self._kept = kept
        self._late = late
        self._head = START
        self._sealed = START
        self._epoch = -1
        self._key: bytes | None = None
        self._unchecked: _Signed | None = None
        self._uncertified = False
        """Whether the start of the epoch has expired."""
        self.unproven = 0
        """Signed heads that can't be checked, since the start of their epoch has expired."""
        self._newest = 0
        self._unsigned: tuple[int, int] | None = None
        """The earliest and the latest time of events after the signed head."""

    @property
    def newest(self) -> int:
        """The latest time of an event that bears a signature; 0 where none does."""
        return self._newest

    @property
    def head(self) -> Head:
        """The last event added."""
        return self._head

    @property
    def sealed(self) -> Head:
        """The last event that carries a head signature."""
        return self._sealed

    def add(self, event: AuditEvent, data: bytes | None = None) -> list[Finding]:
        """Check the slot's next event. `data`: its leaf bytes, where they are at hand."""
        data = leaf(event) if data is None else data
        findings = self._check_owner(event)
        if self._late and self._head == START and event.sequence > 1:
            findings += self._begin_late(event)
        findings += self._check_order(event)
        findings += self._check_epoch(event)
        current = Head(event.sequence, digest_of_leaf(data))
        findings += self._check_signature(event, data, current)
        findings += self._check_kept(current)
        self._head = current
        return findings

    def end(self, recent: Recent = NOTHING) -> list[Finding]:
        """No more events follow. What is `awaited` is no finding."""
        findings = self._check_last_signature()
        if not self._is_awaited(recent):
            findings += self._unsealed()
        if self._kept is not None and self._kept.sequence > self._head.sequence:
            text = f"the log ends here, but event {self._kept.sequence} has been seen: its tail was cut off"
            findings.append(self._finding(FindingKind.TRUNCATED, self._head.sequence, text))
        return findings

    def awaited(self, recent: Recent) -> list[Finding]:
        """What will be a finding unless its signed head comes."""
        return self._unsealed() if self._is_awaited(recent) else []

    def _is_awaited(self, recent: Recent) -> bool:
        if self._unsigned is None:
            return False
        first, last = self._unsigned
        return first == last and first in recent

    def _unsealed(self) -> list[Finding]:
        if self._head == self._sealed:
            return []
        text = f"events after the signed head {self._sealed.sequence} are under no signature"
        return [self._finding(FindingKind.UNSEALED, self._head.sequence, text)]

    def _check_owner(self, event: AuditEvent) -> list[Finding]:
        if event.slot == self._slot and event.process == owner_of(self._slot):
            return []
        text = f"the event does not belong to slot {self._slot} of its own role"
        return [self._finding(FindingKind.WRONG_SLOT, event.sequence, text)]

    def _begin_late(self, event: AuditEvent) -> list[Finding]:
        """What came before it has expired; it says itself what that was."""
        self._head = self._sealed = Head(event.sequence - 1, event.previous)
        if event.type is not EventType.PROCESS_STARTED:
            self._epoch, self._uncertified = event.epoch, True
        return self._check_kept(self._head)

    def _check_order(self, event: AuditEvent) -> list[Finding]:
        broken = self._check_link(event)
        return self._check_last_signature() + broken if broken else []

    def _check_link(self, event: AuditEvent) -> list[Finding]:
        expected = self._head.sequence + 1
        if event.sequence != expected:
            text = f"expected event {expected} of the slot; {_misplaced(event.sequence, expected)}"
            return [self._finding(FindingKind.SEQUENCE, event.sequence, text)]
        if event.previous != self._head.digest:
            text = f"event {event.sequence - 1} is not the one this event was chained to: it was changed"
            return [self._finding(FindingKind.PREVIOUS, event.sequence, text)]
        return []

    def _check_epoch(self, event: AuditEvent) -> list[Finding]:
        started = event.type is EventType.PROCESS_STARTED
        if event.epoch < self._epoch:
            text = f"epoch {event.epoch} after epoch {self._epoch}: written by a process that was replaced"
            return [self._finding(FindingKind.EPOCH_BACK, event.sequence, text)]
        if event.epoch == self._epoch:
            text = f"a second start in epoch {event.epoch}"
            return [self._finding(FindingKind.STARTED_AGAIN, event.sequence, text)] if started else []
        return self._begin_epoch(event)

    def _begin_epoch(self, event: AuditEvent) -> list[Finding]:
        findings = self._check_last_signature()
        if self._head != self._sealed:
            text = f"epoch {event.epoch} begins after an unsigned head: events before it are incomplete"
            findings.append(self._finding(FindingKind.UNSIGNED_HEAD, self._head.sequence, text))
        self._epoch, self._uncertified = event.epoch, False
        self._key, problem = self._certified_key(event)
        return findings + problem

    def _certified_key(self, event: AuditEvent) -> tuple[bytes | None, list[Finding]]:
        """The process key of the epoch that `event` begins, or None and why."""
        certificate = event.certificate
        if event.type is not EventType.PROCESS_STARTED or certificate is None:
            text = f"epoch {event.epoch} does not begin with a certified process key"
            return None, [self._finding(FindingKind.NOT_STARTED, event.sequence, text)]
        role_key = self._pins.get(certificate.signer)
        if certificate.signer != signer_of(self._slot) or role_key is None:
            text = "the process key is certified by a signer that is not the pinned one of this slot's owner"
            return None, [self._finding(FindingKind.UNKNOWN_SIGNER, event.sequence, text)]
        try:
            check_certificate(event, certificate, role_key)
        except ChainBroken:
            text = f"the certificate of the process key is not by the pinned key of {certificate.signer}"
            return None, [self._finding(FindingKind.CERTIFICATE, event.sequence, text)]
        return certificate.public_key, []

    def _check_signature(self, event: AuditEvent, data: bytes, current: Head) -> list[Finding]:
        if event.head_signature is None:
            first, last = self._unsigned or (event.time, event.time)
            self._unsigned = min(first, event.time), max(last, event.time)
            return []
        self._unsigned = None
        self._newest = max(self._newest, event.time)
        self._sealed = current  # whatever the signature is worth: its own finding says it, `end` need not
        if self._uncertified:
            self.unproven += 1
            return []
        if self._key is None:
            text = "a signed head in an epoch without a certified process key"
            return [self._finding(FindingKind.HEAD_SIGNATURE, event.sequence, text)]
        self._unchecked = _Signed(event.sequence, event.head_signature, data)
        return []

    def _check_last_signature(self) -> list[Finding]:
        """Check the latest signed head since the last break of the chain, which vouches for those before it."""
        head, self._unchecked = self._unchecked, None
        if head is None or self._key is None:
            return []
        try:
            message = head_message(head.leaf, head.signature)
            check(self._key, head.signature, message, f"head signature of {self._slot}/{head.sequence}")
        except ChainBroken:
            text = "the head signature does not hold: the event was changed or is not by this process"
            return [self._finding(FindingKind.HEAD_SIGNATURE, head.sequence, text)]
        return []

    def _check_kept(self, current: Head) -> list[Finding]:
        kept = self._kept
        if kept is None or kept.sequence != current.sequence or kept.digest == current.digest:
            return []
        text = "another event was seen in this place before: the log was rewritten"
        return [self._finding(FindingKind.REWRITTEN, current.sequence, text)]

    def _finding(self, kind: FindingKind, sequence: int, text: str) -> Finding:
        return Finding(kind, f"{self._slot}/{sequence}", text)


def _misplaced(found: int, expected: int) -> str:
    if found > expected:
        return f"{found - expected} missing before this one"
    return "this one is repeated or out of order"


class Chains:
    """The verifiers of all slots of a log. `kept`: heads from an earlier look, by slot."""

    def __init__(self, pins: Pins, kept: Mapping[str, Head] | None = None) -> None:
        self._pins = pins
        self._kept = dict(kept or {})
        self._slots: dict[str, ChainVerifier] = {}

    def add(self, event: AuditEvent, data: bytes | None = None, *, late: bool = False) -> list[Finding]:
        """Check the next event, whichever slot's it is. `data`: its leaf bytes, where they are at hand; `late`:
        whether the beginning of its partition has expired.
        """
        if event.slot not in self._slots:
            kept = self._kept.get(event.slot)
            self._slots[event.slot] = ChainVerifier(event.slot, self._pins, kept, late=late)
        return self._slots[event.slot].add(event, data)

    @property
    def newest(self) -> int:
        """The latest time of an event that bears a signature; 0 where none does."""
        return max((chain.newest for chain in self._slots.values()), default=0)

    def awaited(self, recent: Recent) -> list[Finding]:
        """What will be a finding unless its signed head comes."""
        return [finding for _, chain in sorted(self._slots.items()) for finding in chain.awaited(recent)]

    def end(self, recent: Recent = NOTHING) -> list[Finding]:
        """No more events follow. What is `awaited` is no finding."""
        findings = [finding for _, chain in sorted(self._slots.items()) for finding in chain.end(recent)]
        missing = sorted(self._kept.keys() - self._slots.keys())
        text = "the log has no event of this slot, but some have been seen"
        return findings + [Finding(FindingKind.TRUNCATED, slot, text) for slot in missing]

    def unproven(self) -> dict[str, int]:
        """By slot, how many signed heads can't be checked, since the start of their epoch has expired."""
        return {slot: chain.unproven for slot, chain in sorted(self._slots.items()) if chain.unproven}

    def heads(self) -> dict[str, Head]:
        """The last event of each slot: keep it, and a cut of the log shows."""
        return {slot: chain.head for slot, chain in sorted(self._slots.items())}


def verify_chains(
    events: Iterable[AuditEvent], pins: Pins, kept: Mapping[str, Head] | None = None
) -> list[Finding]:
    """All findings about the chains of a log whose slots are each in order."""
    chains = Chains(pins, kept)
    findings = [finding for event in events for finding in chains.add(event)]
    return findings + chains.end()
