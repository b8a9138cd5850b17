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
from schemas.control import ControlKind, control_message
from schemas.records import ControlState
from schemas.resources import control_resource, policy_resource, project_resource

KINDS = {"policy": ControlKind.POLICY, "job": ControlKind.JOB}
"""What can be signed here, and its prefix on `control`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What one person is to sign. `name`: by which people know it; `version`: of the record, in milliseconds."""

    person: str
    project: str
    kind: str
    hash: str
    name: str
    body: bytes
    version: int

    @property
    def key(self) -> str:
        """Of the record on `control`."""
        return f"{KINDS[self.kind].value}/{self.project}/{self.hash}/{self.person}"

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
                "kind": KINDS[self.kind].value,
                "digest": hashlib.sha256(self.body).hexdigest(),
            }
        )

    def signed(self, signature: bytes, pinned: bytes | None) -> ControlState | None:
        """The record for `control`; None where the signature is not this person's over exactly this."""
        message = control_message(self.key, self.version, KINDS[self.kind].value, self.body)
        try:
            Ed25519PublicKey.from_public_bytes(pinned or b"").verify(signature, message)
        except (InvalidSignature, ValueError):
            return None
        kind = KINDS[self.kind].value
        return ControlState(self.key, self.version, kind, self.body, self.person, signature, self.version)

    def event(self) -> Event:
        """What goes on the audit with it, as `veil policy sign` and `veil job publish` say it."""
        parents = (control_resource(self.key),)
        if self.kind == "policy":
            return Event(
                EventType.POLICY_PUBLISHED,
                policy_resource(self.hash),
                person=self.person,
                parents=parents,
                details={"policy": self.name},
            )
        return Event(
            EventType.JOB_SIGNED,
            project_resource(self.project),
            person=self.person,
            parents=parents,
            details={"version": self.name.rpartition(" ")[2], "job": self.hash},
        )


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
