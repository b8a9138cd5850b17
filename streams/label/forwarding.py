"""How the owner knows who is behind a call that another process of label passes on: the address, signed.

Sign-ins are counted by address, so nobody else may say one. Each process makes a key at its start, which the
role's key in Vault certifies once, as with audit chains; the owner checks both signatures. A line is good for one
owner and a minute, and no browser ever sees it. What does not hold is as if it were not there: the call comes from
whoever sent it.
"""

from __future__ import annotations

import base64
import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

K = TypeVar("K")
V = TypeVar("V")
HEADER = "x-veil-forwarded"
GOOD_MS = 60_000
"""A line is made anew after a quarter of it; clocks may differ by the rest."""
MAX_CHARS = 600
"""Two signatures, a key, an address and a time are under 400."""
KEPT = 1_024
"""Lines remembered: addresses that call within a minute."""
_PARTS = 5


class Forwarder:
    """Writes the line. Certify once, then use it from any one thread."""

    def __init__(self, project: str, certify: Callable[[bytes], bytes]) -> None:
        self._project = project
        self._certify = certify
        self._key = Ed25519PrivateKey.generate()
        self._public = self._key.public_key().public_bytes_raw()
        self._certificate = b""
        self._made: OrderedDict[tuple[str, str], tuple[int, str]] = OrderedDict()

    def certify(self) -> None:
        """Have the key certified, once. Raises VaultUnavailable, AccessDenied."""
        self._certificate = self._certificate or self._certify(_certificate_message(self._project, self._public))

    def line(self, address: str, instance: str, now: int) -> str:
        """What the call of a client at `address` carries to the owner `instance`."""
        made_at, line = self._made.get((address, instance), (0, ""))
        if abs(now - made_at) > GOOD_MS // 4:  # a clock may be set back, too
            signature = self._key.sign(_message(address, instance, now))
            line = ".".join(
                (_text(address.encode()), str(now), *map(_text, (self._public, self._certificate, signature)))
            )
            self._made[address, instance] = (now, line)
            _bound(self._made)
        return line


class ForwardedBy:
    """Reads the line. One thread."""

    def __init__(self, project: str, instance: str, role_key: bytes | None) -> None:
        self._project = project
        self._instance = instance
        self._role_key = role_key
        self._held: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def address(self, line: str, now: int) -> str | None:
        """The client's address, or None where the line does not hold."""
        if line not in self._held:
            found = self._checked(line)
            if found is None:
                return None
            self._held[line] = found
            _bound(self._held)
        address, made_at = self._held[line]
        return address if abs(now - made_at) <= GOOD_MS else None

    def _checked(self, line: str) -> tuple[str, int] | None:
        parts = line.split(".")
        if self._role_key is None or len(line) > MAX_CHARS or len(parts) != _PARTS or not parts[1].isdecimal():
            return None
        try:
            address, public, certificate, signature = (_bytes(parts[at]) for at in (0, 2, 3, 4))
            said, made_at = address.decode(), int(parts[1])
            ipaddress.ip_address(said)  # as it was signed: that of IPv4 in IPv6 is written in two ways
            role = Ed25519PublicKey.from_public_bytes(self._role_key)
            role.verify(certificate, _certificate_message(self._project, public))
            message = _message(said, self._instance, made_at)
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (ValueError, InvalidSignature):
            return None
        return said, made_at


def _certificate_message(project: str, public: bytes) -> bytes:
    return f"veilstream/label-forwarder/v1\n{project}\n{public.hex()}\n".encode()


def _message(address: str, instance: str, made_at: int) -> bytes:
    return f"veilstream/label-forwarded/v1\n{instance}\n{made_at}\n{address}\n".encode()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _bound(kept: OrderedDict[K, V]) -> None:
    while len(kept) > KEPT:
        kept.popitem(last=False)
