"""Cookies of our pages (RFC 6265bis): names, what is taken from a request, what is set.

Over TLS the names carry `__Host-`, so that no other host and no plain-HTTP page can set them. Browsers refuse that
prefix without `Secure`, which plain HTTP on localhost can't have: there the names are bare.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from streams.web.sessions import SECRET_BYTES

MAX_HEADER_CHARS = 8_192
"""Of all `Cookie` headers together. On localhost cookies of every other program come along."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
"""32 bytes in base64url without padding (RFC 4648 §5)."""


class CookieRefused(Exception):
    """The cookies are too many, or ours comes twice: then one of them is somebody else's."""


@dataclass(frozen=True, slots=True)
class Cookies:
    """The two cookies: the session's, and the one that ties a sign-in under way to the browser that began it."""

    secure: bool
    name: str

    @property
    def session(self) -> str:
        """The session's name."""
        return f"__Host-{self.name}" if self.secure else self.name

    @property
    def signin(self) -> str:
        """The name of the one that a sign-in under way has."""
        return f"{self.session}-signin"

    def set_session(self, value: str) -> str:
        """`Set-Cookie` of a new session: it ends with the browser; the server ends it earlier."""
        return self._made(self.session, value, "Strict")

    def set_signin(self, value: str, life_s: int) -> str:
        """`Set-Cookie` of a sign-in under way. Lax: the provider sends the browser back from another site."""
        return self._made(self.signin, value, f"Lax; Max-Age={life_s}")

    def forget(self, name: str) -> str:
        """`Set-Cookie` that removes one."""
        return self._made(name, "", "Strict; Max-Age=0")

    def _made(self, name: str, value: str, more: str) -> str:
        secure = "; Secure" if self.secure else ""
        return f"{name}={value}; Path=/; HttpOnly{secure}; SameSite={more}"


def read(headers: Iterable[str], name: str) -> str | None:
    """The value of the cookie `name` in the `Cookie` headers, or None. Raises CookieRefused."""
    lines = list(headers)
    if sum(map(len, lines)) > MAX_HEADER_CHARS:
        raise CookieRefused
    pairs = (pair.strip().partition("=") for line in lines for pair in line.split(";"))
    found = [value for key, equals, value in pairs if equals and key == name]
    if len(found) > 1:
        raise CookieRefused
    return found[0] if found else None


def as_text(secret: bytes) -> str:
    """A secret as a cookie's value."""
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def as_secret(value: str) -> bytes | None:
    """The secret that `as_text` wrote, or None for anything else."""
    if _SECRET.fullmatch(value) is None:
        return None
    try:
        secret = base64.urlsafe_b64decode(value + "=")
    except binascii.Error:
        return None
    return secret if len(secret) == SECRET_BYTES and as_text(secret) == value else None
