"""Signatures that persons give by way of the console: asked for, given elsewhere, checked and carried here. Pure.

The console signs nothing. It names what is to be signed; the person signs it at the identity provider's door, with
their own login and a second factor of that moment; what comes back is a signature, which counts only where the
pinned key of that person bears it out over exactly what was asked for.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schemas.audit import Event, EventType
from schemas.control import ControlKind, control_message, read_lift
from schemas.quarantine_release import QuarantineRelease, read_release
from schemas.records import ControlState, RawReference
from schemas.resources import control_resource, policy_resource, project_resource, raw_resource

KINDS = frozenset(it.value for it in (ControlKind.POLICY, ControlKind.JOB, ControlKind.LIFT, ControlKind.RELEASE))
"""What can be signed here: kinds of records on `control`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What one person is to sign. `target`: the hash of a policy or job, whose freezes are over, or a quarantined
    record; `name`: by which people know it; `version`: of the record, in milliseconds.
    """

    person: str
    project: str
    kind: str
    target: str
    name: str
    body: bytes
    version: int

    @property
    def key(self) -> str:
        """Of the record on `control`."""
        return f"{self.kind}/{self.project}/{self.target}/{self.person}"

    def at_least(self, version: int) -> Wish:
        """The same, with a version that readers of `control` take: theirs must rise."""
        return replace(self, version=max(self.version, version))

    def query(self, request: str, client_id: str) -> str:
        """What the door is told: all that is signed, and where to go back to."""
        return urlencode(
            {
                "client_id": client_id,
                "request": request,
                "key": self.key,
                "version": str(self.version),
                "kind": self.kind,
                "digest": hashlib.sha256(self.body).hexdigest(),
                **self._said(),
            }
        )

    def signed(self, signature: bytes, pinned: bytes | None) -> ControlState | None:
        """The record for `control`; None where the signature is not this person's over exactly this."""
        message = control_message(self.key, self.version, self.kind, self.body)
        try:
            Ed25519PublicKey.from_public_bytes(pinned or b"").verify(signature, message)
        except (InvalidSignature, ValueError):
            return None
        return ControlState(self.key, self.version, self.kind, self.body, self.person, signature, self.version)

    def event(self) -> Event:
        """What goes on the audit with it: of a policy or job as `veil policy sign` and `veil job publish` say it.
        That freezes are over, or that a record leaves quarantine, is a person's own to say, so the console says
        that it has carried that.
        """
        record, person = control_resource(self.key), self.person
        match self.kind:
            case ControlKind.POLICY.value:
                about, details = policy_resource(self.target), {"policy": self.name}
                return Event(EventType.POLICY_PUBLISHED, about, person=person, parents=(record,), details=details)
            case ControlKind.LIFT.value:
                details = {"of": self.target, "version": self._said()["up_to"]}
                return Event(EventType.LIFT_CARRIED, record, person=person, details=details)
            case ControlKind.RELEASE.value:
                return self._release_carried()
            case _:
                about = project_resource(self.project)
                details = {"version": self.name.rpartition(" ")[2], "job": self.target}
                return Event(EventType.JOB_SIGNED, about, person=person, parents=(record,), details=details)

    def _release_carried(self) -> Event:
        order = self._release()
        raw = RawReference(f"raw.{self.project}", order.partition, order.offset, order.revision)
        return Event(
            EventType.RELEASE_CARRIED,
            raw_resource(raw),
            person=self.person,
            reason=order.reason.value,
            parents=(control_resource(self.key),),
            details={"version": str(order.policy)},
        )

    def _release(self) -> QuarantineRelease:
        order = read_release(self.target, self.body)
        assert order is not None, "made by `signatures.to_sign`"
        return order

    def _said(self) -> dict[str, str]:
        """What the body says, where target and digest alone don't tell it: the door makes the digest of this."""
        if self.kind == ControlKind.LIFT:
            return {"up_to": str(read_lift(self.body) or 0)}
        if self.kind == ControlKind.RELEASE:
            order = self._release()
            return {"policy": str(order.policy), "reason": order.reason.value}
        return {}


class Wishes:
    """Those under way, each taken once, in time. Not thread-safe."""

    def __init__(self, kept: int, life_ms: int) -> None:
        self._kept = kept
        self._life_ms = life_ms
        self._found: OrderedDict[str, Wish] = OrderedDict()

    def add(self, request: str, wish: Wish) -> None:
        """Under a name that nobody can guess. Too many: the oldest is forgotten."""
        self._found[request] = wish
        if len(self._found) > self._kept:
            self._found.popitem(last=False)

    def take(self, request: str, now: int) -> Wish | None:
        """What was asked for; None where it was taken, is over, or never was."""
        wish = self._found.pop(request, None)
        return wish if wish is not None and now - wish.version < self._life_ms else None
